"""The pixels that one unit sees: exact boxes, for any network of convolutions and pools.

The network runs on a blank image, with stand-ins for the functions that would let some pixels
through and others not; the gradient of a unit then is non-zero on just the pixels that it sees.
"""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from lecture_nets.analysis.capture import as_maps, capture
from lecture_nets.nets.layers import evaluating
from lecture_nets.nets.tree import along

Box = tuple[int, int, int, int]
AT_ONCE = 64  # units
# So small that no sum over residual branches reaches the upper bend of a ReLU6.
BLANK = 1e-6


def seen_boxes(
    net: nn.Module, image: Tensor, layer: str, units: Sequence[tuple[int, int]]
) -> list[Box]:
    """Boxes of what units of a layer see: x0, y0, x1, y1 each, cut off at the image's edges.

    Like a slice, a box ends before x1 and y1. Its size agrees with `view_through` wherever it does
    not touch an edge.

    Args:
        net: any network; it is left as it was.
        image: (3, H, W), of which the size alone counts.
        layer: a name as `find_layer` takes it.
        units: (row, column) in the layer's map; (0, 0) in a layer without a map.

    Raises:
        ValueError: no such layer, or one behind others that the stand-ins do not know.
    """
    boxes: list[Box] = []
    with evaluating(net, gradients=True), capture(net, [layer]) as captured:
        for first in range(0, len(units), AT_ONCE):
            part = units[first : first + AT_ONCE]
            blank = image.new_full((len(part), *image.shape), BLANK, requires_grad=True)
            with EveryPixelCounts():
                net(blank)
            maps = as_maps(captured[layer], layer)
            rows, columns = torch.tensor(part, device=maps.device).T
            chosen = maps[torch.arange(len(part)), :, rows, columns].sum()
            (gradient,) = torch.autograd.grad(chosen, blank)
            if gradient.isnan().any() or not gradient.flatten(1).any(dim=1).all():
                raise ValueError(
                    f"seen_boxes: what {layer!r} of {type(net).__name__} sees cannot be found out; "
                    "that takes convolutions, pools and what treats each position alike."
                )
            boxes += map(box_around, (gradient != 0).any(dim=1))
    return boxes


def box_around(seen: Tensor) -> Box:
    """The smallest box around the true pixels of (H, W)."""
    columns, rows = (seen.any(dim).nonzero().flatten().tolist() for dim in (0, 1))
    return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1


class EveryPixelCounts(TorchFunctionMode):
    """Within, weights are ones and maximum pools are averages, whatever the network has learned.

    So all numbers stay positive, nothing cancels, and no ReLU shuts.
    """

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        return STAND_INS.get(func, func)(*args, **(kwargs or {}))


def _conv2d(
    x: Tensor,
    weight: Tensor,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    # All channels see alike, so one is enough; it counts in double, where nothing is rounded to 0.
    x = x.mean(1, keepdim=True).double()
    # The gradient would count the paths to each pixel, beyond all numbers; whether is enough.
    x.register_hook(lambda gradient: (gradient != 0).to(gradient))
    ones = x.new_ones(1, 1, *weight.shape[2:]) / weight[0, 0].numel()
    return F.conv2d(x, ones, None, stride, padding, dilation).repeat(1, len(weight), 1, 1)


def _max_pool2d(
    x: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor:
    window = [1 + (along(kernel_size, axis) - 1) * along(dilation, axis) for axis in (0, 1)]
    return F.avg_pool2d(x, window, stride or kernel_size, padding, ceil_mode)


STAND_INS: dict[Any, Any] = {
    torch.conv2d: _conv2d,
    F.linear: lambda x, weight, bias=None: x.mean(-1, keepdim=True).expand(
        *x.shape[:-1], len(weight)
    ),
    F.max_pool2d: _max_pool2d,
    F.adaptive_max_pool2d: lambda x, *args, **options: F.adaptive_avg_pool2d(x, args[0]),
    F.batch_norm: lambda x, *args, **options: x,
    F.layer_norm: lambda x, *args, **options: x,  # of channels
    F.local_response_norm: lambda x, *args, **options: x,
    F.group_norm: lambda x, *args, **options: x + x.mean((-2, -1), keepdim=True),
}
