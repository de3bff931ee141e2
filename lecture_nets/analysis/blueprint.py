"""The data of the architecture explorer: what a page must know to draw a network at any size.

`lecture-nets explorer FOLDER` writes it as a script that a page can load without a server. It holds
what a layer *is*; the page computes what follows from the size of the image: shapes, MACs,
receptive fields, paths. Where something differs with the width, there is a list, one number for
each of `WIDTHS`.
"""

import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from torch import nn

from lecture_nets.analysis.cost import count_parameters, count_row
from lecture_nets.analysis.factorization import as_shape
from lecture_nets.analysis.outline import NORMS
from lecture_nets.nets import NETS, Network
from lecture_nets.nets.fisher import Codebook
from lecture_nets.nets.layers import GridPool
from lecture_nets.nets.shallow_svm import PatchDescriptors, PixelStatistics
from lecture_nets.nets.tree import Concat, fold

WIDTHS = (2.0, 1.0, 0.75, 0.5, 0.25, 0.125)
# What the page offers beside each network's defaults.
VARIANTS: dict[str, list[dict[str, Any]]] = {
    "shallow_svm": [{"encoding": "histogram"}],
    "alexnet": [{"variant": "2014"}],
    "vgg19": [{"batch_norm": True}],
    "googlenet": [{"batch_norm": True}, {"variant": "torchvision"}],
    "inception_v2": [
        {"stem": "7x7"},
        {"num_factorized": 4},
        {"stem": "7x7", "num_factorized": 4},
        {"resolution": 151},
        {"resolution": 79},
    ],
    "inception_v3": [{"aux_batch_norm": False}, {"resolution": 151}, {"resolution": 79}],
}
Plan = dict[str, Any]
Same = Sequence[Any]  # one layer, once for each of `WIDTHS`


def blueprints() -> Plan:
    """All networks, with their variants, as JSON can hold it."""
    networks = {name: network_plan(name, VARIANTS.get(name, [])) for name in NETS}
    return {"widths": WIDTHS, "networks": networks}


def network_plan(name: str, variants: list[dict[str, Any]]) -> Plan:
    known = inspect.signature(NETS[name]).parameters
    varied = dict.fromkeys(chain.from_iterable(variants))
    return {
        "title": NETS[name].__name__,
        "defaults": {option: written(known[option].default) for option in varied},
        "variants": [variant_plan(name, options) for options in ({}, *variants)],
    }


def written(value: object) -> str:
    """An option's value as the shell takes it."""
    return str(value).lower()


def variant_plan(name: str, options: Mapping[str, Any]) -> Plan:
    """The rows of one network, each with its layers."""
    with torch.device("meta"):
        nets = [NETS[name](width=width, **options).eval() for width in WIDTHS]
    net = nets[0]
    return {
        "options": {option: written(value) for option, value in options.items()},
        "min_size": net.min_size,
        "paper_size": net.paper_size,
        "in_channels": net.in_channels,
        "trunk": trunk_plan(nets),
        "aux_heads": {
            row: layer_plan([net.aux_heads[row] for net in nets]) for row in net.aux_heads
        },
        "head": layer_plan([net.head for net in nets]),
    }


def trunk_plan(nets: Sequence[Network]) -> dict[str, Plan]:
    return {
        row: function_plan(nets, place)
        if isinstance(layer, PixelStatistics | PatchDescriptors | Codebook)
        else layer_plan([net.trunk[place] for net in nets])
        for place, (row, layer) in enumerate(nets[0].trunk.named_children())
    }


def function_plan(nets: Sequence[Network], place: int) -> Plan:
    """The fixed functions of `ShallowSVM`, which keep their sizes to themselves: measured."""
    layers: list[Any] = [net.trunk[place] for net in nets]
    side = nets[0].min_size
    maps = [
        net.trunk[:place](torch.empty(1, net.in_channels, side, side, device="meta"))
        for net in nets
    ]
    counted = [count_row("", layer, x) for layer, x in zip(layers, maps, strict=True)]
    channels = [row.output[0] for row, _ in counted]
    if isinstance(layers[0], Codebook):
        positions = maps[0].shape[2] * maps[0].shape[3]
        macs = [row.macs // positions for row, _ in counted]
        return {"kind": "codebook", "channels": channels, "macs_per_position": macs}
    return {
        "kind": "function",
        "channels": channels,
        "kernel_size": as_shape(layers[0].kernel_size),
        "trims": maps[0].shape[2] - counted[0][0].output[1],
    }


def layer_plan(layers: Same) -> Plan:
    """A layer, or the tree of layers that a row is.

    ``{"chain": [plan, …]}`` for parts one after another, ``{"kind": "concat" or "add", "branches":
    {name: plan, …}}`` for parts side by side.
    """
    same = {parts[0]: parts for parts in zip(*(layer.modules() for layer in layers), strict=True)}
    return fold(
        layers[0],
        leaf=lambda layer: leaf_plan(same[layer]),
        chain=lambda _, plans: chain_plan([*plans.values()]),
        branches=lambda fork, plans: {
            "kind": "concat" if isinstance(fork, Concat) else "add",
            "branches": plans,
        },
    )


def chain_plan(plans: list[Plan]) -> Plan:
    return plans[0] if len(plans) == 1 else {"chain": plans}


def leaf_plan(layers: Same) -> Plan:
    layer = layers[0]
    kind = next((kind for kind, types in KINDS.items() if isinstance(layer, types)), None)
    if kind is None:
        raise TypeError(
            f"blueprint: found a {type(layer).__name__}, allowed are {', '.join(KINDS)} and what "
            "is made of them; say in analysis/blueprint.py what the explorer must do with it."
        )
    own = [count_parameters(same) for same in layers]
    parameters = {"parameters": own} if any(own) else {}
    return {"kind": kind, **FACTS.get(kind, lambda _: {})(layers), **parameters}


KINDS: dict[str, Any] = {
    "convolution": nn.Conv2d,
    "max": nn.MaxPool2d,
    "average": nn.AvgPool2d,
    "adaptive": nn.AdaptiveAvgPool2d,
    "grid": GridPool,
    "linear": nn.Linear,
    "batch_norm": NORMS,
    "response_norm": nn.LocalResponseNorm,
    "relu": nn.ReLU,
    "dropout": nn.Dropout,
    "flatten": nn.Flatten,
    "identity": nn.Identity,
}


def window(layer: Any) -> Plan:
    return {
        name: as_shape(getattr(layer, name))
        for name in ("kernel_size", "stride", "padding", "dilation")
        if hasattr(layer, name)
    }


def convolution(layers: Same) -> Plan:
    channels = [layer.out_channels for layer in layers]
    return {**window(layers[0]), "groups": layers[0].groups, "channels": channels}


def pool(layers: Same) -> Plan:
    return {**window(layers[0]), "ceil_mode": layers[0].ceil_mode}


# What a page must know of a layer beside its kind and its parameters.
FACTS: dict[str, Callable[[Same], Plan]] = {
    "convolution": convolution,
    "max": pool,
    "average": pool,
    "adaptive": lambda layers: {"grid": as_shape(layers[0].output_size)[0]},
    "grid": lambda layers: {"grid": layers[0].grid, **window(layers[0])},
    "linear": lambda layers: {"channels": [layer.out_features for layer in layers]},
}


def write_networks(folder: Path) -> Path:
    """Write ``networks.js`` for a page in ``folder``, a script since ``file://`` has no JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    data = json.dumps(blueprints(), separators=(",", ":"))
    target = folder / "networks.js"
    target.write_text(f"const BLUEPRINTS = {data};\n", encoding="utf-8")
    return target
