"""Pictures show what was planted in the network, and nothing else is changed by drawing them."""

import math

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import alexnet

from lecture_nets import AlexNetModule
from lecture_nets.nets import NETS, AlexNet, ShallowSVM
from lecture_nets.visualize.fourier import random_spectrum, to_pixels
from lecture_nets.visualize.maximize import (
    draw_activations,
    maximize_activation,
    maximize_activations,
)
from lecture_nets.visualize.objectives import capture_output, read_objective

AS_THEY_ARE = dict(mean=(0, 0, 0), std=(1, 1, 1))
SMALL = dict(image_size=64, steps=8)
ANGLES = (0, 45, 90, 135)  # of stripes to the horizontal, in degrees


def small_alexnet() -> AlexNet:
    return AlexNet(num_classes=4, width=0.1)


def stripe_detectors() -> nn.Sequential:
    """One channel for each of `ANGLES`, of 9x9 Gabor kernels without color."""
    y, x = torch.meshgrid(torch.arange(-4.0, 5), torch.arange(-4.0, 5), indexing="ij")
    net = nn.Sequential(nn.Conv2d(3, len(ANGLES), 9, padding=4), nn.ReLU(inplace=True))
    for weight, angle in zip(net[0].weight.data, ANGLES, strict=True):
        across = -math.sin(math.radians(angle)) * x - math.cos(math.radians(angle)) * y
        gabor = torch.exp(-(x.square() + y.square()) / 8) * torch.cos(2 * math.pi * across / 6)
        weight.copy_(gabor - gabor.mean())
    nn.init.zeros_(net[0].bias)
    return net


def angle_of_stripes(picture: Tensor) -> float:
    """Mean direction of the stripes of (3, H, W) in degrees, 0…180, weighted by their energy."""
    gray = picture.mean(0)
    power = torch.fft.fft2(gray - gray.mean()).abs().square()
    waves = torch.fft.fftfreq(len(gray))
    across = torch.atan2(-waves[:, None], waves[None])  # up is positive; stripes lie across it
    doubled = torch.stack([(power * f(2 * across)).sum() for f in (torch.cos, torch.sin)])
    return (math.degrees(torch.atan2(doubled[1], doubled[0])) / 2 + 90) % 180


@pytest.mark.parametrize(("channel", "angle"), list(enumerate(ANGLES)))
def test_an_edge_detector_is_shown_stripes_of_its_direction(channel, angle):
    picture = maximize_activation(stripe_detectors(), f"1:{channel}", image_size=64)
    error = (angle_of_stripes(picture) - angle + 90) % 180 - 90
    assert abs(error) < 10


@pytest.mark.parametrize("channel", range(3))
def test_a_color_detector_is_shown_its_color(channel):
    net = nn.Sequential(nn.Conv2d(3, 3, 1), nn.ReLU())
    net[0].weight.data = (1.5 * torch.eye(3) - 0.5)[:, :, None, None]
    nn.init.ones_(net[0].bias)  # open for all colors
    picture = maximize_activation(net, f"1:{channel}", image_size=32, steps=128, **AS_THEY_ARE)
    own, *others = picture.roll(-channel, 0).mean((1, 2)).tolist()
    assert own > max(others) + 0.15


def test_a_unit_is_shown_something_only_where_it_looks():
    net = stripe_detectors()
    picture = maximize_activation(net, "1:0:16:48", image_size=64)
    contrast = (picture - 0.5).square().sum(0)
    rows, columns = contrast.sum(1), contrast.sum(0)
    places = torch.arange(64.0)
    center = ((rows * places).sum() / rows.sum(), (columns * places).sum() / columns.sum())
    assert center == pytest.approx((16, 48), abs=8)


def test_a_unit_that_is_shut_at_first_gets_its_picture_too():
    net = stripe_detectors()
    nn.init.constant_(net[0].bias, -10.0)
    torch.testing.assert_close(
        maximize_activation(net, "1:0", **SMALL),
        maximize_activation(net, "0:0", **SMALL),
    )
    with pytest.raises(ValueError, match=r"objective '2:0': no gradient.*ReLUs.*shut"):
        maximize_activation(nn.Sequential(*net, nn.MaxPool2d(2)), "2:0", **SMALL)


def reached(net: nn.Module, name: str, picture: Tensor) -> float:
    objective = read_objective(name)
    with torch.no_grad():
        return objective.value(capture_output(net.eval(), objective, picture[None])[0]).item()


NOISE = to_pixels(random_spectrum(80, torch.Generator().manual_seed(0))[None])[0]
NAMES = {
    "alexnet": "class:1",
    "zfnet": "fc_7:5",
    "vgg19": "block_3.conv_2:5",
    "googlenet": "inception_4b:5:1:1",
    "inception_v2": "inception_a2:5",
    "inception_v3": "inception_b1",
}


@pytest.mark.parametrize(("network", "name"), NAMES.items())
def test_the_picture_drives_any_network_more_than_the_noise_it_started_from(network, name):
    net = NETS[network](num_classes=4, width=0.1)
    picture = maximize_activation(net, name, image_size=80, steps=16, **AS_THEY_ARE)
    assert picture.shape == (3, 80, 80)
    assert 0 <= picture.min() < picture.max() <= 1
    assert reached(net, name, picture) > reached(net, name, NOISE)


def test_a_learned_channel_is_driven_many_times_as_far():
    module = AlexNetModule.from_pretrained("parts_world")
    facts = module.data_facts
    options = dict(mean=facts["mean"], std=facts["std"], image_size=80)
    names = ["conv_1:2", "conv_3:2", "class:2"]
    pictures = maximize_activations(module.net, names, steps=32, **options)
    shift, scale = (torch.tensor(facts[key]).view(3, 1, 1) for key in ("mean", "std"))
    for name, picture in zip(names, pictures, strict=True):
        before, after = (reached(module.net, name, (x - shift) / scale) for x in (NOISE, picture))
        assert after > 10 * abs(before)


def test_networks_of_others_work_too():
    picture = maximize_activation(alexnet(num_classes=2), "features.6:17", **SMALL)
    assert picture.std() > 0.02


def test_the_seed_decides():
    net = stripe_detectors()
    first, again, other = (maximize_activation(net, "1:0", seed=i, **SMALL) for i in (0, 0, 1))
    torch.testing.assert_close(first, again, atol=0, rtol=0)
    assert (first - other).abs().mean() > 0.02


def test_a_picture_does_not_depend_on_those_drawn_with_it():
    net = stripe_detectors()
    names = ["1:0", "0", "1:2", "1:0:8:8", "1:0"]
    together = maximize_activations(net, names, **SMALL)
    for name, picture in zip(names, together, strict=True):
        torch.testing.assert_close(
            picture, maximize_activation(net, name, **SMALL), atol=1e-3, rtol=0
        )


@pytest.mark.parametrize("surrounding", [torch.enable_grad, torch.no_grad, torch.inference_mode])
def test_the_network_and_the_randomness_stay_as_they_were(surrounding):
    net = small_alexnet().train()
    net.trunk.conv_2.eval()
    net.trunk.conv_1.requires_grad_(False)
    weights = {key: x.clone() for key, x in net.state_dict().items()}

    def facts():
        parts = [
            (part.training, getattr(part, "inplace", None), len(part._forward_hooks))
            for part in net.modules()
        ]
        return parts, [(x.requires_grad, x.grad) for x in net.parameters()]

    before, randomness = facts(), torch.get_rng_state()
    with surrounding():
        maximize_activation(net, "class:1", image_size=64, steps=1)
    assert facts() == before
    assert torch.equal(torch.get_rng_state(), randomness)
    torch.testing.assert_close(net.state_dict(), weights, atol=0, rtol=0)


def test_a_network_in_double_precision_is_asked_in_its_own():
    assert maximize_activation(small_alexnet().double(), "conv_1:1", **SMALL).isfinite().all()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("conv_6:1", "unknown layer 'conv_6'. Did you mean conv_5"),
        ("conv_3:400", "'conv_3' has the channels 0 to 39, got 400"),
        ("conv_3:0:3:0", "'conv_3' has a map of 3 rows and 3 columns, got row 3, column 0"),
        ("class:4", "'class' has the channels 0 to 3, got 4"),
        ("conv_3:1:2", "not spelled like"),
    ],
)
def test_an_objective_that_is_not_there_is_refused_before_any_work(name, reason):
    with pytest.raises(ValueError, match=reason):
        maximize_activations(small_alexnet(), ["conv_1:0", name], image_size=64, steps=10**9)


@pytest.mark.parametrize(
    ("names", "options", "reason"),
    [
        (["conv_1:0"], dict(steps=0), "steps is 0, allowed is 1 or more"),
        (["conv_1:0"], dict(image_size=-1), "image_size is -1, allowed is 1 or more"),
        ([], {}, "objectives is 0, allowed is 1 or more"),
        (["conv_1:0"], dict(image_size=32), "AlexNet needs images of at least 63x63 pixels"),
    ],
)
def test_options_that_cannot_work_are_refused(names, options, reason):
    with pytest.raises(ValueError, match=reason):
        maximize_activations(small_alexnet(), names, **options)


def test_the_shallow_network_can_be_asked_for_what_stands_in_front_of_its_codebook():
    net = ShallowSVM(num_classes=2, width=0.1)
    net.fit_codebook(torch.randn(8, 3, 32, 32))
    options = dict(image_size=32, steps=2)
    assert maximize_activation(net, "cells:0", **options).isfinite().all()
    for name in ("encoding:0", "class:1"):
        with pytest.raises(ValueError, match=f"'{name}': the network lets no gradient through"):
            maximize_activation(net, name, **options)


def test_the_figure_names_every_objective():
    names = ["conv_3:1", "class:2"]
    picture = draw_activations(torch.rand(2, 3, 8, 8), names)
    assert [axes.get_title() for axes in picture.figure.axes] == names
    assert "conv_3:1, class:2" in picture.alt
