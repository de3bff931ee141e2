"""Start values: the law they follow, that they are independent, and who draws them."""

import math

import pytest
import torch
from torch import nn

from lecture_nets.nets.initialization import init_weights, skip_default_init, truncated_normal
from lecture_nets.nets.layers import ConvBlock


def drawn(*shape: int, std: float = 0.1, **options) -> torch.Tensor:
    weight = nn.Parameter(torch.empty(*shape, **options))
    truncated_normal(std)(weight)
    return weight.detach()


def test_truncated_normal_has_the_quantiles_of_the_law():
    values = drawn(1000, 1000, std=1.0).flatten().double().sort().values
    ends = torch.special.ndtr(torch.tensor([-2.0, 2.0], dtype=torch.float64))
    share = (torch.special.ndtr(values) - ends[0]) / (ends[1] - ends[0])
    expected = (torch.arange(len(values)) + 0.5) / len(values)
    # Kolmogorov and Smirnov's distance: 1.63 / √n is passed by chance once in a hundred times.
    assert (share - expected).abs().max() < 1.63 / len(values) ** 0.5


def test_truncated_normal_draws_filters_independently():
    filters = drawn(400, 5000)
    correlation = torch.corrcoef(filters) - torch.eye(len(filters))
    assert correlation.std().item() == pytest.approx(5000**-0.5, rel=0.05)
    assert correlation.abs().max() < 6 * 5000**-0.5


def test_truncated_normal_draws_neighbors_independently():
    values = drawn(1000, 1000)
    for step in (1, 2, 31, 32, 33, 64):
        left, right = values[:, :-step].flatten(), values[:, step:].flatten()
        assert torch.corrcoef(torch.stack([left, right]))[0, 1].abs() < 5e-3


def test_truncated_normal_repeats_no_run_of_values():
    # Values taken from a table would come in runs: equal pairs of neighbors, far too many.
    values = drawn(1_000_000).double()
    pairs = (values[:-1] * 1e9 + values[1:]).sort().values
    assert (pairs.diff() == 0).sum() < 50


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (2, 16), (7, 33), (64, 3, 7, 7)], ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16], ids=str)
def test_truncated_normal_fills_every_place(shape, dtype):
    weight = nn.Parameter(torch.full(shape, 9.0, dtype=dtype))
    truncated_normal(0.1)(weight)
    assert weight.abs().max() <= 0.2002  # 0.2 in bfloat16
    assert weight.dtype == dtype


def test_truncated_normal_leaves_shapes_without_values_alone():
    assert drawn(3, 4, device="meta").is_meta


def test_default_start_values_are_skipped_inside_only():
    with skip_default_init():
        skipped = nn.Linear(3, 4, device="meta").to_empty(device="cpu")
        skipped.weight.data.fill_(7.0)
        skipped.reset_parameters()
    assert (skipped.weight == 7).all()
    skipped.reset_parameters()
    assert (skipped.weight != 7).all()


def test_init_weights_works_where_default_start_values_are_skipped():
    with skip_default_init():
        layer = nn.Linear(3, 4)
        init_weights(layer, nn.init.ones_, bias=0.5)
    assert (layer.weight == 1).all()
    assert (layer.bias == 0.5).all()


def test_norms_start_as_ever_where_default_start_values_are_skipped():
    with skip_default_init():
        norm = nn.BatchNorm2d(4)
    assert (norm.weight == 1).all()
    assert (norm.bias == 0).all()


def test_init_weights_tells_convolutions_from_linear_layers():
    net = nn.Sequential(ConvBlock(3, 8, 3, batch_norm=False), nn.Linear(8, 4))
    fill = nn.init.constant_
    init_weights(net, lambda w: fill(w, 1.0), lambda w: fill(w, 2.0), bias=3.0)
    values = [tensor.unique().item() for tensor in net.parameters()]
    assert values == [1.0, 3.0, 2.0, 3.0]


def test_init_weights_leaves_batch_norm_alone():
    net = ConvBlock(3, 8, 3)
    init_weights(net, nn.init.zeros_)
    assert net.norm.weight.unique().item() == 1
    assert net.norm.bias.unique().item() == 0


@pytest.mark.parametrize("std", [0.1, 0.01, 0.001])
def test_truncated_normal_is_cut_at_two_deviations(std):
    torch.manual_seed(0)
    weight = torch.empty(400_000)
    truncated_normal(std)(weight)
    # Cut at two deviations, a normal keeps 0.87963 of its own: 0.0879 for 0.1, as TensorFlow's.
    density = math.exp(-2) / math.sqrt(2 * math.pi)
    kept = math.sqrt(1 - 4 * density / math.erf(math.sqrt(2)))
    assert weight.std().item() == pytest.approx(kept * std, rel=0.005)
    assert 1.99 * std < weight.abs().max() <= 2 * std
