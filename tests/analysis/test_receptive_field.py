"""Does a unit see what the recurrence says? The recurrence against pixels that are not a number."""

import bisect
import math
from functools import partial

import pytest
import torch
from torch import nn

from lecture_nets.analysis import cost
from lecture_nets.analysis.receptive_field import View, view_through
from lecture_nets.nets import NETS, GoogLeNet, InceptionV2, InceptionV3, ShallowSVM
from lecture_nets.nets.inception_modules import InceptionB, InceptionC
from lecture_nets.nets.layers import conv, convs
from lecture_nets.nets.tree import Concat

# Pixels that one unit of the trunk's last map sees.
FIELDS = {
    "alexnet": 195,
    "zfnet": 171,
    "vgg19": 268,
    "googlenet": 715,
    "inception_v2": 1519,
    "inception_v3": 1311,
    "shallow_svm": 18,
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
