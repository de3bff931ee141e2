"""Users of each symbol of HierarchyWorld, and how well their number goes with what it costs.

users = symbol_users(data.test_set.grammar)["stroke"]     # shares of the textures' arrangements
lost = [fmean(each.lost) for each in erase_symbols(net, images, truth, "conv_2", "stroke")]
correlate(users, lost)                                    # Correlation(r=0.81, low=…, high=…)
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from lecture_nets.data.hierarchy_world import Grammar

Z_975 = 1.96  # of the normal distribution


def symbol_users(grammar: Grammar) -> dict[str, tuple[float, ...]]:
    """For each level below the class, the share of the arrangements above that use each symbol."""
    return {
        level: tuple(
            float((rule.reshape(-1, rule.shape[-1]) == symbol).any(1).mean())
            for symbol in range(grammar.symbols)
        )
        for level, rule in zip(grammar.levels[1:], grammar.rules, strict=True)
    }


@dataclass(frozen=True)
class Correlation:
    """Pearson's correlation and its 95 % interval (Fisher's z)."""

    r: float
    low: float
    high: float


def correlate(x: Sequence[float], y: Sequence[float]) -> Correlation:
    """Pearson's correlation of two quantities, from -1 to 1, with its interval.

    A quantity that never varies goes with nothing: 0, and anything from -1 to 1 is possible.

    Raises:
        ValueError: not as many of both, or fewer than four pairs, which say nothing.
    """
    if len(x) != len(y) or len(x) < 4:
        raise ValueError(
            f"correlate: found {len(x)} and {len(y)} values; allowed are four pairs or more."
        )
    if len(set(x)) == 1 or len(set(y)) == 1:
        return Correlation(0.0, -1.0, 1.0)
    r = statistics.correlation(x, y)
    if abs(r) > 1 - 1e-12:
        return Correlation(r, r, r)
    z, half = math.atanh(r), Z_975 / math.sqrt(len(x) - 3)
    return Correlation(r, math.tanh(z - half), math.tanh(z + half))
