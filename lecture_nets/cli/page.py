"""The page of a run, as `report.html.j2` writes it: one file that needs no network.

What is put in is escaped, so that a class called ``<script>`` is only a name.
"""

import io
from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader
from PIL import Image
from torch import Tensor

THUMBNAIL = 144  # side in pixels
# What the template puts below a heading: missing, text, code, figure, table.
Shown = dict[str, Any]


def render(title: str, lead: str, sections: Sequence[Shown]) -> str:
    """The whole page: a title, what is most worth knowing, and the sections."""
    environment = Environment(
        loader=PackageLoader("lecture_nets.cli", ""),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("report.html.j2")
    return page.render(title=title, lead=lead, sections=sections)


@dataclass(frozen=True)
class Embedded:
    """An image file's bytes, for the page to hold."""

    data: bytes
    alt: str
    kind: str = "png"

    @property
    def base64(self) -> str:
        return b64encode(self.data).decode()


@dataclass(frozen=True)
class Rows:
    """A table whose first column names the rows; ``numbers`` sets the others to the right.

    A cell is a text or a list of images.
    """

    caption: str
    columns: Sequence[str]
    rows: Iterable[Sequence[Any]]
    numbers: bool = False


def thumbnail(pixels: Tensor, alt: str) -> Embedded:
    """A ``uint8`` image (3, H, W), or (1, H, W), made small."""
    image = Image.fromarray(pixels.expand(3, -1, -1).permute(1, 2, 0).contiguous().numpy())
    image.thumbnail((THUMBNAIL, THUMBNAIL))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=90)
    return Embedded(file.getvalue(), alt, "jpeg")
