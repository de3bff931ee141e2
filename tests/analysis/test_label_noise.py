"""The interval against SciPy, and runs that are paired as they should be."""

import math

import pytest
import scipy.stats
import torch

from lecture_nets.analysis.label_noise import (
    NoiseResult,
    matching_epsilon,
    run_label_noise,
    t_interval,
)
from lecture_nets.callbacks import smooth_labels


@pytest.mark.parametrize("values", [[1.0, 3.0], [0.5, 0.6, 0.4, 0.9], [0.1] * 3 + [0.4] * 30])
def test_the_interval_is_scipys(values):
    found, n = t_interval(values), len(values)
    low, high = scipy.stats.t.interval(
        0.95, n - 1, loc=sum(values) / n, scale=scipy.stats.sem(values)
    )
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-9)


def test_an_interval_by_hand():
    # s = 1, n = 3, t = 4.3027
    found = t_interval([1.0, 2.0, 3.0])
    assert (found.mean, found.half) == pytest.approx((2, 4.3027 / math.sqrt(3)), rel=1e-4)
    assert not found.excludes_zero
    assert t_interval([9.0, 10.0, 11.0]).excludes_zero
    assert t_interval([-9.0, -10.0, -11.0]).excludes_zero


@pytest.mark.parametrize("values", [[], [1.0]])
def test_too_few_values(values):
    with pytest.raises(ValueError, match="give 2 or more"):
        t_interval(values)


def test_gains_come_from_pairs_of_the_same_seed():
    # Seeds differ by far more than the gain, which is 0.02 in each.
    result = NoiseResult(0.2, (0.0, 0.1), ((0.1, 0.5, 0.9), (0.12, 0.52, 0.92)))
    (gain,) = result.gains
    assert (gain.mean, gain.half) == pytest.approx((0.02, 0))
    assert result.means[0].half > 0.5


def test_every_combination_is_run_once_and_sorted_in():
    calls = []

    def fit(noise: float, epsilon: float, seed: int) -> float:
        calls.append((noise, epsilon, seed))
        return noise + epsilon / 10 + seed / 1000

    results = run_label_noise(fit, (0.0, 0.4), (0.0, 0.1, 0.2), (7, 5))
    assert len(calls) == len(set(calls)) == 12
    assert [result.noise for result in results] == [0.0, 0.4]
    assert results[1].accuracies[2] == pytest.approx((0.427, 0.425))


@pytest.mark.parametrize(
    "options", [{"seeds": (1,)}, {"seeds": (1, 1)}, {"epsilons": (0.1,)}], ids=str
)
def test_one_run_is_nothing_to_compare(options):
    with pytest.raises(ValueError, match="nothing to compare"):
        run_label_noise(lambda *_: 0.5, **options)


@pytest.mark.parametrize(("noise", "classes"), [(0.0, 10), (0.2, 10), (0.4, 10), (0.3, 3)])
def test_the_matching_epsilon_smooths_as_much_as_the_noise(noise, classes):
    epsilon = matching_epsilon(noise, classes)
    (label,) = smooth_labels(torch.tensor([0]), classes, epsilon)
    wrong = noise / (classes - 1)
    assert label.tolist() == pytest.approx([1 - noise, *[wrong] * (classes - 1)])


@pytest.mark.parametrize(("noise", "classes"), [(0.9, 10), (-0.1, 10), (0.1, 1), (math.nan, 10)])
def test_no_epsilon_matches(noise, classes):
    with pytest.raises(ValueError, match="matching_epsilon: found noise"):
        matching_epsilon(noise, classes)
