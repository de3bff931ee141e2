"""Training errors of one network at several learning rates and seeds, as fairness to depth demands.

errors = training_errors(partial(PlainStack, 56), data, 300, rates=(0.05, 0.01), seeds=(0, 1))
best_rate(errors)                     # the rate that leaves the fewest mistakes
"""

import statistics
from collections.abc import Callable, Mapping, Sequence

from torch import nn

from lecture_nets.analysis.depth import mistakes
from lecture_nets.data.base import ImageDataModule
from lecture_nets.training.finite_guard import NonFiniteError
from lecture_nets.training.plain_sgd import fit_plainly


def training_errors(
    build: Callable[[], nn.Module],
    data: ImageDataModule,
    epochs: int,
    rates: Sequence[float],
    seeds: Sequence[int] = (0,),
) -> dict[float, tuple[float, ...]]:
    """Share of the training images that a new network misclassifies after one cycle of training.

    A deep network that fails at the rate which suits a shallow one has not been shown to fail; so
    every rate is tried with every seed. One that diverges counts as guessing.

    Args:
        build: makes the network, after the seed is set.
        data: set up for fitting.
        epochs: passes over the training images.
        rates: peaks of the learning rate.
        seeds: of the first weights and of the order of images.

    Returns:
        For each rate one error for each seed, 0…1.
    """
    return {
        rate: tuple(training_error(build, data, epochs, rate, seed) for seed in seeds)
        for rate in rates
    }


def training_error(
    build: Callable[[], nn.Module], data: ImageDataModule, epochs: int, rate: float, seed: int
) -> float:
    try:
        module = fit_plainly(build, data, epochs, lr=rate, schedule="one_cycle", seed=seed)
    except NonFiniteError:  # it diverged, and is left with the guess
        return 1 - 1 / data.num_classes
    wrong, images = mistakes(module, data.loader(data.train_set))
    return wrong / images


def best_rate(errors: Mapping[float, Sequence[float]]) -> float:
    """The rate with the least mean error; of several the largest."""
    return min(errors, key=lambda rate: (statistics.fmean(errors[rate]), -rate))
