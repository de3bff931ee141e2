"""The picture of first steps: one line for each optimizer, and its ends in words."""

import pytest

from lecture_nets.visualize.optimizers import draw_first_steps

STEPS = {"one": [4.0, 2.0, 1.0], "other": [0.5, 0.75]}


def test_each_optimizer_has_its_line():
    (axes,) = draw_first_steps(STEPS, "Steps").figure.axes
    assert {line.get_label(): list(line.get_ydata()) for line in axes.lines} == STEPS
    assert axes.get_yscale() == "log"


def test_words_name_the_first_and_the_last_step():
    alt = draw_first_steps(STEPS, "Steps").alt
    assert alt == "Length of the first 3 steps: one from 4 to 1; other from 0.5 to 0.75."


@pytest.mark.parametrize(
    ("steps", "found"),
    [({}, "no steps"), ({"one": []}, "no steps"), ({"one": [1.0, 0.0]}, "not positive")],
)
def test_what_has_no_logarithm_is_refused(steps, found):
    with pytest.raises(ValueError, match=found):
        draw_first_steps(steps, "Steps")
