"""The grid of preferred pictures counts rightly what they reach, and sheets show their pixels."""

import pytest
import torch
from torch import nn

from lecture_nets.visualize import maximize
from lecture_nets.visualize.preferred import draw_preferred, preferred
from lecture_nets.visualize.sheets import draw_sheets, sheet

OPTIONS = dict(mean=(0.5,) * 3, std=(0.5,) * 3, image_size=16, steps=400)


@pytest.fixture
def colors():
    """Units that prefer red, green and blue to the others; a fourth answers to nothing."""
    net = nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU())
    net[0].weight.data = (1.5 * torch.eye(4, 3) - 0.5 * (torch.arange(4) < 3)[:, None]).reshape(
        4, 3, 1, 1
    )
    net[0].bias.data = torch.tensor([0.0, 0.0, 0.0, -5.0])
    generator = torch.Generator().manual_seed(0)
    return net, 0.1 * torch.randn(20, 3, 16, 16, generator=generator)


UNITS = [f"1:{i}" for i in range(3)]


def test_pictures_beat_real_images_and_noise_and_each_suits_its_own_unit(colors):
    found = preferred(colors[0], UNITS, colors[1], **OPTIONS)
    assert (found.alive, found.beats_images, found.beats_noise, found.own) == (3, 3, 3, 3)


def test_noise_in_place_of_pictures_is_noticed(colors, monkeypatch):
    generator = torch.Generator().manual_seed(1)
    noise = torch.rand(3, 3, 16, 16, generator=generator)
    monkeypatch.setattr(maximize, "maximize_activations", lambda *_, **__: noise)
    assert preferred(colors[0], UNITS, colors[1], **OPTIONS).beats_noise == 0


def test_units_that_answer_to_nothing_do_not_count(colors, monkeypatch):
    pictures = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    monkeypatch.setattr(maximize, "maximize_activations", lambda *_, **__: pictures)
    found = preferred(colors[0], ["1:3"], colors[1], **OPTIONS)
    assert (found.alive, found.beats_images, found.beats_noise, found.own) == (0, 0, 0, 0)


def test_words_tell_the_counts(colors):
    found = preferred(colors[0], UNITS, colors[1], **OPTIONS)
    picture = draw_preferred({"colors": found})
    assert "colors: 3 pictures; 3 units answer to real images at all" in picture.alt
    assert "drives 3 of them more than every real image" in picture.alt


def test_objectives_of_two_layers_are_refused(colors):
    with pytest.raises(ValueError, match="objectives of the layers 0, 1; allowed is one layer"):
        preferred(colors[0], ["0:1", "1:1"], colors[1], **OPTIONS)


def test_a_sheet_holds_each_picture_in_its_place():
    tiles = torch.stack([torch.zeros(3, 8, 8), torch.ones(3, 8, 8), torch.zeros(3, 8, 8)])
    found = sheet(tiles, columns=2, side=4)
    assert found.shape == (3, 14, 14)
    assert (found[:, 2:6, 2:6] == 0).all()
    assert (found[:, 2:6, 8:12] == 1).all()
    assert (found[:, 8:12, 2:6] == 0).all()
    assert torch.equal(sheet((tiles * 255).to(torch.uint8), 2, 4), found)


def test_sheets_without_pictures_are_refused():
    with pytest.raises(ValueError, match="found sheets of \\[0\\] pictures"):
        draw_sheets({"none": []}, title="None", alt="Nothing.")
