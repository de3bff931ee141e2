"""Sheets of many small pictures, each shown pixel by pixel: a wall of them in one small file."""

import math
from collections.abc import Mapping, Sequence

import torch.nn.functional as F
from torch import Tensor
from torchvision.utils import make_grid

from lecture_nets.visualize.figures import DPI, Picture

GAP = 2  # pixels between pictures
SHADES = 15  # steps of each color: the file is half as large, and nobody sees it
MARGIN = 0.25  # inches around a sheet


def draw_sheets(
    sheets: Mapping[str, Tensor | Sequence[Tensor]],
    *,
    title: str,
    alt: str,
    columns: int = 4,
    side: int = 72,
    caption: str = "",
) -> Picture:
    """Sheets side by side, each below its name.

    Args:
        sheets: by name, pictures (3, H, W) of one size, in 0…1 or ``uint8``.
        title: of the whole.
        alt: what can be seen, in words.
        columns: pictures in a row of a sheet.
        side: pixels a side of each picture as shown.
        caption: drawn below; for sources.

    Raises:
        ValueError: no sheets, or an empty one.
    """
    if not sheets or not all(map(len, sheets.values())):
        raise ValueError(
            f"draw_sheets: found sheets of {[*map(len, sheets.values())]} pictures, allowed are "
            "one or more sheets with one picture or more; pass some."
        )
    rows = max(math.ceil(len(tiles) / columns) for tiles in sheets.values())
    inches = [(count * (side + GAP) + GAP) / DPI + MARGIN for count in (columns, rows)]
    size = (inches[0] * len(sheets), inches[1] + (1.0 if caption else 0.75))
    picture = Picture(title, alt=alt, caption=caption, size=size)
    for axes, (name, tiles) in zip(picture.axes(1, len(sheets)), sheets.items(), strict=True):
        axes.set_axis_off()
        axes.set_title(name, fontsize=12)
        axes.set_anchor("N")
        shown = sheet(tiles, columns, side).permute(1, 2, 0).numpy()
        axes.imshow(shown, interpolation="nearest")
    return picture


def sheet(tiles: Tensor | Sequence[Tensor], columns: int, side: int) -> Tensor:
    """Pictures (3, H, W) as one: (3, rows · (side + 2) + 2, columns · (side + 2) + 2), 0…1."""
    small = []
    for tile in tiles:
        pixels = tile.detach().cpu().float() / (1 if tile.is_floating_point() else 255)
        small.append(F.interpolate(pixels[None], (side, side), mode="bilinear", antialias=True)[0])
    shades = (make_grid(small, columns, GAP, pad_value=1.0).clamp(0, 1) * SHADES).round()
    return shades / SHADES
