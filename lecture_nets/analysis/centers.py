"""Where in the image do the units of a map look? Maps over pictures are drawn there.

Stretched over the image, a map lies askew: each convolution without padding takes a margin away. In
Inception V3 at 96 pixels, the four columns of the 4 x 4 maps look at 21.5 to 69.5, not at 12 to 84.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lecture_nets.analysis.receptive_field import along
from lecture_nets.nets.layers import Concat
from lecture_nets.nets.network import Network


class Centers(NamedTuple):
    """Where the units of a map look along one axis, in pixels; the first pixel ends at 1.

    Attributes:
        first: middle of what the first unit sees.
        jump: how far apart two neighboring units look.
    """

    first: float = 0.5
    jump: float = 1.0


def centers_of(net: nn.Module, layer: nn.Module, axis: int, length: int, units: int) -> Centers:
    """Where the units of ``layer`` look; ``axis`` is 0 for height and 1 for width.

    Evenly over the image in networks that are not ours: most of them pad all convolutions.

    Args:
        length: of the image along the axis.
        units: of the map along the axis.
    """
    if isinstance(net, Network):
        centers, found = centers_through(net.trunk, layer, Centers(), axis)
        if found:
            return centers
    return Centers(length / units / 2, length / units)


def centers_through(
    part: nn.Module, layer: nn.Module, centers: Centers, axis: int
) -> tuple[Centers, bool]:
    """The centers behind ``part``, or behind ``layer`` if that is in it, and whether it is."""
    steps = list(part.children())
    if isinstance(part, Concat):  # branches that are joined look at the same places
        steps = [next((step for step in steps if layer in step.modules()), steps[0])]
    for step in steps:
        centers, found = centers_through(step, layer, centers, axis)
        if found:
            return centers, True
    kernel, stride, padding = (
        along(getattr(part, name, default), axis)
        for name, default in (("kernel_size", 1), ("stride", 1), ("padding", 0))
    )
    first = centers.first + ((kernel - 1) / 2 - padding) * centers.jump
    return Centers(first, centers.jump * stride), part is layer


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
