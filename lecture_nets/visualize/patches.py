"""Drawings of the strongest patches of a layer's channels, and of what counts in them.

    inputs = data.normalize(images)
    found = top_patches_of(net, inputs, "conv_3", [3, 17])
    draw_top_patches(images, "conv_3", found, project_patches(net, inputs, "conv_3", found))

The picture is laid out as figure 2 of ZFNet's paper (arXiv 1311.2901).
"""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torchvision.utils import make_grid

from lecture_nets.analysis.patches import Patch
from lecture_nets.visualize.figures import Picture

PAIRS_PER_ROW = 4
SIDE = 1.6  # inches of one sheet of patches
GRAY = 0.5
FULL = 0.99  # share of a projection's values below full color


def draw_top_patches(
    images: Tensor,
    layer: str,
    found: Mapping[int, Sequence[Patch]],
    projections: Mapping[int, Tensor],
) -> Picture:
    """Two sheets for each channel, its projections and its patches.

    The strongest patch stands top left. In a projection gray is zero. Patches cut off at an
    edge of their image stand on gray.

    Args:
        images: pixels, ``uint8`` (N, 3, H, W).
        layer: its name, for the title.
        found: patches of each channel, from `top_patches_of`; at least one.
        projections: (k, 3, H, W) for each channel, from `project_patches`.

    Raises:
        ValueError: no channels.
    """
    if not found:
        raise ValueError("draw_top_patches: found no channels, allowed are one or more; pass some.")
    columns = min(PAIRS_PER_ROW, len(found))
    rows = math.ceil(len(found) / columns)
    picture = Picture(
        f"What channels of {layer} answer to",
        alt=f"Two sheets of patches for each channel of {layer}: on the left what of the "
        "pixels the channel answers to, on gray, on the right the patches themselves. "
        + " ".join(in_words(channel, patches) for channel, patches in found.items()),
        caption="Left: deconvnet projections (arXiv 1311.2901), gray is zero. Right: the strongest "
        "patches of the images, the strongest top left. Above: the channel's activation there.",
        size=(max(5.0, (2 * SIDE + 0.3) * columns), 1.1 + (SIDE + 0.45) * rows),
    )
    # A narrow empty plot behind each pair keeps pairs apart.
    plots = picture.axes(rows, 3 * columns, width_ratios=(1, 1, 0.1) * columns)
    for axes in plots:
        axes.set_axis_off()
    for i, (channel, patches) in enumerate(found.items()):
        left, right = plots[3 * i : 3 * i + 2]
        answers = [signed(crop) for crop in crops(projections[channel], patches)]
        pixels = crops(images[[patch.image for patch in patches]] / 255, patches)
        left.imshow(sheet(answers).permute(1, 2, 0).numpy())
        right.imshow(sheet(pixels).permute(1, 2, 0).numpy())
        left.set_title(f"channel {channel}", fontsize=11)
        right.set_title(values_in_words(patches), fontsize=11)
    return picture


def values_in_words(patches: Sequence[Patch]) -> str:
    strongest, weakest = patches[0].value, patches[-1].value
    return f"{strongest:.3g} to {weakest:.3g}" if strongest > 0 else "silent"


def in_words(channel: int, patches: Sequence[Patch]) -> str:
    side = max(max(x1 - x0, y1 - y0) for x0, y0, x1, y1 in (patch.box for patch in patches))
    values = values_in_words(patches)
    return f"Channel {channel}: {len(patches)} patches of up to {side} pixels a side, {values}."


def crops(pictures: Tensor, patches: Sequence[Patch]) -> list[Tensor]:
    """Cut the patches' boxes out of their pictures: (k, 3, H, W) -> k times (3, h, w)."""
    pairs = zip(pictures.cpu(), (patch.box for patch in patches), strict=True)
    return [picture[:, y0:y1, x0:x1] for picture, (x0, y0, x1, y1) in pairs]


def signed(answer: Tensor) -> Tensor:
    """A projection as colors: 0 is gray, the strongest in either direction reach 0 or 1."""
    full = answer.abs().flatten().quantile(FULL).clamp_min(torch.finfo(answer.dtype).tiny)
    return (GRAY + answer / (2 * full)).clamp(0, 1)


def sheet(tiles: Sequence[Tensor]) -> Tensor:
    """Pictures (3, h, w) in rows of about as many as there are rows, smaller ones on gray."""
    height, width = (max(tile.shape[dim] for tile in tiles) for dim in (1, 2))
    grounds = torch.full((len(tiles), 3, height, width), GRAY)
    for ground, tile in zip(grounds, tiles, strict=True):
        top, left = (height - tile.shape[1]) // 2, (width - tile.shape[2]) // 2
        ground[:, top : top + tile.shape[1], left : left + tile.shape[2]] = tile
    gap = max(1, round(0.04 * max(height, width)))
    return make_grid(grounds, math.ceil(math.sqrt(len(tiles))), padding=gap, pad_value=1.0)
