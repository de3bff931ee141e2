"""The chart of a ladder: from shallow to deep, with words that carry the same numbers."""

import pytest

from lecture_nets.analysis.ladder import Rung
from lecture_nets.visualize.ladder import draw_ladder

RUNGS = (
    Rung("VGG19", 19, 8_736_282, 1000, 900, 9.0),
    Rung("ShallowSVM", 1, 81_930, 1000, 42, 1.0),
    Rung("ZFNet", 8, 3_655_978, 1000, 885, 5.0),
)


@pytest.fixture
def picture():
    return draw_ladder(RUNGS, "Ours", guessing=0.9, caption="4000 images")


def test_bars_stand_in_order_of_depth(picture):
    (axes,) = picture.figure.axes
    assert [bar.get_height() for bar in axes.patches] == pytest.approx([4.2, 88.5, 90])
    names = [label.get_text() for label in axes.get_xticklabels()]
    assert names == ["ShallowSVM\n1 layer", "ZFNet\n8 layers", "VGG19\n19 layers"]


def test_words_name_every_network_with_depth_and_error(picture):
    assert "ShallowSVM, 1 layer: 4.2%; ZFNet, 8 layers: 88.5%; VGG19, 19" in picture.alt
    assert "Guessing: 90%" in picture.alt


def test_guessing_is_a_line_where_an_error_comes_near(picture):
    assert [line.get_ydata()[0] for line in picture.figure.axes[0].lines] == [90]
    assert not draw_ladder(RUNGS[1:2], "Ours", guessing=0.9).figure.axes[0].lines


def test_no_text_overlaps_another_or_leaves_the_picture(picture):
    assert picture.png  # lays the texts out
    (axes,) = picture.figure.axes
    texts = [*picture.figure.texts, *axes.texts, *axes.get_xticklabels()]
    boxes = [text.get_window_extent() for text in texts]
    page = picture.figure.bbox
    assert all(page.x0 <= box.x0 and box.x1 <= page.x1 for box in boxes)
    assert not [(a, b) for i, a in enumerate(boxes) for b in boxes[:i] if a.overlaps(b)]


def test_a_chart_of_nothing_is_refused():
    with pytest.raises(ValueError, match="found no rungs"):
        draw_ladder((), "Nothing", guessing=0.9)
