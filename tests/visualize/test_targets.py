"""The picture of targets: a bar for each class, and its highest in words."""

import pytest
import torch

from lecture_nets.visualize.targets import draw_targets

TARGETS = {"hard": torch.tensor([0.0, 1.0]), "soft": torch.tensor([0.25, 0.75])}


def test_each_target_has_its_plot_with_a_bar_for_each_class():
    plots = draw_targets(TARGETS, "Targets").figure.axes
    heights = {p.get_title(): [bar.get_height() for bar in p.patches] for p in plots}
    assert heights == {name: target.tolist() for name, target in TARGETS.items()}


def test_words_name_the_class_and_what_is_left_for_others():
    alt = draw_targets(TARGETS, "Targets").alt
    assert "hard: 1 for class 1, 0 at least for others" in alt
    assert "soft: 0.75 for class 1, 0.25 at least for others" in alt


def test_no_targets_are_refused():
    with pytest.raises(ValueError, match="found no targets"):
        draw_targets({}, "Targets")
