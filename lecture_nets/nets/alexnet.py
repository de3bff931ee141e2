"""AlexNet, from "ImageNet Classification with Deep Convolutional Neural Networks" (NIPS 2012).

``variant="2012"`` is the paper's network: two towers (``groups=2``, one for each graphics card) and
local response normalization. A padding of 2 makes the printed 224 pixels give the printed 55 x 55.
``variant="2014"`` is the single tower of "One weird trick for parallelizing convolutional neural
networks" (arXiv 1404.5997) as torchvision has it.
"""

from functools import partial
from typing import Literal

from torch import nn

from lecture_nets.names import choose
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


class AlexNet(Network):
    """Images to logits: (N, 3, 224, 224) -> (N, num_classes).

    Args:
        num_classes: number of classes.
        width: scales every channel count (to multiples of 8, at least 8).
        in_channels: channels of the images.
        variant: ``"2012"``, or ``"2014"`` for torchvision's weights: one tower, other widths, no
            response norm, dropout in front of the fully connected layers instead of behind them.
    """

    min_size = 63
    paper_size = 224

    @skip_default_init()
    def __init__(
        self,
        num_classes: int = 1000,
        *,
        width: float = 1.0,
        in_channels: int = 3,
        variant: Literal["2012", "2014"] = "2012",
    ) -> None:
        super().__init__(num_classes, width, in_channels)
        plain = partial(conv, batch_norm=False)
        pool = partial(nn.MaxPool2d, 3, stride=2)
        # fmt: off
        tables = {
            "2012": dict(
                conv_1=plain(96, 11, stride=4, padding=2),   # 96 x 55 x 55
                norm_1=LRN(),                                # 96 x 55 x 55
                pool_1=pool(),                               # 96 x 27 x 27
                conv_2=plain(256, 5, groups=2),              # 256 x 27 x 27
                norm_2=LRN(),                                # 256 x 27 x 27
                pool_2=pool(),                               # 256 x 13 x 13
                conv_3=plain(384, 3),                        # 384 x 13 x 13
                conv_4=plain(384, 3, groups=2),              # 384 x 13 x 13
                conv_5=plain(256, 3, groups=2),              # 256 x 13 x 13
                pool_5=pool(),                               # 256 x 6 x 6
            ),
            "2014": dict(
                conv_1=plain(64, 11, stride=4, padding=2),   # 64 x 55 x 55
                pool_1=pool(),                               # 64 x 27 x 27
                conv_2=plain(192, 5),                        # 192 x 27 x 27
                pool_2=pool(),                               # 192 x 13 x 13
                conv_3=plain(384, 3),                        # 384 x 13 x 13
                conv_4=plain(256, 3),                        # 256 x 13 x 13
                conv_5=plain(256, 3),                        # 256 x 13 x 13
                pool_5=pool(),                               # 256 x 6 x 6
            ),
        }
        # fmt: on
        self.trunk = chain(in_channels, width, **choose("variant of AlexNet", variant, tables))
        channels, hidden = channels_after(self.trunk, in_channels), scale_channels(4096, width)
        self.head = fully_connected_head(
            channels, hidden, num_classes, grid=6, dropout_first=variant == "2014"
        )
        # The paper's 0.01; at other widths as much more as keeps the variance of a layer's sums.
        init_weights(self, partial(nn.init.normal_, std=0.01 / width**0.5))
