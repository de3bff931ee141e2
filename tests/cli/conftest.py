"""Photos to give to commands."""

import pytest
import torch
from PIL import Image


@pytest.fixture
def photos(tmp_path):
    """``photos/{cat,dog}/*.png``: 40 pictures each, of 64 to 103 pixels."""
    for label, name in enumerate(("cat", "dog")):
        folder = tmp_path / "photos" / name
        folder.mkdir(parents=True)
        for i in range(40):
            side = 64 + i
            pixels = torch.randint(100, (side, side + 5, 3), dtype=torch.uint8) + 100 * label
            Image.fromarray(pixels.numpy()).save(folder / f"{i}.png")
    return tmp_path / "photos"
