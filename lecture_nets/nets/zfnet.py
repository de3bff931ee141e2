"""ZFNet, from "Visualizing and Understanding Convolutional Networks" (arXiv 1311.2901, 2013).

The final version of the paper (figure 3): 7x7 kernels with stride 2 where AlexNet, and the paper's
first version, have 11x11 with stride 4. The paddings are those that reproduce the figure's grids.
Contrast normalization stands behind the pool; in AlexNet it stands in front of it.
"""

from functools import partial

from torch import nn

from lecture_nets.nets.initialization import init_weights, skip_default_init
from lecture_nets.nets.layers import (
    LRN,
    chain,
    conv,
    fully_connected_head,
    scale_channels,
)
from lecture_nets.nets.network import Network
from lecture_nets.nets.tree import channels_after


class ZFNet(Network):
    """Images to logits: (N, 3, 224, 224) -> (N, num_classes).

    Args:
        num_classes: number of classes.
        width: scales every channel count (to multiples of 8, at least 8).
        in_channels: channels of the images.
    """

    min_size = 63
    paper_size = 224

    @skip_default_init()
    def __init__(
        self, num_classes: int = 1000, *, width: float = 1.0, in_channels: int = 3
    ) -> None:
        super().__init__(num_classes, width, in_channels)
        plain = partial(conv, batch_norm=False)
        # fmt: off
        self.trunk = chain(
            in_channels,
            width,
            conv_1=plain(96, 7, stride=2, padding=1),           # 96 x 110 x 110
            pool_1=nn.MaxPool2d(3, stride=2, ceil_mode=True),   # 96 x 55 x 55
            norm_1=LRN(),                                       # 96 x 55 x 55
            conv_2=plain(256, 5, stride=2, padding=0),          # 256 x 26 x 26
            pool_2=nn.MaxPool2d(3, stride=2, ceil_mode=True),   # 256 x 13 x 13
            norm_2=LRN(),                                       # 256 x 13 x 13
            conv_3=plain(384, 3),                               # 384 x 13 x 13
            conv_4=plain(384, 3),                               # 384 x 13 x 13
            conv_5=plain(256, 3),                               # 256 x 13 x 13
            pool_5=nn.MaxPool2d(3, stride=2),                   # 256 x 6 x 6
        )
        # fmt: on
        channels, hidden = channels_after(self.trunk, in_channels), scale_channels(4096, width)
        self.head = fully_connected_head(channels, hidden, num_classes, grid=6)
        # The paper's 0.01; at other widths as much more as keeps the variance of a layer's sums.
        init_weights(self, partial(nn.init.normal_, std=0.01 / width**0.5))
