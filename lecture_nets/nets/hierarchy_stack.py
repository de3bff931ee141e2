"""A network whose windows fit the grid of HierarchyWorld, and whose depth alone may vary.

As in Cagnetta et al. (Phys. Rev. X 14, 031001, 2024, section II B), a convolution of 2x2 with a
stride of 2 stands for each level of the hierarchy. Where one is left out, the linear layer sees the
finer grid instead, so that every depth sees the whole image and all of it at once.
"""

from collections import OrderedDict
from functools import partial

from torch import nn

from lecture_nets.nets.initialization import init_weights, skip_default_init
from lecture_nets.nets.layers import Row, chain, conv
from lecture_nets.nets.network import Network
from lecture_nets.nets.tree import channels_after

SHALLOWEST = 3  # two convolutions that make a vector of each stroke, and the linear layer


class HierarchyStack(Network):
    """``depth`` layers with batch norm, one after another: (N, in, H, W) -> (N, num_classes).

    ``conv_1`` and ``conv_2`` make a vector of each stroke, each further convolution one of four
    neighbors, and a linear layer reads all that are left.

    Args:
        depth: convolutions and the linear layer, from 3 to ``levels + 3``.
        num_classes: number of classes.
        cell: side of a stroke in pixels, even.
        levels: of the hierarchy; images have ``2**levels`` strokes a side.
        width: scales the channels, 32, 64 and then 128 (to multiples of 8, at least 8).
        in_channels: channels of the images.

    Raises:
        ValueError: ``depth`` or ``cell`` is out of range.
    """

    @skip_default_init()
    def __init__(
        self,
        depth: int,
        num_classes: int = 10,
        *,
        cell: int = 4,
        levels: int = 3,
        width: float = 1.0,
        in_channels: int = 3,
    ) -> None:
        super().__init__(num_classes, width, in_channels)
        if not SHALLOWEST <= depth <= levels + SHALLOWEST:
            raise ValueError(
                f"HierarchyStack(depth={depth}): found {depth} layers, allowed are {SHALLOWEST} "
                f"to {levels + SHALLOWEST} for {levels} levels; give a depth within these."
            )
        if cell < 4 or cell % 2:
            raise ValueError(
                f"HierarchyStack(cell={cell}): allowed are even numbers from 4 on; give the side "
                "of a stroke, which is image_size / 2**levels."
            )
        self.min_size = self.paper_size = cell * 2**levels
        rows: dict[str, Row] = {
            "conv_1": conv(32, 5, stride=2),
            "conv_2": conv(64, cell // 2, stride=cell // 2, padding=0),
        }
        for number in range(SHALLOWEST, depth):
            rows[f"conv_{number}"] = conv(128, 2, stride=2, padding=0)
        self.trunk = chain(in_channels, width, **rows)
        grid = 2 ** (levels + SHALLOWEST - depth)
        units = channels_after(self.trunk, in_channels) * grid**2
        self.head = nn.Sequential(
            OrderedDict(
                pool=nn.AdaptiveAvgPool2d(grid),  # does nothing to images of the world's own size
                flatten=nn.Flatten(),
                classifier=nn.Linear(units, num_classes),
            )
        )
        # PyTorch's own start. He's is 2.4 times as large: the network then fits the images without
        # changing its features much, and errs on 60 of 100 new ones, deep or not, measured.
        init_weights(self, partial(nn.init.kaiming_uniform_, a=5**0.5))
