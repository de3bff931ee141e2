"""Every rate with every seed; the best of them; and what diverges counts as guessing."""

from functools import partial

import pytest

from lecture_nets import PartsWorldDataModule
from lecture_nets.analysis.stacking import best_rate, training_errors
from lecture_nets.nets.plain_stack import PlainStack


@pytest.fixture(scope="module")
def data():
    data = PartsWorldDataModule(32, 10, 10, 10, 10, augment=False)
    data.setup("fit")
    return data


def test_four_layers_learn_ten_images_at_a_fair_rate_only(data):
    build = partial(PlainStack, 4, width=0.5)
    errors = training_errors(build, data, 60, rates=(1e-6, 0.05), seeds=(0, 1))
    assert list(errors) == [1e-6, 0.05]
    assert errors[0.05] == (0, 0)
    assert min(errors[1e-6]) > 0.5
    assert best_rate(errors) == 0.05


def test_what_diverges_has_guessed(data):
    build = partial(PlainStack, 8, width=0.5)
    assert training_errors(build, data, 5, rates=(1e6,))[1e6] == (0.9,)


def test_of_equal_rates_the_largest():
    assert best_rate({0.1: (0.2, 0.4), 0.2: (0.3, 0.3), 0.3: (0.0, 0.7)}) == 0.2
