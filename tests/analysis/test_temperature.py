"""Temperatures that are known, against a search over many, and limits of entropy."""

import math

import pytest
import torch

from lecture_nets.analysis.calibration import calibrate
from lecture_nets.analysis.temperature import at_temperature, best_temperature, entropy


def honest(images=20_000, classes=5, seed=0):
    """Logits whose softmax is how often labels are what."""
    generator = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(images, classes, generator=generator, dtype=torch.float64)
    labels = torch.multinomial(logits.softmax(1), 1, generator=generator)[:, 0]
    return logits, labels


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_logits_that_were_scaled_are_scaled_back(factor):
    logits, labels = honest()
    sure = (logits * factor).softmax(1)
    temperature = best_temperature(sure, labels)
    assert temperature == pytest.approx(factor, rel=0.05)
    assert torch.allclose(at_temperature(sure, factor), logits.softmax(1))
    better = calibrate(at_temperature(sure, temperature), labels).error
    assert better < 0.015
    assert factor == 1 or better < calibrate(sure, labels).error / 3


def test_it_has_the_least_cross_entropy_of_a_grid():
    logits, labels = honest(500, seed=1)
    sure = (logits * 1.7).softmax(1)

    def loss(temperature):
        return torch.nn.functional.nll_loss(at_temperature(sure, temperature).log(), labels)

    found = best_temperature(sure, labels)
    assert loss(found) <= min(loss(t) for t in torch.logspace(-1, 1, 200).tolist()) + 1e-9


def test_the_guess_stays_and_certainty_is_survived():
    sure = torch.tensor([[1.0, 0.0, 0.0], [0.2, 0.5, 0.3]])
    for temperature in (0.1, 10.0):
        warm = at_temperature(sure, temperature)
        assert warm.isfinite().all()
        assert warm.argmax(1).tolist() == [0, 1]
    assert at_temperature(sure, 10.0)[1, 1] < sure[1, 1] < at_temperature(sure, 0.1)[1, 1]


def test_all_right_is_as_cold_as_allowed_and_all_wrong_as_warm():
    sure = torch.tensor([[0.7, 0.3]] * 4)
    assert best_temperature(sure, torch.zeros(4)) == pytest.approx(1 / 64, rel=0.01)
    assert best_temperature(sure, torch.ones(4)) == pytest.approx(64, rel=0.01)


def test_entropy():
    assert entropy(torch.full((3, 10), 0.1)) == pytest.approx(math.log(10))
    assert entropy(torch.eye(4)) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("temperature", [0, -1, math.inf, math.nan])
def test_no_temperature(temperature):
    with pytest.raises(ValueError, match="allowed are numbers above 0"):
        at_temperature(torch.eye(2), temperature)
