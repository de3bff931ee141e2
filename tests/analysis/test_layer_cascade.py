"""Layers that are cascades are found to be, and what comes back does what the residual says."""

import pytest
import torch
from torch.nn import functional as F

from lecture_nets.analysis.layer_cascade import compose, fewest_channels, split_layer


def layer(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


CASES = [
    ((3, 3), (4, 5, 3, 3), (6, 4, 3, 3)),
    (((1, 5), (5, 1)), (4, 5, 1, 5), (6, 4, 5, 1)),
    (((5, 1), (1, 5)), (4, 5, 5, 1), (6, 4, 1, 5)),
    ((3, (1, 3)), (4, 5, 3, 3), (6, 4, 1, 3)),
]


@pytest.mark.parametrize(("sizes", "first", "second"), CASES)
def test_composed_is_what_two_convolutions_do(sizes, first, second):
    first, second = layer(*first), layer(*second, seed=1)
    whole = compose(first, second)
    # Convolutions of torch turn nothing around, so neither does the composition.
    images = layer(2, 5, 12, 12, seed=2)
    assert torch.allclose(F.conv2d(F.conv2d(images, first), second), F.conv2d(images, whole))


@pytest.mark.parametrize(("sizes", "first", "second"), CASES)
def test_a_cascade_needs_the_channels_it_was_made_with(sizes, first, second):
    whole = compose(layer(*first), layer(*second, seed=1))
    assert split_layer(whole, sizes, 4).residual < 1e-4
    assert split_layer(whole, sizes, 3).residual > 0.05
    assert fewest_channels(whole, sizes, within=0.01) == 4


@pytest.mark.parametrize(("sizes", "first", "second"), CASES)
def test_what_is_missing_is_what_the_residual_says(sizes, first, second):
    whole = (
        compose(layer(*first), layer(*second, seed=1))
        + 0.1 * layer(6, 5, 5, 5)[:, :, : first[2] + second[2] - 1, : first[3] + second[3] - 1]
    )
    found = split_layer(whole, sizes, 3)
    error = (compose(found.first, found.second) - whole).norm() / whole.norm()
    assert found.residual == pytest.approx(float(error))
    assert found.first.shape == (3, *first[1:])
    assert found.second.shape == (6, 3, *second[2:])
    small = found.first.numel() + found.second.numel()
    assert found.cost == pytest.approx(small / whole.numel())


def test_the_closed_form_misses_what_singular_values_say():
    weight = layer(6, 5, 7, 7)
    found = split_layer(weight, ((1, 7), (7, 1)), 10)
    values = torch.linalg.svdvals(weight.permute(0, 2, 1, 3).reshape(42, 35))
    assert found.residual == pytest.approx(float(values[10:].norm() / values.norm()))


def test_two_3x3_are_exact_with_four_channels_for_each():
    weight = layer(5, 2, 5, 5)
    assert split_layer(weight, (3, 3), 8).residual < 1e-3
    assert fewest_channels(weight, (3, 3)) <= 8


def test_scale_does_not_matter():
    weight = layer(4, 3, 5, 5)
    large, small = (split_layer(weight * scale, (3, 3), 3).residual for scale in (1e6, 1e-6))
    assert large == pytest.approx(small)


@pytest.mark.parametrize(
    ("weight", "sizes", "word"),
    [
        (torch.ones(5, 5), (3, 3), "shape"),
        (torch.zeros(2, 2, 5, 5), (3, 3), "not all 0"),
        (torch.full((2, 2, 5, 5), torch.nan), (3, 3), "finite"),
        (torch.ones(2, 2, 5, 5), (3,), "found 1 sizes"),
        (torch.ones(2, 2, 7, 7), (3, 3), "reaches 5×5"),
    ],
)
def test_what_cannot_be_split(weight, sizes, word):
    with pytest.raises(ValueError, match=word):
        split_layer(weight, sizes, 2)


def test_other_arguments():
    with pytest.raises(ValueError, match="at least 1"):
        split_layer(torch.ones(2, 2, 5, 5), (3, 3), 0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        fewest_channels(torch.ones(2, 2, 5, 5), (3, 3), within=1.0)
