"""Marks of pixels are judged rightly: those that matter, those that do not, and none at all."""

import pytest
import torch
from torch import nn

from lecture_nets.analysis.evidence import keep_marked
from lecture_nets.analysis.patches import top_patches_of


@pytest.fixture
def bright():
    """A unit that adds up its 4x4 pixels, of which the upper row alone is not gray."""
    net = nn.Sequential(nn.Conv2d(3, 1, 4, bias=False), nn.ReLU())
    nn.init.ones_(net[0].weight)
    images = torch.zeros(6, 3, 4, 4)
    images[:, :, 0] = torch.arange(1, 7).view(-1, 1, 1)
    return net, images, top_patches_of(net, images, "0", [0], k=6)


def kept(bright, projection, **options):
    net, images, found = bright
    marks = torch.stack([projection(images[patch.image]) for patch in found[0]])
    return keep_marked(net, images, "0", found, {0: marks}, **options)


def test_marks_on_what_matters_keep_all(bright):
    found = kept(bright, lambda image: image)
    assert (found.marked.mean, found.marked.half) == (1, 0)
    assert 0 < found.chance.high < 1


def test_marks_on_what_does_not_matter_keep_nothing(bright):
    assert kept(bright, lambda image: (image == 0).float()).marked.mean == 0


def test_where_nothing_is_marked_chance_decides(bright):
    found = kept(bright, torch.zeros_like)
    assert found.marked == found.chance
    assert found.marked.mean == pytest.approx(0.25, abs=0.25)


def test_all_pixels_keep_all(bright):
    found = kept(bright, torch.zeros_like, share=1.0)
    assert found.marked.mean == found.chance.mean == 1
