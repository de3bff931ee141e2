"""Well-known kernels, and the cost of cascades of smaller ones."""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import torch
from torch import Tensor, nn

from lecture_nets.analysis.capture import find_layer
from lecture_nets.analysis.factorization import Size, as_shape, fitting


class Savings(NamedTuple):
    """Of the parameters, and of the multiply-adds per position.

    Attributes:
        kept: what the cascade needs of what the kernel needs, 18/25 for two 3×3 in place of 5×5.
        saved: the rest, negative where the cascade costs more.
    """

    kept: Fraction
    saved: Fraction


def savings(kernel: Size, sizes: Sequence[Size] = (3, 3)) -> Savings:
    """Exact cost of a cascade beside one kernel, with as many channels all along and no bias.

    Source: "Rethinking the Inception Architecture" (Szegedy et al. 2015), sections 3.1 and 3.2:
    28 % saved for 5×5, 33 % for 3×3 as 3×1 and 1×3.

    Raises:
        ValueError: the sizes do not fit the kernel.
    """
    height, width = as_shape(kernel)
    small = sum(h * w for h, w in fitting(sizes, (height, width)))
    kept = Fraction(small, height * width)
    return Savings(kept, 1 - kept)


def named_kernels(size: int = 5, seed: int = 0) -> dict[str, Tensor]:
    """The classics of image processing by name: size -> {name: (size, size)}, float64.

    Blurs sum to 1, the Laplacian of Gaussian to 0. Widths follow the size: σ = size / 5 pixels.

    Args:
        size: odd, at least 3.
        seed: of ``"random"``, independent normal numbers.

    Raises:
        ValueError: the size is even or too small.
    """
    if size < 3 or size % 2 == 0:
        raise ValueError(
            f"named_kernels: found size {size}, allowed are 3, 5, 7, …; "
            "an odd size has the pixel in the middle that edges are centered on."
        )
    line = torch.arange(size, dtype=torch.float64) - size // 2
    y, x = line[:, None], line[None, :]
    variance = (size / 5) ** 2
    distance = (x.square() + y.square()) / (2 * variance)
    bell = torch.exp(-distance)
    hat = (distance - 1) * bell
    ones = torch.ones(size, size, dtype=torch.float64)
    # Whole numbers, so that the pixels on the edge are exactly 0.
    edges = {"edge 0°": x + 0 * y, "edge 27°": 2 * x + y, "edge 45°": x + y}
    along = x * math.cos(math.pi / 6) + y * math.sin(math.pi / 6)
    generator = torch.Generator().manual_seed(seed)
    return {
        "Gaussian": bell / bell.sum(),
        "box": ones / size**2,
        "Laplacian of Gaussian": hat - hat.mean(),
        "Sobel": binomial(size)[:, None] * derivative(size),
        "Prewitt": ones * x,
        "Gabor 30°": bell * torch.cos(2 * math.pi * along / (size / 2)),
        **{name: edge.sign() for name, edge in edges.items()},
        "motion blur 0°": ones * (y == 0) / size,
        "motion blur 45°": ones * (x == y) / size,
        "random": torch.randn(size, size, generator=generator, dtype=torch.float64),
    }


def learned_kernels(net: nn.Module, layer: str, count: int = 8) -> dict[str, Tensor]:
    """The strongest kernels of a trained convolution, by their norm: {"conv_2 12←3": (h, w)}.

    A kernel joins one channel going in to one coming out; ``12←3`` says which. No two of them lead
    to the same channel, so that they differ.

    Args:
        net: a network.
        layer: as `find_layer` takes it; its first convolution is looked at.
        count: how many; all channels where there are fewer.

    Raises:
        ValueError: no such layer, or no convolution in it.
    """
    found = [x for x in find_layer(net, layer).modules() if isinstance(x, nn.Conv2d)]
    if not found:
        raise ValueError(
            f"learned_kernels: {layer!r} of {type(net).__name__} holds no convolution; "
            "name a layer that does."
        )
    weight = found[0].weight.detach().cpu().double()
    strength, source = weight.flatten(2).norm(dim=2).max(dim=1)
    strongest = strength.argsort(descending=True)[:count].tolist()
    return {f"{layer} {unit}←{source[unit]}": weight[unit, source[unit]] for unit in strongest}


def binomial(size: int) -> Tensor:
    """1 2 1, or 1 4 6 4 1, …: (size,)."""
    return torch.tensor([math.comb(size - 1, n) for n in range(size)], dtype=torch.float64)


def derivative(size: int) -> Tensor:
    """-1 0 1, or -1 -2 0 2 1, …: the difference of two binomials, two pixels apart: (size,)."""
    smooth = binomial(size - 2)
    nothing = smooth.new_zeros(2)
    return torch.cat([nothing, smooth]) - torch.cat([smooth, nothing])
