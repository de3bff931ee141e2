"""Names of objectives mean what they say, and the network runs no further than it must."""

import pytest
import torch
from torch import nn
from torchvision.models import alexnet

from lecture_nets.analysis.capture import capture
from lecture_nets.nets import AlexNet, GoogLeNet, InceptionV2, ResNet50
from lecture_nets.visualize.objectives import Objective, capture_output, read_objective


@pytest.mark.parametrize(
    ("name", "layer", "unit"),
    [
        ("conv_3", "conv_3", ()),
        ("conv_3:17", "conv_3", (17,)),
        ("features.6:17:3:4", "features.6", (17, 3, 4)),
        ("class:5", "class", (5,)),
    ],
)
def test_names_are_read(name, layer, unit):
    assert read_objective(name) == Objective(layer, unit)


@pytest.mark.parametrize(
    "name", ["", ":1", "class", "class:1:2:3", "conv_3:", "conv_3:a", "conv_3:-1", "conv_3:1:2"]
)
def test_a_name_that_cannot_be_read_is_answered_with_those_that_can(name):
    with pytest.raises(ValueError, match=r"objective .* is not spelled like .*'conv_3:17'.*class"):
        read_objective(name)


OUTPUT = torch.tensor([[[1.0, -2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]])


@pytest.mark.parametrize(
    ("unit", "value"),
    [((1,), 6.5), ((0,), (1 - 0.02 + 3 + 4) / 4), ((0, 0, 1), -0.02), ((), 204 / 8)],
)
def test_values_are_those_of_the_channel_the_unit_or_the_layer(unit, value):
    assert Objective("conv", unit).value(OUTPUT).item() == pytest.approx(value)


@pytest.mark.parametrize(
    ("net", "layer"),
    [
        (AlexNet(num_classes=2, width=0.1), "conv_2"),
        (GoogLeNet(num_classes=2, width=0.1), "inception_3b"),
        (InceptionV2(num_classes=2, width=0.1), "inception_c1"),  # branches within branches
        (ResNet50(num_classes=2, width=0.1), "trunk.conv_3_2"),
        (alexnet(num_classes=2), "features.7"),
    ],
)
@torch.no_grad()
def test_what_enters_the_relus_becomes_the_layers_output(net, layer):
    net.eval()
    images = torch.randn(2, 3, 80, 80)
    with capture(net, [layer]) as captured:
        net(images)
        entering = capture_output(net, Objective(layer, (0,)), images)
    assert entering.min() < 0
    torch.testing.assert_close(entering.relu(), captured[layer])
    torch.testing.assert_close(capture_output(net, Objective(layer, ()), images), captured[layer])


@torch.no_grad()
def test_the_output_of_a_sum_is_what_counts_and_not_its_branches():
    net = ResNet50(num_classes=2, width=0.1).eval()
    images, layer = torch.randn(2, 3, 64, 64), "trunk.conv_3_2.add"
    with capture(net, [f"{layer}.residual", f"{layer}.shortcut"]) as captured:
        found = capture_output(net, Objective(layer, (0,)), images)
    torch.testing.assert_close(found, sum(captured.values()))


def test_the_network_runs_no_further_than_the_layer():
    net = alexnet(num_classes=2).eval()
    ran = []
    for name, part in net.named_modules():
        part.register_forward_hook(lambda *_, name=name: ran.append(name))
    found = capture_output(net, read_objective("features.3:0"), torch.randn(1, 3, 64, 64))
    assert found.shape == (1, 192, 7, 7)
    assert ran == ["features.0", "features.1", "features.2", "features.3"]


def test_a_vector_becomes_a_map_of_one_position():
    net = AlexNet(num_classes=2, width=0.1).eval()
    images = torch.randn(1, 3, 64, 64)
    logits = capture_output(net, read_objective("class:1"), images)
    torch.testing.assert_close(logits, net(images)[:, :, None, None])


class Pair(nn.Module):
    def forward(self, x):
        return x, x


@pytest.mark.parametrize(
    ("net", "layer", "reason"),
    [
        (GoogLeNet(num_classes=2, width=0.1), "aux_heads.inception_4a", "gives no tensor while"),
        (nn.Sequential(Pair()), "0", "gives no tensor while"),
        (nn.Sequential(nn.Flatten(2)), "0", r"outputs \(1, 3, \d+\)"),
    ],
)
def test_a_layer_without_a_map_is_refused(net, layer, reason):
    with pytest.raises(ValueError, match=f"layer '{layer}' {reason}"):
        capture_output(net.eval(), Objective(layer, (0,)), torch.randn(1, 3, 64, 64))


def test_no_hook_stays_behind():
    net = AlexNet(num_classes=2, width=0.1).eval()
    capture_output(net, read_objective("conv_3:1"), torch.randn(1, 3, 64, 64))
    with pytest.raises(ValueError, match="at least 63x63"):
        capture_output(net, read_objective("conv_3:1"), torch.randn(1, 3, 8, 8))
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in net.modules())
