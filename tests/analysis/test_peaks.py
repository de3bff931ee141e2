"""Intervals of the bootstrap on probes whose answers are written by hand."""

import numpy as np
import pytest

from lecture_nets.analysis.peaks import bootstrap
from lecture_nets.analysis.probes import ProbeResult

IMAGES = 200


def result(layer: str, question: str, right_share: float, seed: int = 0) -> ProbeResult:
    """A probe with ten answers that is right about so many images."""
    random = np.random.default_rng(seed)
    answers = np.arange(IMAGES) % 10
    found = np.where(random.permutation(IMAGES) < right_share * IMAGES, answers, (answers + 1) % 10)
    answered = tuple(zip(range(7, 7 + IMAGES), answers.tolist(), found.tolist(), strict=True))
    return ProbeResult(layer, question, right_share, 0.1, 0.1, 0.06, IMAGES, 9, answered)


def test_the_interval_is_that_of_a_share():
    found = bootstrap([result("a", "class", 0.6)]).scores["class", "a"]
    half = 1.96 * (0.6 * 0.4 / IMAGES) ** 0.5 / 0.9  # on the scale of scores
    assert found.mean == pytest.approx((0.6 - 0.1) / 0.9, abs=0.02)
    assert found.half == pytest.approx(half, rel=0.1)


def test_a_clear_order_is_found_in_all_draws_and_another_in_none():
    probes = [
        result(layer, question, share)
        for question, shares in {"texture": (0.7, 0.3, 0.2), "class": (0.2, 0.5, 0.9)}.items()
        for layer, share in zip("abc", shares, strict=True)
    ]
    found = bootstrap(probes)
    assert found.peaks == {"texture": {"a": 1.0}, "class": {"c": 1.0}}
    assert found.in_order(("texture", "class")) == 1
    assert found.in_order(("class", "texture")) == 0
    falls = found.difference(("texture", "a"), ("texture", "c"))
    assert falls.low > 0.3
    assert falls.mean == pytest.approx(0.5 / 0.9, abs=0.03)


def test_layers_that_are_alike_share_the_peaks():
    probes = [result(layer, "part", 0.5, seed) for seed, layer in enumerate("ab")]
    found = bootstrap(probes).peaks["part"]
    assert min(found.values()) > 0.3
    assert sum(found.values()) == pytest.approx(1)


def test_of_equal_layers_the_first_is_the_peak():
    found = bootstrap([result("a", "part", 1.0), result("b", "part", 1.0)])
    assert found.peaks == {"part": {"a": 1.0}}
    assert found.in_order(("part", "part")) == 0


def test_an_answer_that_a_draw_lacks_is_left_out():
    rare = tuple((i, int(i == 0), int(i == 0)) for i in range(20))  # one image of the second kind
    found = bootstrap([ProbeResult("a", "class", 1.0, 0.5, 0.5, 0.2, 20, 1, rare)])
    assert (found.scores["class", "a"].low, found.scores["class", "a"].high) == (1, 1)


def test_probes_without_answers_are_refused():
    with pytest.raises(ValueError, match="found 1 probes, 1 of them without answers"):
        bootstrap([ProbeResult("a", "class", 1.0, 0.5, 0.5, 0.2, 20, 1)])
