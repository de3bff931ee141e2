"""How much of the image does one unit see? The standard recurrence, for height and width."""

from typing import NamedTuple

from torch import nn

from lecture_nets.nets.layers import Concat
from lecture_nets.nets.shallow_svm import PatchDescriptors, PixelStatistics

# Fixed functions, which have no kernel to read.
WINDOWS = {PixelStatistics: 3, PatchDescriptors: 4}


class View(NamedTuple):
    """What one unit of a map sees along one axis, in pixels of the image.

    Attributes:
        field: how many pixels.
        jump: how far apart two neighboring units look.
    """

    field: int = 1
    jump: int = 1


def view_through(layer: nn.Module, view: View, axis: int) -> View:
    """The view of a unit behind ``layer``; ``axis`` is 0 for height and 1 for width.

    ``field += (kernel - 1) · jump``, then ``jump *= stride``. Of several branches the one that
    sees most counts, and padding counts as image.
    """
    if isinstance(layer, Concat):
        return max(view_through(branch, view, axis) for branch in layer.children())
    for part in layer.children():
        view = view_through(part, view, axis)
    kernel = along(getattr(layer, "kernel_size", WINDOWS.get(type(layer), 1)), axis)
    stride = along(getattr(layer, "stride", 1), axis)
    return View(view.field + (kernel - 1) * view.jump, view.jump * stride)


def along(size: int | tuple[int, int], axis: int) -> int:
    return size if isinstance(size, int) else size[axis]
