"""Objectives that a picture drives: their names, and how a network is asked for them.

| name | is |
| --- | --- |
| ``"conv_3:17"`` | channel 17 of a layer, averaged over its map; a unit of a linear layer |
| ``"conv_3:17:6:6"`` | the unit of that channel at row 6, column 6 |
| ``"conv_3"`` | the whole layer: the mean square of its output ("DeepDream") |
| ``"class:5"`` | the logit of class 5 |

A ReLU passes no gradient where it is shut, and no picture would ever come out of a unit that
starts so. So where a layer ends in ReLUs, as rows of ours do, channels and units are what *enters*
them, and values below zero count a hundredth. Without the ReLU, the average over a map would hide
what an edge detector looks for: its answers to the two sides of a line cancel.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lecture_nets.analysis.capture import as_maps, find_layer
from lecture_nets.analysis.deconvnet import check_unit
from lecture_nets.analysis.patches import check_channels
from lecture_nets.nets.tree import Concat, fold

CLASS = "class"
SHUT = 0.01  # what a value below zero counts


class Objective(NamedTuple):
    """One name, read.

    Attributes:
        layer: as `find_layer` takes it, or ``"class"``.
        unit: (), (channel,) or (channel, row, column).
    """

    layer: str
    unit: tuple[int, ...]

    def check(self, maps: Tensor) -> None:
        """Raise a `ValueError` where (N, C, H, W) has no such unit."""
        check_channels(self.layer, self.unit[:1], maps.shape[1])
        if len(self.unit) == 3:
            check_unit(self.layer, self.unit, maps.shape[1:])

    def value(self, output: Tensor) -> Tensor:
        """Its value in the layer's output for one picture: (C, H, W) -> ()."""
        if not self.unit:
            return output.square().mean()
        return F.leaky_relu(output[self.unit], SHUT).mean()


def read_objective(name: str) -> Objective:
    """``"conv_3:17"`` -> ``Objective("conv_3", (17,))``.

    Raises:
        ValueError: not spelled like any of the four.
    """
    layer, *numbers = name.split(":")
    allowed = (1,) if layer == CLASS else (0, 1, 3)
    if not layer or len(numbers) not in allowed or not all(map(str.isdecimal, numbers)):
        raise ValueError(
            f"objective {name!r} is not spelled like 'conv_3' (layer), 'conv_3:17' (channel), "
            "'conv_3:17:6:6' (channel, row, column) or 'class:5'; numbers count from 0."
        )
    return Objective(layer, tuple(map(int, numbers)))


def before_relus(layer: nn.Module) -> list[tuple[nn.Module, bool]]:
    """The last parts of a layer, branches in order, each with whether its input is what counts.

    That is so for ReLUs; of anything else the output counts.
    """
    return fold(
        layer,
        leaf=output_or_input,
        chain=lambda layers, ends: next(reversed(ends.values()), [(layers, False)]),
        branches=lambda fork, ends: (
            [end for branch in ends.values() for end in branch]
            if isinstance(fork, Concat)
            else [(fork, False)]
        ),
        unknown=output_or_input,
    )


def output_or_input(layer: nn.Module) -> list[tuple[nn.Module, bool]]:
    return [(layer, isinstance(layer, nn.ReLU | nn.ReLU6))]


class Captured(Exception):  # noqa: N818, it is no error
    """All that was asked for is there; the rest of the network need not run."""


def capture_output(net: nn.Module, objective: Objective, images: Tensor) -> Tensor:
    """The output that an objective is about: (N, 3, H, W) -> (N, C, H', W').

    The network stops there. A vector becomes a map of one position.

    Raises:
        ValueError: no such layer, images that do not pass it, or an output that is no map.
    """
    layer = net if objective.layer == CLASS else find_layer(net, objective.layer)
    ends = before_relus(layer) if objective.unit else [(layer, False)]
    captured: dict[int, Tensor] = {}

    def keep(place: int):
        def hook(layer: nn.Module, inputs: tuple[Any, ...], *output: Any) -> None:
            captured[place] = output[0] if output else inputs[0]
            if len(captured) == len(ends):
                raise Captured

        return hook

    hooks = [
        part.register_forward_pre_hook(keep(place))
        if enters
        else part.register_forward_hook(keep(place))
        for place, (part, enters) in enumerate(ends)
    ]
    try:
        net(images)
    except Captured:
        pass
    finally:
        for hook in hooks:
            hook.remove()
    found = [captured.get(place) for place in range(len(ends))]
    if not all(isinstance(x, Tensor) for x in found):
        raise ValueError(
            f"layer {objective.layer!r} gives no tensor while {type(net).__name__} evaluates; "
            "name one that takes part and whose output is a map of channels, or a vector."
        )
    return torch.cat([as_maps(x, objective.layer) for x in found if x is not None], dim=1)


def values(objectives: Sequence[Objective], outputs: Tensor) -> Tensor:
    """One objective for each picture: (N, C, H, W) -> (N,)."""
    pairs = zip(objectives, outputs, strict=True)
    return torch.stack([objective.value(output) for objective, output in pairs])
