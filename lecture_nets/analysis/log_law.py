"""A straight line through measured points: how a quantity grows with the logarithm of time."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """The line of least squares.

    Attributes:
        slope: rise for each unit of x.
        intercept: value at x = 0.
        r2: share of the variance of y that the line explains, at most 1.
    """

    slope: float
    intercept: float
    r2: float


def fit_line(x: Sequence[float], y: Sequence[float]) -> Line:
    """The line of least squares through points.

    Raises:
        ValueError: fewer than three points, x without y, or all x or all y equal.
    """
    if len(x) != len(y) or len(x) < 3 or len(set(x)) < 2 or len(set(y)) < 2:
        raise ValueError(
            f"fit_line: found {len(x)} x and {len(y)} y, allowed are as many of both, at least 3, "
            "that are not all equal."
        )
    slope, intercept = statistics.linear_regression(x, y)
    return Line(slope, intercept, statistics.correlation(x, y) ** 2)
