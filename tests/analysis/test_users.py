"""Users are counted by the rules, and correlations have honest intervals."""

import numpy as np
import pytest

from lecture_nets.analysis.users import correlate, symbol_users
from lecture_nets.data.hierarchy_world import make_grammar


def test_users_are_the_arrangements_that_hold_a_symbol():
    grammar = make_grammar(0, synonyms=4)
    users = symbol_users(grammar)
    assert list(users) == ["part", "texture", "stroke"]
    counted = [0] * 8
    for texture in grammar.rules[-1]:
        for four in texture.tolist():
            for stroke in set(four):
                counted[stroke] += 1
    assert users["stroke"] == pytest.approx([each / 32 for each in counted])


def test_a_line_goes_together_and_a_constant_with_nothing():
    assert correlate([1, 2, 3, 4], [2, 4, 6, 8]).low == pytest.approx(1)
    assert correlate([1, 1, 1, 1], [2, 4, 6, 8]) == correlate([2, 4, 6, 8], [1, 1, 1, 1])
    found = correlate([1, 1, 1, 1], [2, 4, 6, 8])
    assert (found.r, found.low, found.high) == (0, -1, 1)


def test_the_interval_holds_the_truth_in_95_of_100_cases():
    random = np.random.default_rng(0)
    hit = 0
    for _ in range(400):
        x = random.standard_normal(12)
        y = 0.6 * x + 0.8 * random.standard_normal(12)
        found = correlate(x.tolist(), y.tolist())
        hit += found.low < 0.6 < found.high
    assert 0.92 < hit / 400 < 0.98


def test_too_few_pairs_are_refused():
    with pytest.raises(ValueError, match="found 3 and 3 values"):
        correlate([1, 2, 3], [1, 2, 3])
