"""Label smoothing where labels are wrong: pairs of runs, and an interval for the gain.

    def fit(noise, epsilon, seed): ...        # train with so many wrong labels: the test accuracy
    results = run_label_noise(fit)
    results[1].gains                          # at 20 % wrong labels: (Interval(mean=…, half=…),)

Drawn by `lecture_nets.visualize.training_curves.draw_label_noise`.
"""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lecture_nets.progress import progress


@dataclass(frozen=True)
class Interval:
    """A mean and how far it can be trusted.

    Attributes:
        mean: of the values.
        half: half the width of the 95 % interval around it.
    """

    mean: float
    half: float

    @property
    def low(self) -> float:
        return self.mean - self.half

    @property
    def high(self) -> float:
        return self.mean + self.half

    @property
    def excludes_zero(self) -> bool:
        return self.low > 0 or self.high < 0


def t_interval(values: Sequence[float]) -> Interval:
    """The 95 % interval of Student's t for the mean of ``values``: ``t · s / √n`` to each side.

    Raises:
        ValueError: fewer than 2 values, which say nothing about their spread.
    """
    if len(values) < 2:
        raise ValueError(f"t_interval: found {len(values)} values; give 2 or more.")
    from scipy.special import stdtrit

    half = float(stdtrit(len(values) - 1, 0.975)) * statistics.stdev(values)
    half /= math.sqrt(len(values))
    return Interval(statistics.fmean(values), half)


@dataclass(frozen=True)
class NoiseResult:
    """All runs with one share of wrong labels.

    Attributes:
        noise: share of training labels that are wrong.
        epsilons: how much labels were smoothed, the first being what others are compared with.
        accuracies: ``accuracies[i][j]`` with ``epsilons[i]`` and the ``j``-th seed, 0…1.
    """

    noise: float
    epsilons: tuple[float, ...]
    accuracies: tuple[tuple[float, ...], ...]

    @property
    def means(self) -> tuple[Interval, ...]:
        """Accuracy for each ε."""
        return tuple(map(t_interval, self.accuracies))

    @property
    def gains(self) -> tuple[Interval, ...]:
        """Accuracy gained over the first ε by each other, from differences of the same seed."""
        first, *others = self.accuracies
        return tuple(
            t_interval([b - a for a, b in zip(first, each, strict=True)]) for each in others
        )


def matching_epsilon(noise: float, num_classes: int) -> float:
    """The ε whose smoothed label is how labels are distributed, if so many of them are wrong.

    A label is right with probability 1 − noise, and each of the K − 1 others as likely as another:
    ``1 − ε + ε/K = 1 − noise``, so ``ε = noise · K / (K − 1)``. Fixed by the noise alone, before
    anything is trained. Lukasik et al. (arXiv 2003.02819) relate smoothing to such noise.

    Raises:
        ValueError: fewer than two classes, or so much noise that the right label is no longer the
            likeliest.
    """
    if num_classes < 2 or not 0 <= noise < (num_classes - 1) / num_classes:
        raise ValueError(
            f"matching_epsilon: found noise {noise} and {num_classes} classes, allowed are at "
            "least 2 classes and less noise than (K − 1) / K, where labels say nothing."
        )
    return noise * num_classes / (num_classes - 1)


def run_label_noise(
    fit: Callable[[float, float, int], float],
    noise: Sequence[float] = (0.0, 0.2, 0.4),
    epsilons: Sequence[float] = (0.0, 0.1),
    seeds: Sequence[int] = (0, 1, 2),
) -> tuple[NoiseResult, ...]:
    """Call ``fit(noise, epsilon, seed)`` for every combination.

    Runs that differ in ε alone must differ in nothing else: the same seed means the same images,
    wrong labels, first weights and order.

    Args:
        fit: trains a network and returns its accuracy on clean test labels, 0…1.
        noise: shares of training labels that are replaced by wrong ones.
        epsilons: strengths of `LabelSmoothing`; the first is what the others are compared with.
        seeds: at least two.

    Returns:
        One result for each share of wrong labels.

    Raises:
        ValueError: fewer than two seeds or strengths, or one of them twice.
    """
    for name, values in {"epsilons": epsilons, "seeds": seeds}.items():
        if len(values) < 2 or len(set(values)) < len(values):
            raise ValueError(
                f"run_label_noise({name}={tuple(values)}): at least 2 different ones are needed, "
                "or there is nothing to compare."
            )
    runs = [(share, epsilon, seed) for seed in seeds for share in noise for epsilon in epsilons]
    found = {run: fit(*run) for run in progress(runs, "Training with wrong labels")}
    return tuple(
        NoiseResult(
            share,
            tuple(epsilons),
            tuple(tuple(found[share, epsilon, seed] for seed in seeds) for epsilon in epsilons),
        )
        for share in noise
    )
