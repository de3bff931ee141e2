"""Several ways to do one thing, each tried with the same seeds: scores, and what is gained.

found = contest({"SGD": by_sgd, "RMSprop": by_rmsprop}, seeds=range(3))   # seed -> score
found.gain("RMSprop", over="SGD")                # Interval, from differences of the same seed
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lecture_nets.analysis.label_noise import Interval, t_interval
from lecture_nets.progress import progress


@dataclass(frozen=True)
class Contest:
    """The result of `contest`.

    Attributes:
        scores: of each way, one for each seed, in the order of the seeds.
    """

    scores: Mapping[str, tuple[float, ...]]

    def mean(self, way: str) -> Interval:
        """The score of one way."""
        return t_interval(self.scores[way])

    def gain(self, way: str, over: str) -> Interval:
        """The gain of one way over another, from differences of the same seed."""
        pairs = zip(self.scores[way], self.scores[over], strict=True)
        return t_interval([one - other for one, other in pairs])


def contest(ways: Mapping[str, Callable[[int], float]], seeds: Sequence[int]) -> Contest:
    """Call every way with every seed.

    The same seed must mean the same images, first weights and order, as far as ways allow: then
    what differs between two scores is the way.

    Args:
        ways: by name, what takes a seed and returns a score.
        seeds: at least two.

    Raises:
        ValueError: fewer than two ways or seeds, or a seed twice.
    """
    for name, values in {"ways": list(ways), "seeds": seeds}.items():
        if len(values) < 2 or len(set(values)) < len(values):
            raise ValueError(
                f"contest({name}={list(values)}): at least 2 different ones are needed, or there "
                "is nothing to compare."
            )
    runs = [(way, seed) for seed in seeds for way in ways]
    found = {(way, seed): ways[way](seed) for way, seed in progress(runs, "Trying each way")}
    return Contest({way: tuple(found[way, seed] for seed in seeds) for way in ways})
