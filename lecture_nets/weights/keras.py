"""Weights of Keras's networks in ours. Keras itself reads its files, in its safe mode.

Keras names layers by counters that go on through a session, so its own loaders go by position: the
order of ``model.layers``, which is the order here.
"""

import os
import zipfile
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lecture_nets.nets import VGG19, InceptionV3, Network
from lecture_nets.weights.load import Report, load_weights

# ``model.layers`` goes by the distance to the end of a module, the longest branch first.
V3_MODULES = {
    "inception_a": (
        "branch_3x3x2.0",
        "branch_5x5.0",
        "branch_3x3x2.1",
        "branch_1x1.0",
        "branch_5x5.1",
        "branch_3x3x2.2",
        "branch_pool.1.0",
    ),
    "reduction_a": (
        "branch_3x3x2.0",
        "branch_3x3x2.1",
        "branch_3x3.0",
        "branch_3x3x2.2",
    ),
    "inception_b": (
        "branch_7x7x2.0",
        "branch_7x7x2.1",
        "branch_7x7.0",
        "branch_7x7x2.2",
        "branch_7x7.1",
        "branch_7x7x2.3",
        "branch_1x1.0",
        "branch_7x7.2",
        "branch_7x7x2.4",
        "branch_pool.1.0",
    ),
    "reduction_b": (
        "branch_7x7_3x3.0",
        "branch_7x7_3x3.1",
        "branch_3x3.0",
        "branch_7x7_3x3.2",
        "branch_3x3.1",
        "branch_7x7_3x3.3",
    ),
    "inception_c": (
        "branch_3x3x2.0",
        "branch_3x3.0",
        "branch_3x3x2.1",
        "branch_3x3.1.row.0",
        "branch_3x3.1.column.0",
        "branch_3x3x2.2.row.0",
        "branch_3x3x2.2.column.0",
        "branch_1x1.0",
        "branch_pool.1.0",
    ),
}

Arrays = list[np.ndarray]
KINDS = ("convolutions", "batch norms", "dense layers")


def from_keras(net: Network, source: Any) -> Report:
    """Load the weights of ``keras.applications.InceptionV3`` or ``VGG19``: all of them, or nothing.

    Keras leaves the padding out of V3's average pools: ``InceptionV3(count_include_pad=False)``
    gives its logits. Its V3 wants pixels from -1 to 1. Its VGG19 wants blue, green and red from 0
    to 255, less 103.939, 116.779 and 123.68.

    Example:
        >>> net = InceptionV3(count_include_pad=False)
        >>> print(from_keras(net, keras.applications.InceptionV3()))

    Args:
        net: InceptionV3 or VGG19. Its auxiliary head, which Keras does not have, keeps its start.
            So does the last layer where the number of classes is another, and the head where the
            weights are without top.
        source: the ``keras.Model``, or the path of a whole one, ``.keras``. Weights alone are
            opened by Keras: ``keras.applications.InceptionV3(weights="….h5")``. VGG19's top must
            be that for 224 x 224 pixels.

    Raises:
        ValueError: if Keras has no such network, the weights do not fit `load_weights`, or Keras
            refuses the file: it is torn, or holds code.
        ModuleNotFoundError: a path is given and Keras cannot be imported.
    """
    names = layer_names(net)
    if isinstance(source, str | os.PathLike):
        origin, model = os.fspath(source), open_model(Path(source), type(net).__name__)
    else:
        origin, model = f"the Keras model {source.name!r}", source
    layers = by_kind([layer.get_weights() for layer in model.layers])
    counts = {kind: len(layers[kind]) for kind in KINDS}
    whole = {kind: len(names[kind]) for kind in KINDS}
    if counts not in (whole, whole | {"dense layers": 0}):
        raise ValueError(
            f"Weights from {origin} are not those of keras.applications.{type(net).__name__}: they "
            f"hold {listed(counts)}, not {listed(whole)}. Where one model is a layer of another, "
            "give the inner one."
        )

    head = {}
    if not layers["dense layers"]:
        head = {f"head.{key}": x for key, x in net.head.state_dict().items()}
    report = load_weights(net, {**translate(net, names, layers), **head}, source=origin)
    from lightning.pytorch.utilities import rank_zero_info  # takes seconds to import

    if head:
        matched = tuple(key for key in report.matched if key not in head)
        report = replace(report, matched=matched, missing=(*report.missing, *head))
        rank_zero_info(
            f"{origin} is without top: the head of {type(net).__name__} keeps its start."
        )
    pools = [layer for layer in net.trunk.modules() if isinstance(layer, nn.AvgPool2d)]
    if any(pool.count_include_pad for pool in pools):
        rank_zero_info("Logits are Keras's with InceptionV3(count_include_pad=False) only.")
    return report


def layer_names(net: Network) -> dict[str, list[str]]:
    """Our layers of each kind in Keras's order; "convolutions" are names of `ConvBlock`."""
    if isinstance(net, InceptionV3):
        blocks = []
        for row, _ in net.trunk.named_children():
            if (module := row.rstrip("1234")) in V3_MODULES:
                blocks += [f"trunk.{row}.{block}" for block in V3_MODULES[module]]
            elif row.startswith("conv_"):
                blocks.append(f"trunk.{row}")
        dense = ["head.classifier"]
        return dict(zip(KINDS, (blocks, blocks, dense), strict=True))
    if isinstance(net, VGG19):
        modules = net.trunk.named_modules(prefix="trunk")
        blocks = [name.removesuffix(".conv") for name, x in modules if isinstance(x, nn.Conv2d)]
        dense = ["head.fc_6", "head.fc_7", "head.fc_8"]
        return dict(zip(KINDS, (blocks, [], dense), strict=True))
    cure = " Give the network itself: module.net." if hasattr(net, "net") else ""
    raise ValueError(f"Keras has no {type(net).__name__}; it has InceptionV3 and VGG19.{cure}")


def by_kind(layers: list[Arrays]) -> dict[str, list[Arrays]]:
    """Layers with weights, told apart by the shape of their first array."""
    kinds: dict[str, list[Arrays]] = defaultdict(list)
    for arrays in layers:
        if arrays:
            kinds[{4: KINDS[0], 2: KINDS[2]}.get(arrays[0].ndim, KINDS[1])].append(arrays)
    return kinds


def listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in counts.items())


def translate(
    net: Network, names: dict[str, list[str]], layers: dict[str, list[Arrays]]
) -> dict[str, Tensor]:
    """Our state-dict key -> Keras's values in our layout."""
    tensors: dict[str, Tensor] = {}
    convolutions, norms, dense = (zip(names[kind], layers[kind], strict=False) for kind in KINDS)
    for name, (kernel, *bias) in convolutions:
        tensors[f"{name}.conv.weight"] = tensor(kernel).permute(3, 2, 0, 1)  # from HWIO
        tensors |= {f"{name}.conv.bias": tensor(x) for x in bias}
    for name, (*gamma, beta, mean, variance) in norms:
        # Keras's V3 has no gamma.
        tensors[f"{name}.norm.weight"] = tensor(gamma[0] if gamma else np.ones_like(beta))
        tensors[f"{name}.norm.bias"] = tensor(beta)
        tensors[f"{name}.norm.running_mean"] = tensor(mean)
        tensors[f"{name}.norm.running_var"] = tensor(variance)
    for name, (kernel, *bias) in dense:
        weight = tensor(kernel).T
        if name == "head.fc_6" and weight.shape == net.get_submodule(name).weight.shape:
            # Keras flattens rows, columns, channels; PyTorch channels, rows, columns.
            weight = weight.unflatten(1, (7, 7, -1)).permute(0, 3, 1, 2).flatten(1)
        tensors[f"{name}.weight"] = weight
        tensors |= {f"{name}.bias": tensor(x) for x in bias}
    return tensors


def tensor(array: np.ndarray) -> Tensor:
    return torch.from_numpy(np.asarray(array, dtype=np.float32))


def open_model(path: Path, name: str) -> Any:
    """The ``keras.Model`` that a file holds."""
    if path.suffix != ".keras":
        raise ValueError(
            f"{path} does not end in .keras, the form of a whole model. Let Keras open it: "
            f"from_keras(net, keras.applications.{name}(weights={str(path)!r}))."
        )
    if not path.exists():
        raise FileNotFoundError(f"{path} is not there.")
    try:
        import keras  # an optional dependency
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"{path} is read by Keras, which cannot be imported ({error}). Run `pip install keras` "
            "and set KERAS_BACKEND=torch."
        ) from error
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except (OSError, ValueError, TypeError, KeyError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"Keras refuses {path} ({error}). Save the model again: model.save('….keras')."
        ) from error
