"""Maps of what speaks for a class: known answers, clear refusals, networks left as they were."""

import sys

import pytest
import torch
import torchvision
from torch import nn

from lecture_nets.analysis.deconvnet import project
from lecture_nets.analysis.patches import top_patches
from lecture_nets.nets import NETS, VGG19, AlexNet, GoogLeNet, InceptionV3, ShallowSVM, ZFNet
from lecture_nets.visualize.attribution import (
    draw_attributions,
    grad_cam,
    guided_backprop,
    last_map,
    saliency,
)

METHODS = [saliency, guided_backprop, grad_cam]


@pytest.fixture
def bright_net():
    """Class 1 for images with bright places, class 0 for those without."""
    net = nn.Sequential(
        nn.Conv2d(3, 2, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(2, 2),
    )  # fmt: skip
    with torch.no_grad():
        net[0].weight.zero_()
        net[0].weight[1, :, 1, 1] = 1
        net[0].bias[:] = torch.tensor([0.1, -2.0])
        net[4].weight[:] = torch.eye(2)
    return net


@pytest.mark.parametrize("corner", [(0, 0), (0, 24), (24, 0), (24, 24)])
def test_grad_cam_lies_on_the_bright_square_that_makes_the_class(bright_net, corner):
    images = torch.zeros(1, 3, 32, 32)
    square = (slice(corner[0], corner[0] + 8), slice(corner[1], corner[1] + 8))
    images[(0, slice(None), *square)] = 1
    (found,) = grad_cam(bright_net, images, [1], layer="1")
    assert found[square].sum() / found.sum() > 0.9
    assert found.max() == 1
    assert found.min() == 0


def test_a_map_lies_where_its_units_look_in_spite_of_margins():
    net, side = AlexNet(2, width=0.01, variant="2014"), 224
    with torch.no_grad():
        for weight in net.parameters():  # each unit averages what it sees
            weight.fill_(0.0 if weight.ndim == 1 else 1.0 / weight[0].numel())
    for block in (net.trunk.conv_1, net.trunk.conv_2):
        block.conv.padding = (0, 0)
    images = torch.zeros(1, 3, side, side)
    images[0, :, 60:80, 140:160] = 1
    (found,) = grad_cam(net, images, [0], layer="conv_2")
    row, column = divmod(int(found.argmax()), side)
    assert abs(row - 70) <= 8  # stretched, the column would be 13 pixels off
    assert abs(column - 150) <= 8


def test_grad_cam_is_zero_where_nothing_raises_the_score():
    net = nn.Sequential(nn.Conv2d(3, 2, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    net.append(nn.Linear(2, 2))
    nn.init.constant_(net[4].weight, -1)
    assert not grad_cam(net, torch.randn(2, 3, 8, 8), layer="1").any()


def test_saliency_of_a_linear_network_is_its_largest_weight():
    net = nn.Sequential(nn.Flatten(), nn.Linear(3 * 4 * 5, 3))
    found = saliency(net, torch.randn(2, 3, 4, 5), torch.tensor([2, 0]))
    expected = net[1].weight.detach()[[2, 0]].view(2, 3, 4, 5).abs().amax(dim=1)
    torch.testing.assert_close(found, expected)


def test_guided_backprop_lets_pass_what_is_positive_both_ways():
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(64, 2))
    images = torch.randn(1, 3, 6, 6)
    found = guided_backprop(net, images, [1])
    with torch.no_grad():
        way_up = net[0](images)
        way_down = net[3].weight[1].view(1, 4, 4, 4).relu() * (way_up > 0)
        expected = torch.nn.grad.conv2d_input(images.shape, net[0].weight, way_down)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", [name for name in NETS if name != "shallow_svm"])
def test_all_networks_of_convolutions_have_maps(method, name):
    net = NETS[name](5, width=0.1)
    images = torch.randn(2, 3, 96, 100)
    found = method(net, images)
    assert found.shape == ((2, 3, 96, 100) if method is guided_backprop else (2, 96, 100))
    assert found.isfinite().all()
    assert not found.requires_grad
    likeliest = net.eval()(images).argmax(dim=1)
    torch.testing.assert_close(found, method(net, images, likeliest))


@pytest.mark.parametrize(
    ("net", "size", "expected"),
    [
        (AlexNet, 224, "trunk.conv_5"),
        (ZFNet, 224, "trunk.conv_5"),
        (VGG19, 224, "trunk.block_5.conv_4"),
        (GoogLeNet, 224, "trunk.inception_5b"),
        (InceptionV3, 299, "trunk.inception_c2"),
        (InceptionV3, 96, "trunk.inception_a3"),  # behind it 4x4 positions are left
        (AlexNet, 63, "trunk.conv_2"),
    ],
)
def test_grad_cam_takes_the_last_map_that_is_not_too_coarse(net, size, expected):
    assert last_map(net(2, width=0.01).eval(), torch.randn(1, 3, size, size)) == expected


def snapshot(net):
    return (
        [(type(x), x.training, getattr(x, "inplace", None)) for x in net.modules()],
        [(len(x._forward_hooks), len(x._forward_pre_hooks)) for x in net.modules()],
        [(p.requires_grad, p.grad) for p in net.parameters()],
        {name: value.clone() for name, value in net.state_dict().items()},
    )


@pytest.mark.parametrize(
    "look",
    [
        *METHODS,
        lambda net, images: project(net, images, "conv_3", [(0, 0, 0)] * len(images)),
        lambda net, images: top_patches(net, images, "conv_3", 0),
    ],
    ids=["saliency", "guided_backprop", "grad_cam", "project", "top_patches"],
)
@pytest.mark.parametrize("failing", [False, True], ids=["done", "failed"])
def test_network_and_images_stay_as_they_were(look, failing):
    net = AlexNet(5, width=0.1).train()
    net.trunk.conv_2.eval()
    net.trunk.conv_1.requires_grad_(False)
    images = torch.randn(2, 3, 20 if failing else 64, 64)
    before, pixels = snapshot(net), images.clone()
    if failing:
        with pytest.raises(ValueError, match="at least 63x63"):
            look(net, images)
    else:
        look(net, images)
    after = snapshot(net)
    assert after[:3] == before[:3]
    torch.testing.assert_close(after[3], before[3], rtol=0, atol=0)
    assert not images.requires_grad
    assert torch.equal(images, pixels)


@pytest.mark.parametrize("method", METHODS)
def test_gradients_are_on_whatever_stands_around(method):
    net = AlexNet(5, width=0.1).requires_grad_(False)
    images = torch.randn(1, 3, 64, 64)
    expected = method(net, images, [3])
    with torch.inference_mode():
        torch.testing.assert_close(method(net, images.clone(), [3]), expected)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("classes", "match"),
    [
        ([0, 5], "class 5 is none of the network's, which are 0 to 4"),
        ([-1, 0], "class -1 is none"),
        ([0], r"classes have the shape \(1,\), but there are 2 images"),
    ],
)
def test_classes_that_do_not_fit_are_named(method, classes, match):
    with pytest.raises(ValueError, match=match):
        method(AlexNet(5, width=0.1), torch.randn(2, 3, 64, 64), classes)


@pytest.mark.parametrize(
    ("method", "net", "options", "match"),
    [
        (grad_cam, torchvision.models.alexnet(), {}, r"none of our networks; .*layer="),
        (grad_cam, AlexNet(5, width=0.1), {"layer": "fc_7"}, r"'fc_7' outputs \(408,\)"),
        (grad_cam, AlexNet(5, width=0.1), {"layer": "conv_9"}, "unknown layer 'conv_9'"),
        (grad_cam, ShallowSVM(5, width=0.1), {}, "no convolution of ShallowSVM"),
        (saliency, ShallowSVM(5, width=0.1), {}, "ShallowSVM lets no gradient through"),
        (guided_backprop, torchvision.models.googlenet(init_weights=False), {}, r"no nn\.ReLU"),
    ],
    ids=["stranger", "no map", "no layer", "no convolution", "no gradient", "no ReLU"],
)
def test_networks_that_do_not_fit_are_told_why(method, net, options, match):
    if isinstance(net, ShallowSVM):
        net.fit_codebook(torch.randn(4, 3, 64, 64))
    with pytest.raises(ValueError, match=match):
        method(net, torch.randn(1, 3, 64, 64), **options)


def test_without_captum_the_cure_is_told(monkeypatch):
    for name in ("captum", "captum.attr"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ModuleNotFoundError, match=r'pip install "lecture-nets\[notebooks\]"\.$'):
        saliency(AlexNet(5, width=0.1), torch.randn(1, 3, 64, 64))


def test_maps_are_drawn_over_the_image_and_told_in_words():
    image = torch.randint(0, 256, (3, 21, 41), dtype=torch.uint8)
    spot = torch.zeros(21, 41)
    spot[5, 30] = 0.25
    maps = {"one pixel": spot, "nothing": torch.zeros(21, 41)}
    picture = draw_attributions(image, maps, bars={"cat": 0.9, "dog": 0.08})
    assert len(picture.figure.axes) == 4
    assert picture.png
    assert "one pixel: largest at 75% of the width and 25% of the height" in picture.alt
    assert "half of it lies on 0.1% of the picture. nothing: zero everywhere." in picture.alt
    assert picture.alt.endswith("Bars: cat 90%, dog 8%")


@pytest.mark.parametrize(
    ("maps", "match"),
    [({}, "found no maps"), ({"cam": torch.zeros(7, 7)}, r"map 'cam' is \(7, 7\), the image \(8,")],
)
def test_maps_that_do_not_fit_the_image_are_refused(maps, match):
    with pytest.raises(ValueError, match=match):
        draw_attributions(torch.zeros(3, 8, 8, dtype=torch.uint8), maps)
