"""Kernels are taken apart as well as can be: known answers from algebra."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from lecture_nets.analysis import cascade, separability
from lecture_nets.analysis.kernels import named_kernels

CLASSICS = named_kernels(5)
SEPARABLE = ["Gaussian", "box", "Sobel", "Prewitt", "edge 0°", "motion blur 0°"]


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


@settings(max_examples=10, deadline=None)
@given(size=st.sampled_from([2, 3, 5, 7]), seed=st.integers(0, 10**6), scale=st.integers(-12, 12))
def test_a_column_times_a_row_is_found_again(size, seed, scale):
    kernel = normal(size, 1, seed=seed) * normal(1, size, seed=seed + 1) * 10.0**scale
    assert separability(kernel).rank1_energy == pytest.approx(1)
    assert cascade(kernel, ((size, 1), (1, size))).residual < 1e-6


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_singular_values_say_how_near_a_column_times_a_row_comes(seed):
    kernel = normal(5, 5, seed=seed)
    lost = 1 - separability(kernel).rank1_energy
    assert cascade(kernel, ((1, 5), (5, 1))).residual == pytest.approx(float(lost.sqrt()))


@pytest.mark.parametrize(
    ("name", "share"), [*((name, 1) for name in SEPARABLE), ("motion blur 45°", 1 / 5)]
)
def test_share_of_a_column_times_a_row(name, share):
    assert separability(CLASSICS[name]).rank1_energy == pytest.approx(share)


# Column and row of a separable 5×5 are polynomials of degree 4, each two real quadratics.
@pytest.mark.parametrize("name", [*SEPARABLE, "motion blur 45°", "edge 45°"])
def test_two_3x3_equal_this_5x5(name):
    assert cascade(CLASSICS[name]).residual < 1e-6


# As measured; three other seeds of the starts end at the same residuals.
@pytest.mark.parametrize(
    ("name", "residual"),
    [("Laplacian of Gaussian", 0.0039), ("Gabor 30°", 0.0114), ("edge 27°", 0.2565)],
)
def test_two_3x3_miss_this_5x5(name, residual):
    assert cascade(CLASSICS[name]).residual == pytest.approx(residual, abs=1e-4)


@pytest.mark.parametrize("sizes", [(3, 3, 3), (5, 3), ((1, 7), (7, 1)), (7,)])
def test_convolutions_one_after_the_other_do_what_the_approximation_does(sizes):
    found = cascade(normal(7, 7), sizes)
    image = normal(1, 1, 12, 12, seed=1)
    after = image
    for kernel in found.kernels:
        after = F.conv2d(after, kernel[None, None])
    torch.testing.assert_close(after, F.conv2d(image, found.approximation[None, None]))


def test_the_residual_is_the_distance_to_the_approximation():
    kernel = 1000 * normal(7, 7)
    found = cascade(kernel, (3, 3, 3))
    distance = (found.approximation - kernel).norm() / kernel.norm()
    assert found.residual == pytest.approx(float(distance))


@pytest.mark.parametrize("sizes", [(3, 3, 3), (5, 3)])
def test_a_product_of_small_kernels_is_found_again(sizes):
    product = F.conv2d(normal(1, 1, 3, 3), normal(1, 1, 3, 3, seed=1), padding=2)
    product = F.conv2d(product, normal(1, 1, 3, 3, seed=2), padding=2)[0, 0]
    assert cascade(product, sizes).residual < 1e-6


def test_repeated_factors_are_no_obstacle():
    assert cascade(named_kernels(7)["Sobel"], (3, 3, 3)).residual < 1e-6


def test_equal_singular_values_are_no_obstacle():
    edge = named_kernels(7)["edge 45°"]
    lost = 1 - separability(edge).rank1_energy
    assert cascade(edge, ((1, 7), (7, 1))).residual == pytest.approx(float(lost.sqrt()))


def test_the_same_kernel_gives_the_same_cascade():
    one, two = cascade(normal(5, 5)), cascade(normal(5, 5))
    assert all(torch.equal(a, b) for a, b in zip(one.kernels, two.kernels, strict=True))


def test_a_trained_layer_is_a_bank_of_kernels():
    layer = nn.Conv2d(3, 8, 5)
    found = separability(layer.weight)
    assert (found.singular_values.shape, found.rank1_energy.shape) == ((8, 3, 5), (8, 3))
    torch.testing.assert_close(
        found.rank1_energy[4, 1], separability(layer.weight[4, 1]).rank1_energy
    )


def test_a_kernel_of_zeros_is_separable_and_an_exact_cascade():
    nothing = torch.zeros(5, 5)
    assert (separability(nothing).rank1_energy, cascade(nothing).residual) == (1, 0)


@pytest.mark.parametrize("sizes", [(), (3,), (3, 5), (3, 3, 3), (5, 1, 0, 2), ((1, 5), (1, 5))])
def test_sizes_that_do_not_fit_are_refused(sizes):
    with pytest.raises(ValueError, match=r"cascade: found .*allowed are sizes that reach 5×5"):
        cascade(normal(5, 5), sizes)


@pytest.mark.parametrize("kernel", [torch.ones(5), torch.ones(2, 5, 5), torch.full((5, 5), 1e400)])
def test_what_is_no_finite_kernel_is_refused(kernel):
    with pytest.raises(ValueError, match=r"cascade: found .*allowed are finite numbers"):
        cascade(kernel)


def test_a_bank_with_a_number_that_is_not_finite_is_refused():
    with pytest.raises(ValueError, match="separability: found not all finite"):
        separability(torch.full((2, 3, 3), torch.nan))
