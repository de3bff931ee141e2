"""Many small pictures side by side, each with its name."""

import math
from collections.abc import Sequence

from torch import Tensor

from lecture_nets.visualize.figures import Picture

SIDE = 1.8  # of one picture, in inches
LETTER = 0.15  # of the title, in inches


def draw_grid(
    images: Tensor | Sequence[Tensor],
    titles: Sequence[str],
    *,
    title: str,
    alt: str,
    columns: int | None = None,
    caption: str = "",
) -> Picture:
    """Images row by row, each below its own title.

    Args:
        images: (3, H, W) each, ``uint8`` or 0…1.
        titles: one for each image.
        title: of the whole.
        alt: what can be seen, in words.
        columns: images in a row; if not given, as near to a square as can be.
        caption: drawn below; for sources.

    Raises:
        ValueError: no images, or not one title for each.
    """
    if not len(images) or len(titles) != len(images):
        raise ValueError(
            f"draw_grid: found {len(images)} images and {len(titles)} titles, allowed is one title "
            "for each of one or more images; pass as many."
        )
    columns = columns or math.ceil(math.sqrt(len(images)))
    rows = math.ceil(len(images) / columns)
    lines = max(title.count("\n") for title in titles)
    width = max(columns * SIDE, LETTER * len(title))
    height = rows * (SIDE + 0.22 + 0.2 * lines) + 0.6
    picture = Picture(title, alt=alt, caption=caption, size=(width, height))
    plots = picture.axes(rows, columns)
    for axes in plots:
        axes.set_axis_off()
    for axes, image, name in zip(plots, images, titles, strict=False):  # a last row may be short
        axes.imshow(image.detach().cpu().permute(1, 2, 0).numpy())
        axes.set_title(name, fontsize=11)
    return picture
