"""A line, by hand and for a law that is exactly one."""

import math

import pytest

from lecture_nets.analysis.log_law import fit_line


def test_by_hand():
    line = fit_line([0, 1, 2], [1, 3, 2])
    assert (line.slope, line.intercept, line.r2) == pytest.approx((0.5, 1.5, 0.25))


def test_a_logarithm_is_a_line_and_a_root_is_less_of_one():
    steps = [100 * 2**i for i in range(7)]
    x = [math.log(step) for step in steps]
    line = fit_line(x, [3 + 2 * each for each in x])
    assert (line.slope, line.intercept, line.r2) == pytest.approx((2, 3, 1))
    assert fit_line(x, [step**0.5 for step in steps]).r2 < 0.93


@pytest.mark.parametrize(
    ("x", "y"), [([1, 2], [1, 2]), ([1, 1, 1], [1, 2, 3]), ([1, 2, 3], [1, 1, 1]), ([1, 2, 3], [1])]
)
def test_no_line(x, y):
    with pytest.raises(ValueError, match="fit_line: found"):
        fit_line(x, y)
