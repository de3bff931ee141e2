"""Projections against a deconvnet written out: unpooling, rectification, transposed filters."""

import pytest
import torch
import torch.nn.functional as F
import torchvision
from torch import nn
from torchvision.models import vgg

from lecture_nets.analysis.capture import find_layer
from lecture_nets.analysis.deconvnet import project, project_patches
from lecture_nets.analysis.patches import top_patches_of
from lecture_nets.nets import VGG19, AlexNet, GoogLeNet, ZFNet


@torch.no_grad()
def deconvnet(layers, image, unit):
    """Section 2.1 of arXiv 1311.2901 for a chain of layers: (3, H, W) -> (3, H, W)."""
    x, way_back = image[None], []
    for layer in layers:
        shape = x.shape
        if isinstance(layer, nn.Conv2d):

            def step(y, layer=layer, shape=shape):
                return torch.nn.grad.conv2d_input(
                    shape, layer.weight, y, layer.stride, layer.padding, groups=layer.groups
                )

            x = layer(x)
        elif isinstance(layer, nn.MaxPool2d):
            x, switches = F.max_pool2d(
                x, layer.kernel_size, layer.stride, ceil_mode=layer.ceil_mode, return_indices=True
            )

            def step(y, switches=switches, shape=shape):
                unpooled = y.new_zeros(shape).flatten(2)
                return unpooled.scatter_add(2, switches.flatten(2), y.flatten(2)).view(shape)

        else:
            assert isinstance(layer, nn.ReLU)
            x, step = x.relu(), torch.relu
        way_back.append(step)
    y = torch.zeros_like(x)
    y[(0, *unit)] = x[(0, *unit)].relu()
    for step in reversed(way_back):
        y = step(y)
    return y[0]


def leaves(chain):
    return [layer for layer in chain.modules() if not list(layer.children())]


CHAINS = {
    "ours, AlexNet": (lambda: AlexNet(5, width=0.1, variant="2014"), "trunk", "pool_5", 64),
    "ours, VGG-19": (lambda: VGG19(5, width=0.05), "trunk", "block_4", 48),
    "torchvision's alexnet": (lambda: torchvision.models.alexnet().features, "", "12", 64),
    "torchvision's vgg11": (lambda: vgg.make_layers(vgg.cfgs["A"]), "", "15", 32),
}  # fmt: skip


@pytest.mark.parametrize("name", CHAINS)
def test_a_projection_is_the_deconvnets(name):
    build, chain, layer, size = CHAINS[name]
    net, images = build(), torch.randn(2, 3, size, size)
    below = leaves(net.get_submodule(chain))
    last = leaves(find_layer(net, layer))[-1]
    below = below[: below.index(last) + 1]
    # One unit that is not silent for each image.
    maps = nn.Sequential(*below)(images)
    units = [tuple(int(i) for i in torch.unravel_index(each.argmax(), each.shape)) for each in maps]
    found = project(net, images, layer, units)
    for image, unit, picture in zip(images, units, found, strict=True):
        expected = deconvnet(below, image, unit)
        assert expected.any()
        torch.testing.assert_close(picture, expected, rtol=1e-4, atol=1e-5 * expected.abs().max())


def test_the_projection_of_a_filter_is_the_filter_where_it_answered():
    net = nn.Sequential(nn.Conv2d(3, 2, 5, stride=2), nn.ReLU(inplace=True))
    images = torch.zeros(1, 3, 20, 20)
    images[0, :, 6:11, 8:13] = net[0].weight[1].detach()
    expected = torch.zeros_like(images)
    answer = net(images)[0, 1, 3, 4].item()
    expected[0, :, 6:11, 8:13] = answer * net[0].weight[1].detach()
    torch.testing.assert_close(project(net, images, "1", [(1, 3, 4)]), expected)


def test_through_a_pool_only_the_place_of_the_maximum_is_reached():
    net = nn.Sequential(nn.Conv2d(3, 1, 1), nn.ReLU(), nn.MaxPool2d(4))
    nn.init.ones_(net[0].weight)
    images = torch.rand(1, 3, 8, 8)
    images[0, :, 6, 1] = 2
    places = project(net, images, "2", [(0, 1, 0)])[0].any(dim=0).nonzero().tolist()
    assert places == [[6, 1]]


def test_a_silent_unit_gives_nothing():
    net = nn.Sequential(nn.Conv2d(3, 1, 3), nn.ReLU())
    nn.init.constant_(net[0].bias, -100)
    assert not project(net, torch.randn(1, 3, 8, 8), "1", [(0, 0, 0)]).any()


@pytest.mark.parametrize(("build", "layer"), [(ZFNet, "conv_3"), (GoogLeNet, "inception_3b")])
def test_nothing_outside_of_a_patch_is_in_its_projection(build, layer):
    net = build(5, width=0.1)
    images = torch.randn(4, 3, 96, 96)
    found = top_patches_of(net, images, layer, range(8), k=2)
    totals = []
    for channel, pictures in project_patches(net, images, layer, found).items():
        for patch, picture in zip(found[channel], pictures, strict=True):
            x0, y0, x1, y1 = patch.box
            totals.append(picture.abs().sum())
            torch.testing.assert_close(picture[:, y0:y1, x0:x1].abs().sum(), totals[-1])
    # Channels of an untrained network may be silent, not all of them.
    assert sum(total > 0 for total in totals) >= 4


@pytest.mark.parametrize(
    ("unit", "match"),
    [
        ((8, 0, 0), "channels 0 to 7, got 8"),
        ((0, 6, 0), "a map of 6 rows and 4 columns, got row 6, column 0"),
        ((0, 0, -1), "got row 0, column -1"),
    ],
)
def test_units_that_are_not_there_are_named(unit, match):
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU())
    with pytest.raises(ValueError, match=match):
        project(net, torch.randn(1, 3, 8, 6), "1", [unit])


def test_each_image_needs_its_unit():
    with pytest.raises(ValueError, match="got 1 units for 2 images"):
        project(nn.ReLU(), torch.randn(2, 3, 8, 8), "", [(0, 0, 0)])


def test_a_network_without_relus_as_layers_is_refused():
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.SiLU())
    with pytest.raises(ValueError, match=r"project: Sequential has no nn\.ReLU"):
        project(net, torch.randn(1, 3, 8, 8), "1", [(0, 0, 0)])
