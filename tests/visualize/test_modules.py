"""The boxes of a module: as many as layers, in order, with nothing on top of anything else."""

import pytest
import torch
from torch import nn

from lecture_nets.nets import GoogLeNet, InceptionV2, ResNet50
from lecture_nets.visualize.modules import draw_modules

with torch.device("meta"):
    V2, GOOGLENET, RESNET = InceptionV2(), GoogLeNet(), ResNet50()
MODULES = {
    "before": GOOGLENET.trunk.inception_3a,
    "fans": V2.trunk.inception_c1,
    "head": V2.aux_heads["inception_b5"],
    "pool first": nn.Sequential(nn.MaxPool2d(3, 2), nn.Conv2d(288, 768, 3)),
    "shortcut": RESNET.trunk.conv_2_2,
    "two blocks": nn.Sequential(RESNET.trunk.conv_3_1, RESNET.trunk.conv_3_2),
    "pool": V2.trunk.pool_1,
    "no step": nn.ReLU(),
}


def test_a_chain_is_a_row_of_boxes_behind_what_comes_in():
    (axes,) = draw_modules({"pool first": MODULES["pool first"]}, "Grids").figure.axes
    assert [text.get_text() for text in axes.texts if text.get_text()] == [
        "288",
        "max 3×3/2",
        "3×3\n768 channels",
    ]


def test_branches_stand_between_the_channels_that_come_in_and_go_out():
    (axes,) = draw_modules({"fans": MODULES["fans"]}, "Fans").figure.axes
    words = [text.get_text() for text in axes.texts if text.get_text()]
    assert (words[0], words[-1]) == ("1280 channels", "2048 channels")
    assert words.count("1×3\n384 channels, BN") == 2
    rows = {text.get_position()[1] for text in axes.texts if "3×1" in text.get_text()}
    assert len(rows) == 2


def test_branches_that_are_added_meet_in_a_plus():
    (axes,) = draw_modules({"shortcut": MODULES["shortcut"]}, "Block").figure.axes
    words = [text.get_text() for text in axes.texts if text.get_text()]
    assert words[-2:] == ["+", "256 channels"]
    arrows = [text for text in axes.texts if not text.get_text()]
    assert len(arrows) == 3 + 2 + 1  # in front of each convolution, into the plus, out of it


def test_the_words_for_who_cannot_see_it_tell_branches_and_norms():
    alt = draw_modules({"a": V2.trunk.reduction_a, "b": V2.trunk.conv_1}, "Two").alt
    assert "a: (3×3/2 384 BN | 1×1 64 BN → 3×3 96 BN → 3×3/2 96 BN | max 3×3/2); b: 3×3" in alt


def test_no_text_leaves_its_box():
    picture = draw_modules(MODULES, "All")
    assert picture.png  # lays the texts out
    for axes in picture.figure.axes:
        boxes = [patch.get_window_extent() for patch in axes.patches]
        texts = [text.get_window_extent() for text in axes.texts if text.get_text()]
        for text in texts:
            assert any(inside(text, box) for box in boxes)
        assert not [(a, b) for i, a in enumerate(boxes) for b in boxes[:i] if a.overlaps(b)]


def inside(text, box):
    return box.x0 <= text.x0 and text.x1 <= box.x1 and box.y0 <= text.y0 and text.y1 <= box.y1


def test_a_picture_of_nothing_is_refused():
    with pytest.raises(ValueError, match="found no modules"):
        draw_modules({}, "Nothing")
