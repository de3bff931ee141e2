"""The chart of reuse says in words and bars what was measured."""

import pytest

from lecture_nets.analysis.label_noise import Interval
from lecture_nets.analysis.reuse import RowReuse
from lecture_nets.analysis.silencing import Silenced
from lecture_nets.analysis.users import Correlation
from lecture_nets.visualize.reuse import draw_load, draw_reuse, draw_silenced


def test_a_bar_is_as_high_as_the_share_of_units_that_change():
    rows = [RowReuse("conv_2", (True, False, False, False)), RowReuse("conv_3", (True, True))]
    picture = draw_reuse("channel 0 of conv_1", rows)
    (axes,) = picture.figure.axes
    assert [bar.get_height() for bar in axes.patches] == [0.25, 1.0]
    assert "conv_2 25%; conv_3 100%" in picture.alt
    assert [label.get_text() for label in axes.texts] == ["1/4", "2/2"]


def test_a_chart_needs_rows():
    with pytest.raises(ValueError, match="found no rows"):
        draw_reuse("channel 0 of conv_5", [])


def silenced(*means: float) -> dict[str, Silenced]:
    return {
        f"conv_{i}": Silenced(f"conv_{i}", {0: mean}, Interval(mean, 0.01), 0.1)
        for i, mean in enumerate(means, 1)
    }


def test_bars_are_the_points_that_a_silent_unit_costs():
    picture = draw_silenced(silenced(0.05, 0.02), silenced(0.0, 0.001))
    (axes,) = picture.figure.axes
    assert [round(bar.get_height(), 3) for bar in axes.patches] == [5, 2, 0, 0.1]
    assert "conv_1 5.0 %, untrained 0.0 %; conv_2 2.0 %, untrained 0.1 %" in picture.alt


def test_bars_need_the_same_rows_of_both_networks():
    with pytest.raises(ValueError, match="found rows \\['conv_1'\\] and \\[\\]"):
        draw_silenced(silenced(0.05), {})


def test_dots_are_users_and_losses_and_the_interval_stands_below():
    picture = draw_load([0.25, 0.5], [0.05, 0.1], Correlation(0.8, 0.1, 0.9), ["bar", "blob"])
    (line,) = picture.figure.axes[0].lines
    assert (list(line.get_xdata()), list(line.get_ydata())) == ([25, 50], [5, 10])
    assert "from 5 % to 10 %" in picture.alt
    assert "95 % interval 0.10 to 0.90" in picture.figure.get_supxlabel()
