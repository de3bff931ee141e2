"""GoogLeNet (Inception V1), from "Going Deeper with Convolutions" (arXiv 1409.4842, 2014).

Rows and numbers follow table 1: true 5x5 convolutions, no batch norm, auxiliary heads on 4a and 4d.
The places and constants of the local response normalization and the initialization are those of
the BVLC Caffe model, since the paper does not say.
"""

from functools import partial
from typing import Literal

from torch import nn

from lecture_nets.names import choose
from lecture_nets.nets.initialization import init_weights, skip_default_init
from lecture_nets.nets.layers import (
    LRN,
    AuxiliaryHead,
    Row,
    aux_heads_on,
    average_head,
    chain,
    conv,
    convs,
)
from lecture_nets.nets.network import Network
from lecture_nets.nets.tree import Concat, channels_after


class Inception(Concat):
    """Figure 2b: four branches over one input; the columns of table 1."""

    def __init__(
        self,
        n: int,
        width: float,
        c1: int,
        c3_reduce: int,
        c3: int,
        c5_reduce: int,
        c5: int,
        pool_proj: int,
        *,
        five: int,
        batch_norm: bool,
    ) -> None:
        branch = partial(convs, n, width, batch_norm=batch_norm)
        super().__init__(
            branch_1x1=branch((c1, 1)),
            branch_3x3=branch((c3_reduce, 1), (c3, 3)),
            branch_5x5=branch((c5_reduce, 1), (c5, five)),
            branch_pool=nn.Sequential(nn.MaxPool2d(3, 1, padding=1), branch((pool_proj, 1))),
        )


class GoogLeNet(Network):
    """Images to logits: (N, 3, 224, 224) -> (N, num_classes).

    Args:
        num_classes: number of classes.
        width: scales every channel count (to multiples of 8, at least 8).
        in_channels: channels of the images.
        variant: ``"paper"``, or ``"torchvision"`` for weights made there: batch norm, a 3x3 in the
            place of the 5x5, a 2x2 last pool, other dropout, other pools of the auxiliary heads.
        batch_norm: normalize every convolution and leave the response norm out, as Ioffe and
            Szegedy (arXiv 1502.03167) found it superfluous then; torchvision's variant always does.
        aux_heads: build the two auxiliary classifiers.
        aux_batch_norm: batch norm in both hidden layers of each.
    """

    min_size = 31
    paper_size = 224

    @skip_default_init()
    def __init__(
        self,
        num_classes: int = 1000,
        *,
        width: float = 1.0,
        in_channels: int = 3,
        variant: Literal["paper", "torchvision"] = "paper",
        batch_norm: bool = False,
        aux_heads: bool = True,
        aux_batch_norm: bool = False,
    ) -> None:
        super().__init__(num_classes, width, in_channels)
        torchvision = choose("variant of GoogLeNet", variant, {"paper": False, "torchvision": True})
        batch_norm = batch_norm or torchvision
        if torchvision:
            self.min_size = 15  # its last pool is the smaller one
        plain = partial(conv, batch_norm=batch_norm)
        pool = partial(nn.MaxPool2d, 3, stride=2, ceil_mode=True)
        # Caffe's alpha is divided by the five channels, and its k is 1.
        norm = nn.Identity if batch_norm else partial(LRN, alpha=1e-4 / 5, k=1.0)

        def inception(*columns: int) -> Row:
            five = 3 if torchvision else 5
            return lambda n, w: Inception(n, w, *columns, five=five, batch_norm=batch_norm)

        # fmt: off
        self.trunk = chain(
            in_channels,
            width,
            conv_1=plain(64, 7, stride=2),                              # 64 x 112 x 112
            pool_1=pool(),                                              # 64 x 56 x 56
            norm_1=norm(),                                              # 64 x 56 x 56
            conv_2_reduce=plain(64, 1),                                 # 64 x 56 x 56
            conv_2=plain(192, 3),                                       # 192 x 56 x 56
            norm_2=norm(),                                              # 192 x 56 x 56
            pool_2=pool(),                                              # 192 x 28 x 28
            #                      1x1  3x3r 3x3  5x5r 5x5  pool
            inception_3a=inception( 64,  96, 128,  16,  32,  32),       # 256 x 28 x 28
            inception_3b=inception(128, 128, 192,  32,  96,  64),       # 480 x 28 x 28
            pool_3=pool(),                                              # 480 x 14 x 14
            inception_4a=inception(192,  96, 208,  16,  48,  64),       # 512 x 14 x 14
            inception_4b=inception(160, 112, 224,  24,  64,  64),       # 512 x 14 x 14
            inception_4c=inception(128, 128, 256,  24,  64,  64),       # 512 x 14 x 14
            inception_4d=inception(112, 144, 288,  32,  64,  64),       # 528 x 14 x 14
            inception_4e=inception(256, 160, 320,  32, 128, 128),       # 832 x 14 x 14
            pool_4=nn.MaxPool2d(2, 2, ceil_mode=True) if torchvision else pool(),  # 832 x 7 x 7
            inception_5a=inception(256, 160, 320,  32, 128, 128),       # 832 x 7 x 7
            inception_5b=inception(384, 192, 384,  48, 128, 128),       # 1024 x 7 x 7
        )
        # fmt: on
        channels = channels_after(self.trunk, in_channels)
        self.head = average_head(channels, num_classes, dropout=0.2 if torchvision else 0.4)
        if aux_heads:
            self.aux_heads = aux_heads_on(
                self.trunk,
                in_channels,
                ["inception_4a", "inception_4d"],
                lambda n: AuxiliaryHead(
                    n,
                    width,
                    num_classes,
                    grid=4,
                    hidden=1024,
                    dropout=0.7,
                    batch_norm=batch_norm or aux_batch_norm,
                    hidden_batch_norm=aux_batch_norm,
                    pool=nn.AdaptiveAvgPool2d(4) if torchvision else None,
                ),
            )
        init_weights(self, nn.init.xavier_uniform_, bias=0.2)
