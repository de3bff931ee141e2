"""One kernel as several cheaper ones: singular values, and the best cascade.

    separability(kernel).rank1_energy           # 1: a column times a row does the same
    separability(conv.weight).rank1_energy      # (out, in): every kernel of a trained layer
    cascade(kernel, sizes=(3, 3)).residual      # 0: two 3×3 do the same as this 5×5

Both speak of one filter without a nonlinearity between its parts; the networks put a ReLU there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import torch
from torch import Tensor

Size = int | tuple[int, int]

# Many starts run a little, few run on: (starts, evaluations). Good basins can be narrow: for a
# Laplacian of Gaussian about one random start in fifty finds the best.
SCHEDULE = ((256, 20), (16, 4000))
TINY = 1e-15  # a change that is nothing but rounding
EXACT = 1e-10  # a residual from which on nothing but rounding is left


@dataclass(frozen=True, eq=False)
class Separability:
    """The result of `separability`.

    Attributes:
        singular_values: (..., min(height, width)), the largest first.
        rank1_energy: (...), σ₁² / Σ σ²: the share of the kernel that a column times a row can
            express. The best such pair leaves a relative residual of √(1 - rank1_energy).
    """

    singular_values: Tensor
    rank1_energy: Tensor


@dataclass(frozen=True, eq=False)
class Cascade:
    """The result of `cascade`.

    Attributes:
        kernels: one per size, float64, all of the same norm. Signs are arbitrary in pairs.
        residual: ‖K - K₁ * K₂ * …‖ / ‖K‖, 0 for an exact cascade.
    """

    kernels: tuple[Tensor, ...]
    residual: float

    @property
    def approximation(self) -> Tensor:
        """K₁ * K₂ * …, of the size of the kernel that was asked for."""
        return torch.from_numpy(convolve([kernel.numpy() for kernel in self.kernels]))


def separability(kernel: Tensor) -> Separability:
    """The share of a kernel that is a column times a row: (..., height, width) -> (...).

    Source: "Rethinking the Inception Architecture" (Szegedy et al. 2015), section 3.2, puts 1×n
    and n×1 in place of n×n. A kernel of zeros counts as separable.

    Raises:
        ValueError: fewer than two dimensions, or a number is not finite.
    """
    if kernel.ndim < 2 or not kernel.isfinite().all():
        raise ValueError(
            f"separability: found {describe(kernel)}, allowed are finite numbers of shape "
            "(..., height, width); pass a kernel or the weight of an nn.Conv2d."
        )
    values = torch.linalg.svdvals(kernel.detach().cpu().double())
    # Scaled first, so that the squares of tiny weights do not vanish.
    largest = values[..., :1]
    shares = torch.where(largest > 0, values / largest, 0).square().sum(-1)
    return Separability(values, 1 / shares.clamp(min=1))


def cascade(kernel: Tensor, sizes: Sequence[Size] = (3, 3)) -> Cascade:
    """The cascade of small kernels that is nearest to one kernel: (height, width) -> `Cascade`.

    ``F.conv2d`` with K₁, then with K₂, … is one ``F.conv2d`` with their full convolution, whose
    distance to the kernel ``scipy.optimize.least_squares`` makes small for all of them at once.
    Random starts are seeded: the same kernel gives the same cascade.

    Source: "Rethinking the Inception Architecture", sections 3.1 (two 3×3 for 5×5) and 3.2.

    Args:
        kernel: (height, width).
        sizes: of the small kernels in order: n for n×n, or (height, width). They reach as far as
            the kernel: the sum of (size - 1) is its size - 1, along both axes.

    Raises:
        ValueError: the kernel is no finite matrix, or the sizes do not fit it.
    """
    if kernel.ndim != 2 or not kernel.isfinite().all():
        raise ValueError(
            f"cascade: found {describe(kernel)}, allowed are finite numbers of shape "
            "(height, width); pass one kernel of a bank at a time."
        )
    shapes = fitting(sizes, (kernel.shape[0], kernel.shape[1]))
    target = kernel.detach().cpu().double().numpy()
    largest = np.abs(target).max()
    if largest == 0:
        return Cascade(tuple(torch.zeros(shape, dtype=torch.float64) for shape in shapes), 0.0)
    # By the largest first: the squares of tiny numbers would vanish.
    norm = np.linalg.norm(target / largest) * largest
    factors, residual = nearest(target / norm, shapes)
    # One scale can move between the factors; it is shared out evenly.
    norms = [np.linalg.norm(factor) for factor in factors]
    each = (np.prod(norms) * norm) ** (1 / len(shapes))
    kernels = (factor / own * each for factor, own in zip(factors, norms, strict=True))
    return Cascade(tuple(map(torch.from_numpy, kernels)), residual)


def fitting(sizes: Sequence[Size], whole: tuple[int, int]) -> list[tuple[int, int]]:
    """The sizes as (height, width), if a cascade of them is as large as the whole.

    Raises:
        ValueError: it is not.
    """
    shapes = [as_shape(size) for size in sizes]
    reach = tuple(1 + sum(shape[axis] - 1 for shape in shapes) for axis in (0, 1))
    if not shapes or min(map(min, shapes)) < 1 or reach != whole:
        found = " then ".join(map(written, shapes)) or "no size"
        raise ValueError(
            f"cascade: found {found}, which reaches {reach[0]}×{reach[1]}, allowed are sizes that "
            f"reach {whole[0]}×{whole[1]}; choose them so that (size - 1) sums to "
            f"{whole[0] - 1} in height and {whole[1] - 1} in width."
        )
    return shapes


def nearest(target: np.ndarray, shapes: list[tuple[int, int]]) -> tuple[list[np.ndarray], float]:
    """Least squares from many starts: a kernel of norm 1 -> factors, and the residual."""
    from scipy.optimize import least_squares  # takes a third of a second to import

    ends = np.cumsum([height * width for height, width in shapes])

    def split(x: np.ndarray) -> list[np.ndarray]:
        parts = np.split(x, ends[:-1])
        return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]

    def missing(x: np.ndarray) -> np.ndarray:
        return (convolve(split(x)) - target).ravel()

    def slope(x: np.ndarray) -> np.ndarray:
        """(pixels, unknowns): a pixel of one factor adds the product of the others, shifted."""
        factors = split(x)
        slopes = []
        for n, (height, width) in enumerate(shapes):
            others = convolve(factors[:n] + factors[n + 1 :])
            shifted = np.zeros((height, width, *target.shape))
            for row in range(height):
                for column in range(width):
                    there = shifted[row, column, row:, column:]
                    there[: others.shape[0], : others.shape[1]] = others
            slopes.append(shifted.reshape(height * width, -1))
        return np.concatenate(slopes).T

    method = "lm" if target.size >= ends[-1] else "trf"  # MINPACK wants as many pixels as unknowns
    points = list(np.random.default_rng(0).standard_normal((SCHEDULE[0][0], ends[-1])))
    residual = 1.0
    for starts, evaluations in SCHEDULE:
        reached: list[tuple[float, np.ndarray]] = []
        for x in points[:starts]:
            found = least_squares(
                missing,
                x,
                slope,  # pyright: ignore[reportArgumentType]
                method=method,
                ftol=TINY,
                xtol=TINY,
                gtol=TINY,
                max_nfev=evaluations,
            )
            reached.append((float(np.sqrt(2 * found.cost)), found.x))
            if reached[-1][0] < EXACT:
                break
        reached.sort(key=lambda each: each[0])
        residual, points = reached[0][0], [x for _, x in reached]
    return split(points[0]), residual


def convolve(factors: Sequence[np.ndarray]) -> np.ndarray:
    """The full convolution of kernels, each (h, w) -> (H, W); of none, a single 1."""
    from scipy.signal import convolve2d

    return reduce(convolve2d, factors, np.ones((1, 1)))


def as_shape(size: Size) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else size


def written(size: Size) -> str:
    return "{}×{}".format(*as_shape(size))


def describe(kernel: Tensor) -> str:
    return f"{'finite' if kernel.isfinite().all() else 'not all finite'} {tuple(kernel.shape)}"
