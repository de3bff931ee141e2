"""Receptive fields: how much of the image one unit sees, and where it looks.

One recurrence gives both (Araujo et al., "Computing Receptive Fields of Convolutional Neural
Networks", Distill 2019). Maps over pictures are drawn where their units look: stretched over the
image, a map lies askew, since each convolution without padding takes a margin away. In Inception V3
at 96 pixels, the four columns of the 4 x 4 maps look at 21.5 to 69.5, not at 12 to 84.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lecture_nets.nets.network import Network
from lecture_nets.nets.tree import along, follow


class View(NamedTuple):
    """The receptive fields of a map's units along one axis, in pixels of the image.

    Attributes:
        field: how many pixels one unit sees.
        jump: how far apart two neighboring units look.
        first: middle of what the first unit sees; the first pixel ends at 1.
    """

    field: int = 1
    jump: int = 1
    first: float = 0.5


class Centers(NamedTuple):
    """The positions of a map's units along one axis: ``first`` and ``jump`` as in `View`."""

    first: float = 0.5
    jump: float = 1.0


def view_through(layer: nn.Module, view: View, axis: int) -> View:
    """The view of a unit behind ``layer``; ``axis`` is 0 for height and 1 for width.

    ``field += (kernel − 1) · jump``, ``first += ((kernel − 1) / 2 − padding) · jump``, then
    ``jump *= stride``. Of several branches the one that sees most counts; they look at the same
    places. Padding counts as image.

    Raises:
        TypeError: as in `lecture_nets.nets.tree.fold`.
    """
    return views_in(layer, view, axis)[layer]


def views_in(layer: nn.Module, view: View, axis: int) -> dict[nn.Module, View]:
    """`view_through` for ``layer`` and for each part of it."""
    return follow(
        layer, view, leaf=lambda part, view: step(part, view, axis), join=lambda _, v: max(v)
    )


def step(layer: nn.Module, view: View, axis: int) -> View:
    kernel, stride, dilation = (
        along(getattr(layer, name, 1), axis) for name in ("kernel_size", "stride", "dilation")
    )
    reach = (kernel - 1) * dilation
    padding = getattr(layer, "padding", 0)
    if isinstance(padding, str):
        padding = reach / 2 if padding == "same" else 0
    first = view.first + (reach / 2 - along(padding, axis)) * view.jump
    return View(view.field + reach * view.jump, view.jump * stride, first)


def centers_of(net: nn.Module, layer: nn.Module, axis: int, length: int, units: int) -> Centers:
    """The positions of the units of ``layer``; ``axis`` is 0 for height and 1 for width.

    Evenly over the image in networks that are not ours: most of them pad all convolutions.

    Args:
        length: of the image along the axis.
        units: of the map along the axis.
    """
    if isinstance(net, Network):
        view = views_in(net.trunk, View(), axis).get(layer)
        if view is not None:
            return Centers(view.first, view.jump)
    return Centers(length / units / 2, length / units)


def lay_over(maps: Tensor, size: tuple[int, int], rows: Centers, columns: Centers) -> Tensor:
    """Maps enlarged to an image's size, each unit where it looks: (N, h, w) -> (N, H, W).

    Bilinear between the centers; outside of them the nearest counts.
    """
    y, x = (
        (torch.arange(0.5, length).to(maps) - centers.first) / centers.jump
        for length, centers in zip(size, (rows, columns), strict=True)
    )
    height, width = maps.shape[1:]
    grid_y, grid_x = (2 * y + 1) / height - 1, (2 * x + 1) / width - 1
    grid = torch.stack(torch.meshgrid(grid_y, grid_x, indexing="ij")[::-1], dim=-1)
    grid = grid.expand(len(maps), -1, -1, -1)
    return F.grid_sample(maps[:, None], grid, padding_mode="border", align_corners=False)[:, 0]
