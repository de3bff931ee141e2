"""The chart of reuse says in words and bars what was measured."""

import pytest

from lecture_nets.analysis.reuse import RowReuse
from lecture_nets.visualize.reuse import draw_reuse


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
