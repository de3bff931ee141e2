"""The lecture's figure of the challenge: what is drawn, and that words carry the same numbers."""

from lecture_nets.analysis.history import ILSVRC
from lecture_nets.visualize.history import depth_and_error


def test_each_winner_has_a_bar_of_its_error_and_one_of_its_depth():
    error, depth = depth_and_error().figure.axes
    winners = [row for row in ILSVRC if row.kind == "winner"]
    assert [bar.get_height() for bar in error.patches] == [row.top5_error for row in winners]
    assert [bar.get_height() for bar in depth.patches] == [row.depth or 0 for row in winners]


def test_words_name_winners_and_papers_with_their_own_numbers():
    alt = depth_and_error().alt
    for words in (
        "2013 Clarifai 11.74 %, 8 layers",
        "2013 ZFNet 14.8 %",
        "2014 VGG 7.32 %",
        "one human, 5.1 %",
    ):
        assert words in alt


def test_outside_data_and_validation_results_are_left_out():
    alt = depth_and_error().alt
    assert not [n for n in ("15.32", "11.2 ", "5.71", "3.46") if n in alt]


def test_no_two_texts_overlap_and_none_leaves_the_picture():
    picture = depth_and_error()
    assert picture.png  # lays the texts out
    figure = picture.figure
    texts = [*figure.texts, *(text for axes in figure.axes for text in axes.texts)]
    assert not [text for text in texts if not inside(text.get_window_extent(), figure.bbox)]
    for axes in figure.axes:
        boxes = [text.get_window_extent() for text in axes.texts]
        assert not [(a, b) for i, a in enumerate(boxes) for b in boxes[:i] if a.overlaps(b)]


def inside(box, page):
    return page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1
