"""The gallery shows every picture there is, each with the words that its file carries."""

import re
from pathlib import Path

from PIL import Image

DOCS = Path(__file__).parents[1] / "docs"
SHOWN = re.findall(r"!\[(.*?)\]\((.*?)\)", (DOCS / "gallery.md").read_text())


def test_every_picture_is_shown_once():
    drawn = {f"images/gallery/{path.name}" for path in (DOCS / "images" / "gallery").glob("*.png")}
    shown = [place for _, place in SHOWN]
    assert len(shown) == len(set(shown))
    assert drawn <= set(shown)


def test_words_are_those_of_the_file():
    for words, place in SHOWN:
        with Image.open(DOCS / place) as image:
            assert words == image.info["Description"].replace("[", "(").replace("]", ")"), place


def test_files_are_small():
    assert max((DOCS / place).stat().st_size for _, place in SHOWN) < 1_000_000
