"""Steps of optimizers beside what their formulas give by hand."""

from functools import partial

import pytest
import torch
from timm.optim.rmsprop_tf import RMSpropTF

from lecture_nets.analysis.first_steps import first_steps


@pytest.mark.parametrize(
    ("optimizer", "eps", "gradient", "step"),
    [  # α = 3/4: the accumulator becomes 3/4 of its start, 0 or 1, and a quarter of the square
        (torch.optim.RMSprop, 0, 1.0, 2),  # 1/√(1/4)
        (RMSpropTF, 0, 1.0, 1),  # 1/√(3/4 + 1/4)
        (torch.optim.RMSprop, 1, 3.0, 6 / 5),  # 3/(√(9/4) + 1)
        (RMSpropTF, 1, 3.0, 3 / 2),  # 3/√(3/4 + 9/4 + 1)
    ],
)
def test_both_forms_of_rmsprop(optimizer, eps, gradient, step):
    build = partial(optimizer, lr=1, alpha=0.75, eps=eps)
    assert first_steps(build, [gradient]) == [pytest.approx(step)]


def test_each_gradient_makes_one_step_against_it():
    build = partial(torch.optim.SGD, lr=0.5, momentum=0.5)
    assert first_steps(build, [2.0, -4.0, 0.0]) == [1.0, -1.5, -0.75]
