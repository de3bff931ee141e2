"""Maps lie over the image where their units look."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from lecture_nets.analysis.capture import find_layer
from lecture_nets.analysis.centers import Centers, centers_of, lay_over
from lecture_nets.analysis.receptive_boxes import seen_boxes
from lecture_nets.nets import NETS, AlexNet

HEIGHT, WIDTH = 420, 380


@pytest.mark.parametrize(
    ("name", "layer", "unit"),
    [
        ("alexnet", "conv_5", (12, 11)),
        ("alexnet", "pool_1", (3, 4)),
        ("zfnet", "conv_3", (12, 11)),
        ("vgg19", "trunk.block_4.conv_1", (25, 22)),
        ("googlenet", "inception_3b", (25, 22)),
        ("googlenet", "trunk.inception_3a.branch_3x3", (25, 22)),
        ("inception_v3", "conv_5", (30, 25)),
        ("inception_v3", "inception_a3", (22, 20)),
        ("inception_v2", "inception_a1", (22, 20)),
    ],
)
def test_a_unit_looks_at_the_middle_of_what_it_sees(name, layer, unit):
    net = NETS[name](2, width=0.01)
    ((x0, y0, x1, y1),) = seen_boxes(net, torch.ones(3, HEIGHT, WIDTH), layer, [unit])
    assert 0 < x0 < x1 < WIDTH
    assert 0 < y0 < y1 < HEIGHT
    for axis, middle in ((0, (y0 + y1) / 2), (1, (x0 + x1) / 2)):
        centers = centers_of(net, find_layer(net, layer), axis, length=1, units=1)
        assert centers.first + unit[axis] * centers.jump == middle


@pytest.mark.parametrize(
    ("net", "layer"), [(nn.Sequential(nn.Conv2d(3, 2, 5)), "0"), (AlexNet(2, width=0.01), "fc_7")]
)
def test_elsewhere_units_are_spread_evenly(net, layer):
    assert centers_of(net, find_layer(net, layer), 0, length=32, units=4) == Centers(4, 8)


def test_units_spread_evenly_are_enlarged_as_interpolation_does():
    maps = torch.rand(2, 4, 6)
    found = lay_over(maps, (32, 30), Centers(4, 8), Centers(2.5, 5))
    expected = F.interpolate(maps[:, None], (32, 30), mode="bilinear")[:, 0]
    torch.testing.assert_close(found, expected)


def test_each_unit_lies_at_its_center_and_the_outermost_reach_the_edges():
    maps = torch.tensor([[[1.0, 2.0]]])
    (found,) = lay_over(maps, (1, 10), Centers(0.5, 1), Centers(2.5, 4))
    torch.testing.assert_close(found[0], torch.tensor([1, 1, 1, 1.25, 1.5, 1.75, 2, 2, 2, 2]))
