"""Paths from the image to the logits: slide 2, "exponential feature reuse".

Two counts of the same thing, both exact integers. *Branch paths* choose a branch wherever a network
forks, as `cost` counts them: 1 for VGG, 4⁹ for GoogLeNet, 2¹⁶ for 16 residual blocks. *Unit
paths* choose one unit in every convolution and linear layer, as the slide does: 2, 4, 8, 16 for
layers of two neurons. A unit is a neuron of a linear layer or a channel of a convolution.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import torch
from torch import nn

from lecture_nets.analysis.cost import count_branch_paths
from lecture_nets.names import choose
from lecture_nets.nets.meta import meta_copy
from lecture_nets.nets.network import Network
from lecture_nets.nets.plain_stack import Subsample
from lecture_nets.nets.tree import Branches, Concat, follow

# Unit paths that end in each channel; `None` where a channel is still the input's.
Ends = Sequence[int | None]
Rows = dict[str, nn.Module]


@dataclass(frozen=True)
class LayerPaths:
    """From the input to the end of one layer.

    Attributes:
        name: as in `RowCost`, or the name in the `nn.Sequential`.
        output: shape of what comes out for one image: (channels, height, width) or (units,).
        branch_paths: different paths here, one for each branch of a module.
        unit_paths: different paths here, one for each unit of a layer.
    """

    name: str
    output: tuple[int, ...]
    branch_paths: int
    unit_paths: int


@dataclass(frozen=True)
class Paths:
    """Counts of `count_paths`: the totals, which are those of the last layer, and ``layers``."""

    branch_paths: int
    unit_paths: int
    layers: tuple[LayerPaths, ...]


def count_paths(module: nn.Module, input_shape: tuple[int, ...]) -> Paths:
    """Count the paths through ``module``, layer by layer; auxiliary heads are left out.

    A unit path starts at the input, which is one place however many channels it has, and takes one
    unit of each convolution and linear layer it passes. It goes on to the units that read it: with
    ``groups``, those of its own tower. Where a branch has neither (a pool), it goes through
    unchanged; where branches are added, the paths to a channel add up. All other layers add no
    path, not even response norms, which mix neighbors. The positions of a channel are one unit, in
    front of a linear layer too.

    So a chain without branches and groups has as many unit paths as the product of its widths.

    Args:
        module: a network of `lecture_nets.nets`, or a part of one, or an `nn.Sequential` of layers.
        input_shape: of one input, without the batch: (channels, height, width) or (units,).

    Raises:
        TypeError: for modules with parts and a ``forward`` of their own, but those of ours.
        ValueError: for images that the network refuses.
    """
    shapes = meta_copy(module).eval()
    dtype = next((weight.dtype for weight in shapes.parameters()), None)
    x = torch.empty(1, *input_shape, dtype=dtype, device="meta")
    if isinstance(shapes, Network):
        shapes.check(x)
    ends: Ends = [None] * input_shape[0]
    branch_paths, layers = 1, []
    for name, layer in rows_of(shapes).items():
        ends = ends_behind(layer, ends)
        branch_paths *= count_branch_paths(layer)
        with torch.no_grad():
            x = layer(x)
        layers.append(LayerPaths(name, tuple(x.shape[1:]), branch_paths, join(ends)))
    return Paths(branch_paths, join(ends), tuple(layers))


def share_of_paths(module: nn.Module, in_channels: int, row: str, unit: int) -> Fraction:
    """The share of all unit paths through ``module`` goes through one unit.

    Over the units of a row, the shares add up to 1.

    Args:
        module: as in `count_paths`.
        in_channels: channels, or units, of the input.
        row: a layer's name in `count_paths`.
        unit: which channel, or unit, of that row's output, from 0.

    Raises:
        TypeError: as in `count_paths`.
        ValueError: for rows and units that are not there, and where a pool passes on the input.
    """
    rows = rows_of(module)
    choose("row", row, rows)
    behind = list(rows).index(row) + 1
    layers = list(rows.values())
    ends = ends_behind(nn.Sequential(*layers[:behind]), [None] * in_channels)
    check_unit("share_of_paths", row, unit, len(ends))
    if ends[unit] is None:
        raise ValueError(
            f"share_of_paths(row={row!r}, unit={unit}): this channel is still the input's, and no "
            "layer's. Take a row behind the first convolution or linear layer."
        )
    rest = nn.Sequential(*layers[behind:])
    through = [end if i == unit else 0 for i, end in enumerate(ends)]
    return Fraction(join(ends_behind(rest, through)), join(ends_behind(rest, ends)))


def rows_of(module: nn.Module) -> Rows:
    """The layers of ``module`` in the order they run, by name."""
    if isinstance(module, Network):
        return {**dict(module.trunk.named_children()), "head": module.head}
    if isinstance(module, nn.Sequential):
        names = module._modules  # `named_children` lists a layer that is used twice once only
        return dict(zip(names, module, strict=True))
    return {type(module).__name__: module}


def check_unit(owner: str, row: str, unit: int, units: int) -> None:
    if not 0 <= unit < units:
        raise ValueError(f"{owner}(row={row!r}, unit={unit}): choose one of 0 to {units - 1}.")


def join(ends: Ends) -> int:
    """Paths that end in any of these channels; the input's channels are one place."""
    return sum(end for end in ends if end is not None) + (None in ends)


def ends_behind(module: nn.Module, ends: Ends) -> Ends:
    """The number of unit paths that end in each channel behind ``module``."""
    return follow(module, ends, ends_behind_layer, ends_joined)[module]


def ends_behind_layer(layer: nn.Module, ends: Ends) -> Ends:
    if isinstance(layer, nn.Conv2d):
        size = len(ends) // layer.groups
        towers = [join(ends[i * size : (i + 1) * size]) for i in range(layer.groups)]
        return [tower for tower in towers for _ in range(layer.out_channels // layer.groups)]
    if isinstance(layer, nn.Linear):
        return [join(ends)] * layer.out_features
    if isinstance(layer, Subsample):
        return [*ends, *[0] * (layer.out_channels - len(ends))]
    return ends


def ends_joined(fork: Branches, ends: Sequence[Ends]) -> Ends:
    if isinstance(fork, Concat):
        return [end for branch in ends for end in branch]
    # A channel of the input that something was added to is its own place from there on.
    return [sum(1 if end is None else end for end in same) for same in zip(*ends, strict=True)]
