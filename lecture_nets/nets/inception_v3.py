"""Inception V3, from "Rethinking the Inception Architecture" (arXiv 1512.00567, 2015).

Where the paper and the authors' released code disagree, the rows follow the code: a real 5x5 stays
in the modules of the 35 x 35 grid, there are four flattened modules, and the long branch of those
starts with the column. Numerically this is torchvision's ``inception_v3`` but for the dropout (0.2
as released; torchvision 0.5).
"""

from functools import partial
from typing import Literal

from torch import nn

from lecture_nets.nets.inception_modules import (
    COLUMN,
    ROW,
    InceptionB,
    InceptionC,
    ReductionA,
    ReductionB,
    inception_aux_heads,
    init_inception,
    pool_branch,
    small_image_stem,
)
from lecture_nets.nets.initialization import skip_default_init
from lecture_nets.nets.layers import average_head, chain, conv, convs
from lecture_nets.nets.network import Network
from lecture_nets.nets.tree import Concat, channels_after


class InceptionA(Concat):
    """The 35 x 35 grid: a 5x5 branch next to two stacked 3x3."""

    def __init__(self, n: int, width: float, *, pool_proj: int) -> None:
        branch = partial(convs, n, width)
        super().__init__(
            branch_1x1=branch((64, 1)),
            branch_5x5=branch((48, 1), (64, 5)),
            branch_3x3x2=branch((64, 1), (96, 3), (96, 3)),
            branch_pool=pool_branch(n, width, pool_proj),
        )


class InceptionV3(Network):
    """Images to logits: (N, 3, 299, 299) -> (N, num_classes).

    Args:
        num_classes: number of classes.
        width: scales every channel count (to multiples of 8, at least 8).
        in_channels: channels of the images.
        resolution: ``299`` is the paper's network; ``151`` takes the first stride away and ``79``
            the first pool too, for small images (section 9). Weights fit all three.
        aux_heads: build the auxiliary classifier.
        aux_batch_norm: batch norm in its fully connected layer too ("BN-auxiliary", section 10).
        count_include_pad: let the zeros around the map count in the modules' average pools, as
            torchvision and timm do; ``False`` leaves them out, as TensorFlow and Keras do.
    """

    min_size = 75
    paper_size = 299

    @skip_default_init()
    def __init__(
        self,
        num_classes: int = 1000,
        *,
        width: float = 1.0,
        in_channels: int = 3,
        resolution: Literal[299, 151, 79] = 299,
        aux_heads: bool = True,
        aux_batch_norm: bool = True,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__(num_classes, width, in_channels)
        first_stride, first_pool, self.min_size = small_image_stem("InceptionV3", resolution)
        flattened = partial(InceptionB, order=(COLUMN, ROW))
        # fmt: off
        self.trunk = chain(
            in_channels,
            width,
            conv_1=conv(32, 3, stride=first_stride, padding=0),    # 32 x 149 x 149
            conv_2=conv(32, 3, padding=0),                         # 32 x 147 x 147
            conv_3=conv(64, 3),                                    # 64 x 147 x 147
            pool_1=first_pool,                                     # 64 x 73 x 73
            conv_4=conv(80, 1),                                    # 80 x 73 x 73
            conv_5=conv(192, 3, padding=0),                        # 192 x 71 x 71
            pool_2=nn.MaxPool2d(3, stride=2),                      # 192 x 35 x 35
            inception_a1=partial(InceptionA, pool_proj=32),        # 256 x 35 x 35
            inception_a2=partial(InceptionA, pool_proj=64),        # 288 x 35 x 35
            inception_a3=partial(InceptionA, pool_proj=64),        # 288 x 35 x 35
            reduction_a=ReductionA,                                # 768 x 17 x 17
            inception_b1=partial(flattened, c7=128),               # 768 x 17 x 17
            inception_b2=partial(flattened, c7=160),               # 768 x 17 x 17
            inception_b3=partial(flattened, c7=160),               # 768 x 17 x 17
            inception_b4=partial(flattened, c7=192),               # 768 x 17 x 17
            reduction_b=ReductionB,                                # 1280 x 8 x 8
            inception_c1=InceptionC,                               # 2048 x 8 x 8
            inception_c2=InceptionC,                               # 2048 x 8 x 8
        )
        # fmt: on
        for layer in self.trunk.modules():
            if isinstance(layer, nn.AvgPool2d):
                layer.count_include_pad = count_include_pad
        self.head = average_head(channels_after(self.trunk, in_channels), num_classes, dropout=0.2)
        if aux_heads:
            self.aux_heads = inception_aux_heads(
                self.trunk,
                in_channels,
                "inception_b4",
                width=width,
                num_classes=num_classes,
                hidden_batch_norm=aux_batch_norm,
            )
        init_inception(self)
