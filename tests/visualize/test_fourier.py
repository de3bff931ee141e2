"""Waves become pixels as they should, and a view is the same picture seen otherwise."""

import math

import pytest
import torch

from lecture_nets.visualize.fourier import random_spectrum, random_view, to_pixels


@pytest.mark.parametrize("size", [32, 33])
def test_the_first_waves_make_a_nearly_gray_picture(size):
    spectrum = random_spectrum(size, torch.Generator().manual_seed(0))
    pixels = to_pixels(spectrum[None])
    assert pixels.shape == (1, 3, size, size)
    assert (pixels - 0.5).abs().max() < 0.1


def test_one_coefficient_is_one_wave_of_brightness():
    spectrum = torch.zeros(1, 3, 32, 17, 2)
    spectrum[0, 0, 4, 3, 0] = 1  # mixture 0, four periods down, three to the right
    shades = to_pixels(spectrum)[0].logit()
    y, x = torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")
    wave = torch.cos(2 * math.pi * (4 * y + 3 * x) / 32)
    for shade in shades:  # nearly the same in red, green and blue
        torch.testing.assert_close(shade / shade.max(), wave, atol=1e-3, rtol=0)
    assert shades.amax((1, 2)).min() > 0.9 * shades.amax((1, 2)).max()


def test_a_wave_of_half_the_length_counts_half():
    strengths = []
    for periods in (1, 2, 4):
        spectrum = torch.zeros(1, 3, 32, 17, 2)
        spectrum[0, 0, 0, periods, 0] = 1
        strengths.append(to_pixels(spectrum).logit().max().item())
    assert strengths == pytest.approx([strengths[0], strengths[0] / 2, strengths[0] / 4], rel=1e-3)


def test_views_differ_and_come_again_with_the_seed():
    picture = torch.rand(1, 3, 32, 32)
    draw = torch.Generator().manual_seed(0)
    first, second = random_view(picture, draw), random_view(picture, draw)
    assert first.shape == picture.shape
    assert not torch.allclose(first, second, atol=0.05)
    torch.testing.assert_close(random_view(picture, draw.manual_seed(0)), first)


def test_a_view_moves_a_spot_by_no_more_than_the_bounds():
    size = 64
    picture = torch.zeros(1, 1, size, size)
    picture[..., 31:33, 31:33] = 1
    draw = torch.Generator().manual_seed(0)
    moved = set()
    for _ in range(50):
        view = random_view(picture, draw)[0, 0]
        y, x = (int(i) for i in divmod(int(view.argmax()), size))
        assert max(abs(y - 31.5), abs(x - 31.5)) <= size / 16 * 1.2 + 1
        moved.add((y, x))
    assert len(moved) > 10


def test_an_even_picture_stays_even_as_edges_are_mirrored():
    even = torch.full((1, 3, 16, 16), 0.7)
    torch.testing.assert_close(random_view(even, torch.Generator().manual_seed(0)), even)
