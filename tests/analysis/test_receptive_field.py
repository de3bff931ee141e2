"""Units see what the recurrence says, pixel by pixel, and look where it says."""

import bisect
import math
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from lecture_nets.analysis import cost
from lecture_nets.analysis.capture import find_layer
from lecture_nets.analysis.receptive_boxes import seen_boxes
from lecture_nets.analysis.receptive_field import Centers, View, centers_of, lay_over, view_through
from lecture_nets.nets import NETS, AlexNet, GoogLeNet, InceptionV2, InceptionV3, ShallowSVM
from lecture_nets.nets.inception_modules import InceptionB, InceptionC
from lecture_nets.nets.layers import conv, convs
from lecture_nets.nets.tree import Add, Concat

# Pixels that one unit of the trunk's last map sees.
FIELDS = {
    "alexnet": 195,
    "zfnet": 171,
    "vgg19": 268,
    "googlenet": 715,
    "inception_v2": 1519,
    "inception_v3": 1311,
    "shallow_svm": 18,
    "resnet50": 427,
}
VARIANTS = {
    **NETS,
    "googlenet-torchvision": partial(GoogLeNet, variant="torchvision"),
    "inception_v2-7x7": partial(InceptionV2, stem="7x7"),
    "inception_v3-79": partial(InceptionV3, resolution=79),
}


@pytest.mark.parametrize("name", FIELDS)
def test_field_of_the_last_map(name):
    with torch.device("meta"):
        net = NETS[name](5, width=0.1)
    assert cost(net).receptive_field == FIELDS[name]


@pytest.mark.parametrize(
    ("layer", "height", "width"),
    [
        (conv(8, 3)(8, 1.0), 3, 3),
        (convs(8, 1.0, (8, 3), (8, 3)), 5, 5),  # arXiv 1409.1556, section 2.3
        (convs(8, 1.0, (8, 3), (8, 3), (8, 3)), 7, 7),
        (convs(8, 1.0, (8, (1, 7)), (8, (7, 1))), 7, 7),  # arXiv 1512.00567, section 3.2
        (convs(8, 1.0, (8, (1, 7))), 1, 7),
        (nn.Sequential(nn.MaxPool2d(3, stride=2), nn.MaxPool2d(3, stride=2)), 7, 7),
        (nn.Sequential(nn.AvgPool2d(4), nn.AvgPool2d((2, 1))), 8, 4),
        (Concat(a=nn.MaxPool2d(3, 1, 1), b=nn.MaxPool2d(5, 1, 2)), 5, 5),
        (Add(a=nn.Identity(), b=convs(8, 1.0, (8, 3), (8, (1, 3)))), 3, 5),
        (nn.Conv2d(8, 8, 3, dilation=(1, 4)), 3, 9),
        (InceptionB(8, 0.1, c7=128), 13, 13),
        (InceptionC(8, 0.1), 5, 5),
        (nn.BatchNorm2d(8), 1, 1),
    ],
    ids=str,
)
def test_field_of_one_layer(layer, height, width):
    assert [view_through(layer, View(), axis).field for axis in (0, 1)] == [height, width]


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("axis", [0, 1], ids=["height", "width"])
@torch.no_grad()
def test_a_unit_sees_so_many_pixels_and_no_others(name, axis):
    """Pixels that are not a number (nan) spoil each unit that sees one of them."""
    net = VARIANTS[name](5, width=0.01).eval()
    trunk = net.trunk[:-1] if isinstance(net, ShallowSVM) else net.trunk
    field = cost(net).receptive_field
    length = 2 * field + net.min_size

    def spoilt(start: int, end: int) -> bool:
        """Does the unit in the middle see one of the pixels from ``start`` to before ``end``?"""
        strip = torch.ones(1, 3, length, net.min_size)
        strip[:, :, start:end] = math.nan
        y = trunk(strip if axis == 0 else strip.mT)
        y = y if axis == 0 else y.mT
        return bool(y[:, :, y.shape[2] // 2].isnan().any())

    last = bisect.bisect_left(range(length), True, key=lambda i: not spoilt(i, length))
    first = bisect.bisect_left(range(length), True, key=lambda i: spoilt(0, i))
    assert last - first + 1 == field


# -------------------------------------------------------------------------------- where units look

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
        ("resnet50", "trunk.conv_3_2", (22, 20)),
        ("resnet50", "trunk.conv_3_1.add.shortcut", (22, 20)),
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


def test_patches_of_fixed_functions_look_at_their_middle():
    # Cells of 4 x 4 pixels, patches of 4 x 4 cells.
    with torch.device("meta"):
        net = ShallowSVM()
    assert centers_of(net, net.trunk.descriptors, 0, length=64, units=13) == Centers(8, 4)


def test_units_spread_evenly_are_enlarged_as_interpolation_does():
    maps = torch.rand(2, 4, 6)
    found = lay_over(maps, (32, 30), Centers(4, 8), Centers(2.5, 5))
    expected = F.interpolate(maps[:, None], (32, 30), mode="bilinear")[:, 0]
    torch.testing.assert_close(found, expected)


def test_each_unit_lies_at_its_center_and_the_outermost_reach_the_edges():
    maps = torch.tensor([[[1.0, 2.0]]])
    (found,) = lay_over(maps, (1, 10), Centers(0.5, 1), Centers(2.5, 4))
    torch.testing.assert_close(found[0], torch.tensor([1, 1, 1, 1.25, 1.5, 1.75, 2, 2, 2, 2]))
