"""Two small convolutions in place of a learned one, with as many channels between as needed.

    split_layer(conv.weight, (3, 3), channels=16).residual     # two 3×3 in place of a 5×5
    fewest_channels(conv.weight, ((1, 7), (7, 1)))             # until 5 % are missing

`cascade` replaces one kernel by two; a layer has many, and channels between its two halves. There
is no ReLU between: with one, a network reaches other functions, but not this one more easily.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from lecture_nets.analysis.factorization import Size, fitting

STARTS = 2
SWEEPS = 60
RIDGE = 1e-10
STALLED = 1e-4  # relative gain of a sweep below which further ones are not worth it


@dataclass(frozen=True, eq=False)
class SplitLayer:
    """The result of `split_layer`.

    Attributes:
        first: (channels, in, h₁, w₁), the convolution that comes first.
        second: (out, channels, h₂, w₂).
        residual: ‖W − second * first‖ / ‖W‖, 0 where the two do the same as the layer.
        cost: multiply-adds, or weights, of the two in those of the layer; below 1 they save.
    """

    first: Tensor
    second: Tensor
    residual: float
    cost: float


def split_layer(weight: Tensor, sizes: Sequence[Size], channels: int) -> SplitLayer:
    """The two convolutions nearest to a layer, with so many channels between: -> `SplitLayer`.

    A column and a row (one size is 1 high, the other 1 wide) have a closed form, a singular value
    decomposition (Jaderberg et al., arXiv 1405.3866, section 2.2). Others alternate: given one
    half, the other is a linear least-squares problem. Starts are seeded.

    Args:
        weight: (out, in, height, width) of a convolution of stride 1, without groups.
        sizes: of the two in order, as in `cascade`.
        channels: between the two.

    Raises:
        ValueError: no such weight, not two sizes, or they do not fit; no channels.
    """
    weight, shapes = checked(weight, sizes)
    if channels < 1:
        raise ValueError(f"split_layer(channels={channels}): at least 1 is needed.")
    (h1, w1), (h2, w2) = shapes
    scale = weight.norm()
    if separable(shapes):
        first, second = by_svd(weight / scale, shapes, channels)
    else:
        tries = [alternate(weight / scale, shapes, channels, seed) for seed in range(STARTS)]
        first, second = min(tries, key=lambda found: missing(weight / scale, *found))
    residual = missing(weight / scale, first, second)
    out, into = weight.shape[:2]
    small = channels * (into * h1 * w1 + out * h2 * w2)
    return SplitLayer(first * scale, second, residual, small / weight.numel())


def fewest_channels(weight: Tensor, sizes: Sequence[Size], within: float = 0.05) -> int:
    """The fewest channels between two convolutions that come close enough to a layer, by halves.

    Args:
        weight: as in `split_layer`.
        sizes: as in `split_layer`.
        within: the residual that is allowed.

    Raises:
        ValueError: as in `split_layer`, or ``within`` is not between 0 and 1.
    """
    if not 0 < within < 1:
        raise ValueError(f"fewest_channels(within={within}): allowed are shares between 0 and 1.")
    weight, shapes = checked(weight, sizes)
    low, high = 1, enough(weight, shapes)
    while low < high:  # more channels never miss more
        middle = (low + high) // 2
        if split_layer(weight, shapes, middle).residual <= within:
            high = middle
        else:
            low = middle + 1
    return high


def enough(weight: Tensor, shapes: list[tuple[int, int]]) -> int:
    """Channels that always make it exact.

    Each channel in, moved by each of the steps of one half, is a channel between: the other half,
    so moved, then covers the whole window. Or the same at the other end.
    """
    out, into = weight.shape[:2]
    first, second = shapes
    whole = weight.shape[2:]

    def steps(half: tuple[int, int]) -> int:
        return math.prod(-(-side // own) for side, own in zip(whole, half, strict=True))

    return min(into * steps(second), out * steps(first))


def checked(weight: Tensor, sizes: Sequence[Size]) -> tuple[Tensor, list[tuple[int, int]]]:
    if weight.ndim != 4 or not weight.isfinite().all() or not weight.any():
        raise ValueError(
            f"split_layer: found a weight of shape {tuple(weight.shape)}, allowed is (out, in, "
            "height, width) of finite numbers that are not all 0; pass conv.weight."
        )
    if len(sizes) != 2:
        raise ValueError(f"split_layer: found {len(sizes)} sizes, allowed are 2.")
    shapes = fitting(sizes, (weight.shape[2], weight.shape[3]))
    return weight.detach().cpu().double(), shapes


def separable(shapes: list[tuple[int, int]]) -> bool:
    (h1, w1), (h2, w2) = shapes
    return h1 == w2 == 1 or w1 == h2 == 1


def by_svd(weight: Tensor, shapes: list[tuple[int, int]], channels: int) -> tuple[Tensor, Tensor]:
    """The best column and row: truncate the SVD of (out · second, in · first)."""
    out, into = weight.shape[:2]
    row_first = shapes[0][0] == 1
    matrix = weight.permute(0, 2, 1, 3) if row_first else weight.permute(0, 3, 1, 2)
    u, s, v = torch.linalg.svd(matrix.reshape(out * matrix.shape[1], -1), full_matrices=False)
    u, s, v = u[:, :channels], s[:channels], v[:channels]
    second = (u * s).T.reshape(len(s), out, *shapes[1]).transpose(0, 1)
    return v.reshape(len(s), into, *shapes[0]), second


def compose(first: Tensor, second: Tensor) -> Tensor:
    """The one convolution that two in a row are: (c, in, …), (out, c, …) -> (out, in, h, w)."""
    return torch.einsum("ciyxhw,ochw->oiyx", shifts(first, second.shape[2:]), second)


def shifts(kernels: Tensor, size: Sequence[int]) -> Tensor:
    """Kernels at every place that a second one may put them: (c, i, h, w) -> (c, i, H, W, *size).

    The full convolution with the second is a sum over its pixels, the last two axes.
    """
    (h, w), (h2, w2) = kernels.shape[2:], size
    table = kernels.new_zeros(*kernels.shape[:2], h + h2 - 1, w + w2 - 1, h2, w2)
    for row in range(h2):
        for column in range(w2):
            table[:, :, row : row + h, column : column + w, row, column] = kernels
    return table


def missing(weight: Tensor, first: Tensor, second: Tensor) -> float:
    return float((weight - compose(first, second)).norm() / weight.norm())


def alternate(
    weight: Tensor, shapes: list[tuple[int, int]], channels: int, seed: int
) -> tuple[Tensor, Tensor]:
    into = weight.shape[1]
    generator = torch.Generator().manual_seed(seed)
    first = torch.randn(channels, into, *shapes[0], generator=generator, dtype=weight.dtype)
    second = solve(weight, first, shapes[1])
    before = torch.inf
    for _ in range(SWEEPS):
        # Seen from the other end it is the same problem.
        flipped = solve(weight.transpose(0, 1), second.transpose(0, 1), shapes[0])
        first = flipped.transpose(0, 1)
        first = first / first.flatten(1).norm(dim=1)[:, None, None, None].clamp(min=1e-30)
        second = solve(weight, first, shapes[1])
        now = missing(weight, first, second)
        if now > before * (1 - STALLED) or now < 1e-9:
            break
        before = now
    return first, second


def solve(weight: Tensor, first: Tensor, shape: tuple[int, int]) -> Tensor:
    """The best second half for a first one: (out, in, …), (c, in, …) -> (out, c, *shape)."""
    channels = len(first)
    # One equation for each channel in and pixel, one unknown for each channel between and pixel.
    matrix = shifts(first, shape).flatten(4).flatten(2, 3).permute(1, 2, 0, 3)
    matrix = matrix.reshape(-1, channels * shape[0] * shape[1])
    target = weight.flatten(2).permute(1, 2, 0).reshape(len(matrix), -1)
    # Channels between may repeat each other; the little on the diagonal decides among equals.
    square = matrix.T @ matrix
    square.diagonal().add_(RIDGE * square.diagonal().mean())
    found = torch.linalg.solve(square, matrix.T @ target)
    return found.T.reshape(len(weight), channels, *shape)
