"""A network evaluates inside, and is afterwards as it was."""

import pytest
import torch
from torch import nn

from lecture_nets.nets.layers import evaluating


@pytest.mark.parametrize("gradients", [True, False])
@pytest.mark.parametrize("outside", [torch.no_grad, torch.enable_grad, torch.inference_mode])
def test_all_layers_evaluate_with_gradients_or_without(outside, gradients):
    net = nn.Sequential(nn.Linear(2, 2), nn.Dropout(), nn.BatchNorm1d(2).eval())
    with outside():
        with evaluating(net, gradients=gradients):
            assert not any(layer.training for layer in net.modules())
            assert net(torch.ones(1, 2)).requires_grad is gradients
        assert torch.is_grad_enabled() is (outside is torch.enable_grad)
    assert [layer.training for layer in net.modules()] == [True, True, True, False]
