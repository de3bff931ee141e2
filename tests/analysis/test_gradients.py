"""Norms of gradients: by hand where that can be done, and the network left as it was."""

import math

import pytest
import torch
from torch import nn

from lecture_nets.analysis.gradients import gradient_norms
from lecture_nets.nets import GoogLeNet
from lecture_nets.nets.plain_stack import PlainStack

IMAGES = torch.randn(6, 3, 32, 32, generator=torch.Generator().manual_seed(0))
LABELS = torch.arange(6)


def test_two_linear_layers_by_hand():
    """y = B·A·x and the loss c·y: d/dB = c xᵀAᵀ and d/dA = Bᵀc xᵀ."""
    net = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 1, bias=False))
    with torch.no_grad():
        net[0].weight.copy_(torch.tensor([[1.0, 2.0], [0.0, 3.0]]))
        net[1].weight.copy_(torch.tensor([[5.0, -2.0]]))
    x, c = torch.tensor([[3.0, 4.0]]), 7.0
    first, second = gradient_norms(net, x, torch.tensor([0]), lambda y, _: c * y.sum())
    assert first.gradient == pytest.approx(c * math.sqrt(29) * 5)  # |Bᵀ| · |x|
    assert second.gradient == pytest.approx(c * math.hypot(11, 12))  # |A·x|
    assert first.weight == pytest.approx(math.sqrt(14))
    assert first.ratio == pytest.approx(first.gradient / math.sqrt(14))


def test_they_are_the_gradients_of_a_step_of_training():
    net = PlainStack(8, batch_norm=True, width=0.5)
    found = gradient_norms(net, IMAGES, LABELS)
    nn.functional.cross_entropy(net.train()(IMAGES), LABELS).backward()
    layers = dict(net.named_modules())
    assert len(found) == 8
    for each in found:
        gradient = layers[each.name].weight.grad
        assert each.gradient == pytest.approx(gradient.norm().item(), rel=1e-5)


def test_layers_come_from_the_input_to_the_output():
    names = [each.name for each in gradient_norms(PlainStack(5), IMAGES, LABELS)]
    convs = [f"trunk.conv_{i}.conv" for i in (1, 2, 3, 4)]
    assert names == [*convs, "head.classifier"]


def test_aux_heads_are_left_out():
    net = GoogLeNet(10, width=0.1)
    names = [each.name for each in gradient_norms(net, torch.randn(2, 3, 64, 64), LABELS[:2])]
    assert not any(name.startswith("aux_heads") for name in names)
    assert names[-1] == "head.classifier"


def test_the_net_and_random_numbers_are_left_as_they_were():
    net = nn.Sequential(PlainStack(5, batch_norm=True), nn.Dropout()).eval()
    next(net.parameters()).requires_grad_(False)
    before = {key: value.clone() for key, value in net.state_dict().items()}
    random_numbers = torch.get_rng_state()
    first = gradient_norms(net, IMAGES, LABELS)
    assert first == gradient_norms(net, IMAGES, LABELS)
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())
    assert not any(part.training for part in net.modules())
    assert all(parameter.grad is None for parameter in net.parameters())
    assert [p.requires_grad for p in net.parameters()].count(False) == 1
    assert torch.equal(torch.get_rng_state(), random_numbers)


def test_recomputed_rows_have_the_same_gradients():
    net = PlainStack(6, batch_norm=True)
    plain = gradient_norms(net, IMAGES, LABELS)
    net.set_grad_checkpointing()
    assert gradient_norms(net, IMAGES, LABELS) == plain


def test_weights_of_zero_have_no_ratio():
    net = nn.Linear(2, 3)
    nn.init.zeros_(net.weight)
    (found,) = gradient_norms(net, torch.ones(1, 2), torch.tensor([0]))
    assert found.gradient > 0
    assert found.ratio == 0
