"""Can one kernel be had as several cheaper ones? Singular values, and the best cascade.

    separability(kernel).rank1_energy           # 1: a column times a row does the same
    separability(conv.weight).rank1_energy      # (out, in): every kernel of a trained layer
    cascade(kernel, sizes=(3, 3)).residual      # 0: two 3×3 do the same as this 5×5

Both speak of one filter without a nonlinearity between its parts; the networks put a ReLU there.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

Size = int | tuple[int, int]

# Many starts run a little, few run on, one runs to the end: (starts, steps). Good basins can be
# narrow: for a Laplacian of Gaussian 7×7 about one random start in a hundred finds the best.
SCHEDULE = ((1024, 15), (128, 45), (1, 2000))
# The best is reached when the residual is at right angles to all directions of change (cosine),
# or when nothing but rounding is left.
COSINE = 1e-6
ROUNDING = 1e-10


@dataclass(frozen=True, eq=False)
class Separability:
    """What `separability` finds.

    Attributes:
        singular_values: (..., min(height, width)), the largest first.
        rank1_energy: (...), σ₁² / Σ σ²: the share of the kernel that a column times a row can
            express. The best such pair leaves a relative residual of √(1 - rank1_energy).
    """

    singular_values: Tensor
    rank1_energy: Tensor


@dataclass(frozen=True, eq=False)
class Cascade:
    """What `cascade` finds.

    Attributes:
        kernels: one per size, float64, all of the same norm. Signs are arbitrary in pairs.
        residual: ‖K - K₁ * K₂ * …‖ / ‖K‖, 0 for an exact cascade.
    """

    kernels: tuple[Tensor, ...]
    residual: float

    @property
    def approximation(self) -> Tensor:
        """K₁ * K₂ * …, of the size of the kernel that was asked for."""
        return convolve_all([kernel[None] for kernel in self.kernels])[0]


def separability(kernel: Tensor) -> Separability:
    """How much of a kernel is a column times a row: (..., height, width) -> (...).

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

    ``F.conv2d`` with K₁, then with K₂, … is one ``F.conv2d`` with their full convolution. That is
    linear in each of them, so one damped Gauss-Newton step (Levenberg-Marquardt) solves a linear
    least-squares problem for all at once; alternating steps crawl where factors resemble each
    other. Random starts are seeded: the same kernel gives the same cascade.

    Source: "Rethinking the Inception Architecture", sections 3.1 (two 3×3 for 5×5) and 3.2.

    Args:
        kernel: (height, width).
        sizes: of the small kernels in order: n for n×n, or (height, width). They reach as far as
            the kernel: the sum of (size - 1) is its size - 1, along both axes.

    Raises:
        ValueError: the kernel is no finite matrix, or the sizes do not fit it.
        ArithmeticError: no start led to a minimum.
    """
    if kernel.ndim != 2 or not kernel.isfinite().all():
        raise ValueError(
            f"cascade: found {describe(kernel)}, allowed are finite numbers of shape "
            "(height, width); pass one kernel of a bank at a time."
        )
    shapes = fitting(sizes, (kernel.shape[0], kernel.shape[1]))
    target = kernel.detach().cpu().double().flatten()
    largest = target.abs().amax()
    if largest == 0:
        return Cascade(tuple(target.new_zeros(shape) for shape in shapes), 0.0)
    # By the largest first: the squares of tiny numbers would vanish.
    norm = (target / largest).norm() * largest
    with one_thread():
        factors, residual = nearest(target / norm, shapes)
    # One scale can move between the factors; it is shared out evenly.
    norms = torch.stack([factor.norm() for factor in factors])
    each = (norms.prod() * norm) ** (1 / len(shapes))
    return Cascade(tuple(factor / factor.norm() * each for factor in factors), residual)


@contextmanager
def one_thread() -> Iterator[None]:
    """Within, torch computes on one thread.

    Matrices as small as kernels gain nothing from more, and on a busy machine threads that wait for
    each other made `cascade` thirty times slower, measured.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


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


def nearest(target: Tensor, shapes: list[tuple[int, int]]) -> tuple[list[Tensor], float]:
    """Levenberg-Marquardt from many starts: a flat kernel of norm 1 -> factors and residual."""
    lengths = [height * width for height, width in shapes]

    def split(points: Tensor) -> list[Tensor]:
        parts = points.split(lengths, dim=1)
        return [part.unflatten(1, shape) for part, shape in zip(parts, shapes, strict=True)]

    def look(points: Tensor) -> tuple[Tensor, Tensor]:
        """Residual (starts, pixels) and its derivative (starts, pixels, unknowns)."""
        one = points.new_ones(len(points), 1, 1)
        factors = split(points)
        slopes = [
            shifts(convolve_all([one, *factors[:n], *factors[n + 1 :]]), shape)
            for n, shape in enumerate(shapes)
        ]
        slope = torch.cat(slopes, dim=2)
        # Linear in each factor: the derivative times all of them counts the product once each.
        return (slope @ points[..., None])[..., 0] / len(shapes) - target, slope

    def at_minimum(missing: Tensor, slope: Tensor) -> Tensor:
        """(starts,): can no small change make the residual smaller?"""
        error = missing.norm(dim=1)
        cosine = (slope.mT @ missing[..., None])[..., 0].norm(dim=1) / error.clamp(min=ROUNDING)
        return (error < ROUNDING) | (cosine < COSINE)

    generator = torch.Generator().manual_seed(0)
    points = torch.randn(SCHEDULE[0][0], sum(lengths), generator=generator, dtype=target.dtype)
    damping = torch.ones(len(points), dtype=target.dtype)
    missing, slope = look(points)
    unit = torch.eye(sum(lengths), dtype=target.dtype)
    for starts, steps in SCHEDULE:
        best = missing.norm(dim=1).argsort()[:starts]
        points, damping, missing, slope = points[best], damping[best], missing[best], slope[best]
        for _ in range(steps):
            if at_minimum(missing, slope).all():
                break
            uphill = slope.mT @ missing[..., None]
            step = torch.linalg.solve(slope.mT @ slope + damping[:, None, None] * unit, uphill)
            moved = points - step[..., 0]
            missing_then, slope_then = look(moved)
            gain = missing.square().sum(1) - missing_then.square().sum(1)
            promise = (step * (damping[:, None, None] * step + uphill)).sum((1, 2))
            better = gain > 0
            points = torch.where(better[:, None], moved, points)
            missing = torch.where(better[:, None], missing_then, missing)
            slope = torch.where(better[:, None, None], slope_then, slope)
            # A step that keeps little of its promise jumped across the valley, so take shorter
            # ones; where the two largest singular values are equal it would do so for ever.
            damping = torch.where(gain > 0.75 * promise, damping / 5, damping)
            damping = torch.where(gain < 0.25 * promise, damping * 3, damping).clamp(1e-14, 1e8)
    if not at_minimum(missing, slope).all():
        raise ArithmeticError(
            f"cascade: no minimum found after {SCHEDULE[-1][1]} steps for sizes {shapes}, allowed "
            f"is a cosine below {COSINE:g}; please report the kernel."
        )
    return [factor[0] for factor in split(points)], float(missing.norm())


def shifts(kernels: Tensor, size: tuple[int, int]) -> Tensor:
    """The matrix that convolves with a kernel: (n, h, w) -> (n, pixels of both, pixels of size).

    ``shifts(a, b.shape) @ b.flatten()`` is the full convolution of a and b.
    """
    height, width = size
    padded = F.pad(kernels[:, None], (width - 1, width - 1, height - 1, height - 1))
    return F.unfold(padded, size).flip(1).mT


def convolve_all(factors: Sequence[Tensor]) -> Tensor:
    """The full convolution of batches of kernels: each (n, h, w) -> (n, H, W)."""
    whole = factors[0]
    for factor in factors[1:]:
        height, width = (a + b - 1 for a, b in zip(whole.shape[1:], factor.shape[1:], strict=True))
        matrix = shifts(whole, (factor.shape[1], factor.shape[2]))
        whole = (matrix @ factor.flatten(1)[..., None]).reshape(-1, height, width)
    return whole


def as_shape(size: Size) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else size


def written(size: Size) -> str:
    return "{}×{}".format(*as_shape(size))


def describe(kernel: Tensor) -> str:
    return f"{'finite' if kernel.isfinite().all() else 'not all finite'} {tuple(kernel.shape)}"
