"""Real photos, where there are some."""

import os
from pathlib import Path

import pytest

_BESIDE_THE_CHECKOUT = Path(__file__).parents[3] / "shared" / "datasets" / "clothing10_160.zip"


@pytest.fixture(scope="session")
def photos_zip() -> Path:
    """3,781 real photos of 10 classes, CC0-1.0; not part of the repository."""
    path = Path(os.environ.get("LECTURE_NETS_PHOTOS", _BESIDE_THE_CHECKOUT))
    if not path.exists():
        pytest.skip(f"no real photos: set LECTURE_NETS_PHOTOS, or put them at {path}")
    return path
