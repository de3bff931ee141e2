"""Layers are found by the paper's names and by path, and captured as they are."""

import pytest
import torch
from torch import nn

from lecture_nets.analysis.capture import capture, find_layer
from lecture_nets.nets import AlexNet, GoogLeNet


@pytest.mark.parametrize(
    ("name", "path"),
    [("conv_3", "trunk.conv_3"), ("fc_7", "head.fc_7"), ("head.fc_7", "head.fc_7")],
)
def test_layers_of_ours_have_the_papers_names(name, path):
    net = AlexNet(num_classes=2, width=0.1)
    assert find_layer(net, name) is net.get_submodule(path)


def test_layers_of_others_are_named_by_their_path():
    net = nn.Sequential(nn.Sequential(nn.ReLU()))
    assert find_layer(net, "0.0") is net[0][0]


@pytest.mark.parametrize("name", ["conv_6", "", "inception"])
def test_an_unknown_layer_is_answered_with_the_known_ones(name):
    with pytest.raises(ValueError, match=r"AlexNet: unknown layer .*conv_1, norm_1, pool_1.*fc_8"):
        find_layer(AlexNet(num_classes=2, width=0.1), name)


def test_a_layer_is_heard_before_the_next_one_overwrites_it():
    net = nn.Sequential(nn.Linear(4, 4), nn.ReLU(inplace=True))
    with capture(net, ["0", "1"]) as captured:
        net(torch.randn(8, 4))
    assert captured["0"].min() < 0
    torch.testing.assert_close(captured["0"].relu(), captured["1"])
    assert net[1].inplace
    net(torch.randn(2, 4))
    assert len(captured["0"]) == 8


def test_what_is_heard_carries_gradients():
    net = GoogLeNet(num_classes=2, width=0.1)
    images = torch.randn(2, 3, 64, 64, requires_grad=True)
    with capture(net, ["inception_4a"]) as captured:
        net(images)
    captured["inception_4a"].sum().backward()
    assert images.grad is not None
    assert images.grad.abs().sum() > 0
