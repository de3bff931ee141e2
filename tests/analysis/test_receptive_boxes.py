"""Boxes of what a unit sees, against pixels that are not a number: they spoil all that see them."""

import bisect
import math

import pytest
import torch
import torchvision
from torch import nn

from lecture_nets.analysis import cost
from lecture_nets.analysis.capture import capture
from lecture_nets.analysis.receptive_boxes import seen_boxes
from lecture_nets.nets import NETS, AlexNet, ShallowSVM

HEIGHT, WIDTH = 104, 88


@torch.no_grad()
def box_by_spoiling(net, layer, unit):
    def spoilt(axis, start, end):
        image = torch.ones(1, 3, HEIGHT, WIDTH)
        image.narrow(axis, start, end - start).fill_(math.nan)
        with capture(net, [layer]) as captured:
            net(image)
        return bool(captured[layer][0][(slice(None), *unit)].isnan().any())

    def ends(axis, length):
        first = bisect.bisect_left(range(length), True, key=lambda i: spoilt(axis, 0, i)) - 1
        last = bisect.bisect_left(range(length), True, key=lambda i: not spoilt(axis, i, length))
        return first, last

    (x0, x1), (y0, y1) = ends(3, WIDTH), ends(2, HEIGHT)
    return x0, y0, x1, y1


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("alexnet", "conv_2"),
        ("alexnet", "pool_2"),
        ("alexnet", "conv_5"),
        ("zfnet", "pool_1"),
        ("zfnet", "conv_3"),
        ("vgg19", "trunk.block_3.conv_2"),
        ("googlenet", "inception_3a"),
        ("inception_v2", "inception_a1"),
        ("inception_v3", "inception_a1"),
        ("mnasnet0_5", "layers.9"),
    ],
)
def test_a_unit_sees_the_pixels_that_spoil_it_and_no_others(name, layer):
    if name in NETS:
        net = NETS[name](5, width=0.01).eval()
    else:
        net = torchvision.models.get_model(name, weights=None).eval()
    with torch.no_grad(), capture(net, [layer]) as captured:
        net(torch.ones(1, 3, HEIGHT, WIDTH))
    rows, columns = captured[layer].shape[2:]
    units = [(0, 0), (rows // 2, columns // 2), (rows - 1, columns - 1)]
    found = seen_boxes(net, torch.ones(3, HEIGHT, WIDTH), layer, units)
    assert found == [box_by_spoiling(net, layer, unit) for unit in units]


def test_boxes_away_from_the_edges_are_as_large_as_the_recurrence_says():
    net = AlexNet(5, width=0.01)
    ((x0, y0, x1, y1),) = seen_boxes(net, torch.ones(3, 500, 500), "conv_5", [(15, 15)])
    field = next(row.receptive_field for row in cost(net).rows if row.name == "conv_5")
    assert (x1 - x0, y1 - y0) == (field, field)


def test_weights_of_zero_see_all_the_same():
    net = AlexNet(5, width=0.01)
    image = torch.ones(3, 88, 88)
    before = seen_boxes(net, image, "conv_3", [(1, 2)])
    nn.init.zeros_(net.trunk.conv_2.conv.weight)
    assert seen_boxes(net, image, "conv_3", [(1, 2)]) == before


def test_a_layer_without_a_map_sees_the_whole_image():
    net, image = AlexNet(5, width=0.01), torch.ones(3, 224, 224)
    assert seen_boxes(net, image, "fc_7", [(0, 0)]) == [(0, 0, 224, 224)]


def test_pixels_that_the_strides_leave_over_are_not_seen():
    net, image = nn.Sequential(nn.Conv2d(3, 1, 3, stride=3), nn.Flatten()), torch.ones(3, 8, 10)
    assert seen_boxes(net, image, "1", [(0, 0)]) == [(0, 0, 9, 6)]


def test_a_dilated_pool_sees_from_its_first_pixel_to_its_last():
    net = nn.MaxPool2d(3, stride=2, dilation=2)
    assert seen_boxes(nn.Sequential(net), torch.ones(3, 9, 9), "0", [(1, 2)]) == [(4, 2, 9, 7)]


def test_layers_that_cannot_be_followed_are_named():
    net = ShallowSVM(2, width=0.1)
    net.fit_codebook(torch.randn(2, 3, 40, 40))
    with pytest.raises(ValueError, match="'descriptors' of ShallowSVM sees cannot be found out"):
        seen_boxes(net, torch.ones(3, 40, 40), "descriptors", [(0, 0)])


def test_outputs_that_are_no_maps_are_refused():
    net = nn.Sequential(nn.Flatten(2))
    with pytest.raises(ValueError, match=r"layer '0' outputs \(1, 3, 16\); allowed are maps"):
        seen_boxes(net, torch.ones(3, 4, 4), "0", [(0, 0)])
