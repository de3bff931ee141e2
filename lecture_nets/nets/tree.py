"""The tree that every network here is: layers, chains of them, and branches that are joined.

One walker, `fold`, knows what follows what. Counting layers, drawing them, or finding what a unit
sees is a few lines on top of it, or of `follow`, which hands a value from layer to layer.
"""

from collections.abc import Callable, Sequence
from functools import partial, reduce
from typing import TypeVar

import torch
from torch import Tensor, nn

T = TypeVar("T")
N = TypeVar("N", int, float)


class Branches(nn.Module):
    """Named branches over one input; a subclass says how they are joined."""

    def __init__(self, **branches: nn.Module) -> None:
        super().__init__()
        for name, branch in branches.items():
            self.add_module(name, branch)

    def outputs(self, x: Tensor) -> list[Tensor]:
        """The outputs of the branches, in order."""
        return [self.get_submodule(name)(x) for name in self._modules]


class Concat(Branches):
    """Branches joined along channels: (N, in, H, W) -> (N, Σ out, H', W')."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat(self.outputs(x), dim=1)


class Add(Branches):
    """Branches of equal shapes, added up: (N, in, H, W) -> (N, out, H', W')."""

    def forward(self, x: Tensor) -> Tensor:
        return reduce(torch.add, self.outputs(x))


def fold(
    module: nn.Module,
    leaf: Callable[[nn.Module], T],
    chain: Callable[[nn.Sequential, dict[str, T]], T],
    branches: Callable[[Branches, dict[str, T]], T],
    unknown: Callable[[nn.Module], T] | None = None,
) -> T:
    """One value for ``module``, made of the values of its parts, from the leaves up.

    Args:
        module: a layer, an `nn.Sequential`, a `Concat` or an `Add`, whatever is inside.
        leaf: the value of a layer without parts.
        chain: that of parts one after another, given theirs by name.
        branches: that of parts side by side, given theirs by name.
        unknown: that of a module with parts and a ``forward`` of its own; `TypeError` without it.

    Raises:
        TypeError: a module with parts has a ``forward`` of its own, so that nobody can tell how
            data passes through it.
    """
    forward = type(module).forward
    if forward is nn.Sequential.forward or forward in (Concat.forward, Add.forward):
        parts = {
            name: fold(part, leaf, chain, branches, unknown)
            for name, part in module._modules.items()
            if part is not None
        }
        is_chain = isinstance(module, nn.Sequential)
        return chain(module, parts) if is_chain else branches(module, parts)  # pyright: ignore
    # A convolution with a parametrization has parts too, and stays one layer.
    if isinstance(module, nn.Conv2d | nn.Linear) or next(module.children(), None) is None:
        return leaf(module)
    return (unknown or refuse)(module)


def refuse(module: nn.Module) -> T:  # pyright: ignore[reportInvalidTypeVarUse]
    raise TypeError(
        f"{type(module).__name__} decides in its own forward how data passes through its parts "
        f"({', '.join(name for name, _ in module.named_children())}), so nothing can be counted or "
        "drawn of it. Build it of nn.Sequential, Concat and Add of lecture_nets.nets.tree; "
        "of a LightningModule pass the network inside, module.net."
    )


def follow(
    module: nn.Module,
    value: T,
    leaf: Callable[[nn.Module, T], T],
    join: Callable[[Branches, Sequence[T]], T],
) -> dict[nn.Module, T]:
    """Hand ``value`` from layer to layer through ``module``; returns the value after each part.

    Args:
        module: as in `fold`.
        value: what goes in.
        leaf: the value behind a layer without parts, given the one in front of it.
        join: the value behind branches, given those at their ends.

    Raises:
        TypeError: as in `fold`.
    """
    behind: dict[nn.Module, T] = {}

    def noted(part: nn.Module, step: Callable[[T], T]) -> Callable[[T], T]:
        def through(value: T) -> T:
            behind[part] = step(value)
            return behind[part]

        return through

    steps = fold(
        module,
        leaf=lambda layer: noted(layer, partial(leaf, layer)),
        chain=lambda layers, parts: noted(
            layers, lambda value: reduce(lambda value, part: part(value), parts.values(), value)
        ),
        branches=lambda fork, parts: noted(
            fork, lambda value: join(fork, [part(value) for part in parts.values()])
        ),
    )
    steps(value)
    return behind


def channels_after(layer: nn.Module, in_channels: int) -> int:
    """The number of output channels of ``layer`` for ``in_channels`` input channels."""
    return follow(
        layer,
        in_channels,
        leaf=lambda layer, channels: getattr(layer, "out_channels", channels),
        join=lambda fork, channels: sum(channels) if isinstance(fork, Concat) else channels[0],
    )[layer]


def stride_of(layer: nn.Module) -> int:
    """By what factor ``layer`` coarsens the grid: strides multiply along a chain.

    Measured sizes would not tell, since convolutions without padding shrink a map as well.
    """
    return follow(
        layer,
        1,
        leaf=lambda layer, stride: stride * along(getattr(layer, "stride", 1), axis=0),
        join=lambda fork, strides: strides[0],  # branches that are joined end on the same grid
    )[layer]


def along(size: N | Sequence[N], axis: int) -> N:
    """A window's size or step along one axis: 0 for height, 1 for width."""
    return size if isinstance(size, int | float) else size[axis]
