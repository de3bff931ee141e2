"""Are edges, blobs and noise told apart, whatever their direction, place, sign and size?"""

import math

import pytest
import torch

from lecture_nets.analysis.first_layer import edges_and_blobs, spectra


def wave(size: int, degrees: float, periods: float = 1.0) -> torch.Tensor:
    """A Gabor filter, (1, 1, size, size): zero in the mean along its wave."""
    line = torch.linspace(-0.5, 0.5, size)
    y, x = line[:, None], line[None, :]
    angle = math.radians(degrees)
    along = x * math.cos(angle) + y * math.sin(angle)
    bell = torch.exp(-(x.square() + y.square()) / (2 * 0.2**2))
    return (bell * torch.sin(2 * math.pi * periods * along))[None, None]


def bell(size: int) -> torch.Tensor:
    line = torch.linspace(-0.5, 0.5, size)
    return torch.exp(-(line[:, None].square() + line.square()) / (2 * 0.2**2))[None, None]


@pytest.mark.parametrize("degrees", [0, 27, 45, 90, 160])
@pytest.mark.parametrize("size", [7, 11])
def test_an_edge_is_one_in_every_direction_and_sign(degrees, size):
    edge = wave(size, degrees)
    assert edges_and_blobs(torch.cat([edge, -edge])) == ["edge", "edge"]


@pytest.mark.parametrize("size", [5, 7, 11])
def test_a_bell_of_any_color_is_a_blob(size):
    colors = torch.tensor([[1.0, 1, 1], [1, -1, 0], [-0.2, 0.1, -2]])
    assert edges_and_blobs(bell(size) * colors[:, :, None, None]) == ["blob"] * 3


def test_noise_and_fine_stripes_are_neither():
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(64, 3, 11, 11, generator=generator)
    assert set(edges_and_blobs(noise)) == {"neither"}
    assert edges_and_blobs(wave(11, 30, periods=4)) == ["neither"]


def test_a_flat_patch_answers_at_the_origin_with_its_squared_sum():
    power = spectra(torch.ones(1, 2, 4, 6))
    assert power.shape == (1, 12, 18)
    assert power[0, 0, 0] == power.amax() == 2 * 24**2


def test_windows_need_not_be_square():
    assert edges_and_blobs(wave(11, 0)[:, :, 2:9]) == ["edge"]


@pytest.mark.parametrize("call", [spectra, edges_and_blobs])
def test_what_is_no_weight_of_a_convolution_is_refused(call):
    with pytest.raises(ValueError, match=r"found shape \(3, 3\), allowed is \(filters, channels"):
        call(torch.ones(3, 3))
