import pytest

from lecture_nets.analysis.depth import DepthPoint
from lecture_nets.analysis.label_noise import Interval
from lecture_nets.visualize.depth import draw_depth, draw_samples


def test_a_point_is_told_with_its_interval_and_parameters():
    points = [DepthPoint(3, 51_754, Interval(0.57, 0.02)), DepthPoint(6, 45_338, Interval(0, 0.01))]
    picture = draw_depth({"smaller": points}, guessing=0.9)
    assert "smaller: 3 layers with 51,754 parameters 57.0% ± 2.0%" in picture.alt
    assert "6 layers with 45,338 parameters 0.0% ± 1.0%" in picture.alt
    assert "Guessing: 90%" in picture.alt
    (axes,) = picture.figure.axes
    assert {text.get_text() for text in axes.texts} == {"52 k", "45 k"}


def test_guessing_is_a_line_only_where_it_leaves_the_points_room():
    near, far = (
        draw_depth({"a": [DepthPoint(3, 9, Interval(error, 0.01))]}, guessing=0.9).figure.axes[0]
        for error in (0.57, 0.3)
    )
    assert (len(near.lines), near.get_ylim()) == (len(far.lines) + 1, (0, 100))
    assert far.get_ylim()[1] == pytest.approx(125 * 0.31)


def test_millions_of_parameters_and_one_layer_are_told_as_such():
    picture = draw_depth({"VGG": [DepthPoint(1, 132_863_336, Interval(0.3, 0.01))]}, guessing=1)
    assert "VGG: 1 layer with 132,863,336 parameters" in picture.alt
    assert [text.get_text() for text in picture.figure.axes[0].texts] == ["133 M"]


@pytest.mark.parametrize("curves", [{}, {"none": []}])
def test_nothing_to_draw_is_named(curves):
    with pytest.raises(ValueError, match="draw_depth: found curves"):
        draw_depth(curves, guessing=0.9)


def test_the_theory_stands_beside_the_curve():
    picture = draw_samples({2: {125: Interval(0.5, 0.1), 250: Interval(0.02, 0.01)}}, {2: 80})
    assert "2 synonyms (theory 80 images): 50.0% with 125, 2.0% with 250" in picture.alt
    (axes,) = picture.figure.axes
    assert [text.get_text() for text in axes.texts] == ["80"]


@pytest.mark.parametrize("curves", [{}, {3: {125: Interval(0.5, 0.1)}}])
def test_a_curve_without_theory_is_named(curves):
    with pytest.raises(ValueError, match="draw_samples: found curves"):
        draw_samples(curves, {2: 80})
