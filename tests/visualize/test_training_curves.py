"""Charts of training show the numbers they were given, and say them in words."""

import pytest
import torch

from lecture_nets.analysis.calibration import calibrate
from lecture_nets.analysis.gradients import LayerGradient
from lecture_nets.analysis.growth import Moment
from lecture_nets.analysis.label_noise import NoiseResult
from lecture_nets.visualize.training_curves import (
    draw_error_by_depth,
    draw_gradients,
    draw_growth,
    draw_label_noise,
    draw_reliability,
)

RUNS = {
    "plain": [Moment(0, 0.5, 0.1, 10.0, 4.0), Moment(50, 8.0, 8.0, 12.0, 5.0)],
    "decay": [Moment(0, 0.5, 0.1, 10.0, 4.0), Moment(50, 3.0, 3.0, 8.0, 2.0)],
}


def ys(axes) -> dict[str, list[float]]:
    return {line.get_label(): list(line.get_ydata()) for line in axes.lines}


def test_growth_has_a_line_for_each_run_in_three_charts():
    picture = draw_growth(RUNS, best_gap=4.51)
    gap, norm, last = picture.figure.axes
    lines = ys(gap)
    assert lines.pop("smoothed labels ask for 4.51") == [4.51, 4.51]
    assert lines == {"plain": [0.5, 8.0], "decay": [0.5, 3.0]}
    assert ys(norm) == {"plain": [10.0, 12.0], "decay": [10.0, 8.0]}
    assert ys(last) == {"plain": [4.0, 5.0], "decay": [4.0, 2.0]}
    assert "plain from 0.50 to 8.00, decay from 0.50 to 3.00" in picture.alt
    assert "A dotted line at a gap of 4.51." in picture.alt


def test_growth_without_a_best_gap_has_no_dotted_line():
    picture = draw_growth(RUNS)
    assert len(picture.figure.axes[0].lines) == 2
    assert "dotted" not in picture.alt


def test_reliability_shows_shares_and_accuracies():
    probabilities = torch.tensor([[0.95, 0.05]] * 3 + [[0.6, 0.4]])
    found = calibrate(probabilities, torch.tensor([0, 0, 1, 0]), bins=10)
    picture = draw_reliability({"hard": found, "soft": found})
    share, _, accuracy, _ = picture.figure.axes
    assert [bar.get_height() for bar in share.patches if bar.get_height()] == [0.25, 0.75]
    heights = [bar.get_height() for bar in accuracy.patches]
    assert heights[9] == pytest.approx(2 / 3)
    assert "hard: confidence 86.2%, accuracy 75.0%" in picture.alt
    assert "75.0% of the images above a confidence of 90%" in picture.alt


def test_gradients_are_drawn_layer_by_layer():
    layers = [LayerGradient("a", 1e-3, 2.0), LayerGradient("b", 1.0, 4.0)]
    picture = draw_gradients({"2 layers": layers})
    (axes,) = picture.figure.axes
    assert ys(axes) == {"2 layers": [1e-3, 1.0]}
    assert axes.get_yscale() == "log"
    assert "2 layers: 0.001 in the first, 1 in the last" in picture.alt
    (axes,) = draw_gradients({"2 layers": layers}, ratio=True).figure.axes
    assert ys(axes) == {"2 layers": [5e-4, 0.25]}


def test_error_by_depth_names_depths_and_chance():
    picture = draw_error_by_depth({"plain": {4: 0.25, 56: 0.75}}, chance=0.9)
    (axes,) = picture.figure.axes
    assert ys(axes) == {"plain": [0.25, 0.75], "chance, 90%": [0.9, 0.9]}
    assert [label.get_text() for label in axes.get_xticklabels()] == ["4", "56"]
    assert "plain: 25.0% at 4, 75.0% at 56. Chance is 90%." in picture.alt


def test_label_noise_shows_accuracies_and_gains():
    results = [NoiseResult(0.2, (0.0, 0.1), ((0.5, 0.7), (0.6, 0.8)))]
    picture = draw_label_noise(results)
    accuracy, gain = picture.figure.axes
    assert [bar.get_height() for bar in accuracy.patches] == pytest.approx([0.6, 0.7])
    points = [line for line in gain.lines if line.get_marker() == "s"]
    assert points[0].get_ydata() == pytest.approx([10])
    assert "20% wrong: ε = 0 60.0%, ε = 0.1 70.0%, gain +10.0% (from +10.0%" in picture.alt
    assert "2 seeds" in picture.alt


@pytest.mark.parametrize(
    ("draw", "found"),
    [
        (lambda: draw_growth({}), "no runs"),
        (lambda: draw_growth({"plain": []}), "no moments of run 'plain'"),
        (lambda: draw_reliability({}), "no runs"),
        (lambda: draw_gradients({}), "no networks"),
        (lambda: draw_gradients({"net": []}), "no layers of 'net'"),
        (lambda: draw_error_by_depth({}, 0.9), "no runs"),
        (lambda: draw_error_by_depth({"plain": {}}, 0.9), "no depths of run 'plain'"),
        (lambda: draw_label_noise([]), "no results"),
    ],
)
def test_nothing_cannot_be_drawn(draw, found):
    with pytest.raises(ValueError, match=found):
        draw()
