"""Inception V2: table 1 of "Rethinking the Inception Architecture" (arXiv 1512.00567, 2015).

The name is also used for batch-normalized GoogLeNet (arXiv 1502.03167); that is another network,
here ``GoogLeNet(batch_norm=True)``. Table 1 gives no widths inside the modules: they are those of
the authors' released V3 code. The row 192 -> 288 must be padded, or its grid would not stay 35.
"""

from functools import partial
from typing import Literal

from torch import nn

from lecture_nets.names import choose
from lecture_nets.nets.inception_modules import (
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
    """Figure 5, on the 35 x 35 grid: each 5x5 became two stacked 3x3."""

    def __init__(self, n: int, width: float, *, pool_proj: int) -> None:
        branch = partial(convs, n, width)
        super().__init__(
            branch_1x1=branch((64, 1)),
            branch_3x3=branch((48, 1), (64, 3)),
            branch_3x3x2=branch((64, 1), (96, 3), (96, 3)),
            branch_pool=pool_branch(n, width, pool_proj),
        )


class InceptionV2(Network):
    """Images to logits: (N, 3, 299, 299) -> (N, num_classes).

    The paper contradicts itself: table 1 has a stem of 3x3 convolutions, the row "Inception-v2" of
    table 3 the 7x7 before it was factorized. So the stem is an option. It also says 42 layers and
    less than 25 million parameters, and shows neither count. The longest path (convolutions and
    linear layers) has 42 in no variant; it has when the 3 + 4 layers inside the two grid reductions
    are left out, and then one variant meets both claims, ``num_factorized=4`` with the 3x3 stem::

        stem  num_factorized  parameters  multiply-adds  longest path  without reductions
        3x3                5  25,954,248  6,352,562,784            54                  47
        3x3                4  24,263,240  5,864,860,256            49                  42
        3x3                3  22,572,232  5,377,157,728            44                  37
        7x7                5  25,358,888  5,606,955,200            51                  44
        7x7                4  23,667,880  5,119,252,672            46                  39
        7x7                3  21,976,872  4,631,550,144            41                  34

    Args:
        num_classes: number of classes.
        width: scales every channel count (to multiples of 8, at least 8).
        in_channels: channels of the images.
        stem: ``"3x3"`` is table 1; ``"7x7"`` the row "Inception-v2" of table 3, before its 7x7 was
            factorized (section 10).
        num_factorized: flattened modules on the 17 x 17 grid: 5 in table 1, 4 in the released code.
        resolution: ``299`` is the paper's network; ``151`` takes the first stride away and ``79``
            the first pool too, for small images (section 9). Weights fit all three.
        aux_heads: build the auxiliary classifier.
        aux_batch_norm: batch norm in its fully connected layer too, as in Inception V3.
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
        stem: Literal["3x3", "7x7"] = "3x3",
        num_factorized: int = 5,
        resolution: Literal[299, 151, 79] = 299,
        aux_heads: bool = True,
        aux_batch_norm: bool = False,
    ) -> None:
        super().__init__(num_classes, width, in_channels)
        if num_factorized < 2:
            raise ValueError(
                f"InceptionV2(num_factorized={num_factorized}): at least 2 are needed."
            )
        first_stride, first_pool, self.min_size = small_image_stem("InceptionV2", resolution)
        if stem == "7x7" and first_stride == 1:
            self.min_size += 2  # it trims two pixels more than two 3x3 do
        # fmt: off
        stems = {
            "3x3": dict(
                conv_1=conv(32, 3, stride=first_stride, padding=0),    # 32 x 149 x 149
                conv_2=conv(32, 3, padding=0),                         # 32 x 147 x 147
                conv_3=conv(64, 3),                                    # 64 x 147 x 147
                pool_1=first_pool,                                     # 64 x 73 x 73
                conv_4=conv(80, 3, padding=0),                         # 80 x 71 x 71
                conv_5=conv(192, 3, stride=2, padding=0),              # 192 x 35 x 35
                conv_6=conv(288, 3),                                   # 288 x 35 x 35
                inception_a1=partial(InceptionA, pool_proj=64),        # 288 x 35 x 35
            ),
            "7x7": dict(
                conv_1=conv(64, 7, stride=first_stride, padding=0),    # 64 x 147 x 147
                pool_1=first_pool,                                     # 64 x 73 x 73
                conv_2=conv(80, 1),                                    # 80 x 73 x 73
                conv_3=conv(192, 3, padding=0),                        # 192 x 71 x 71
                pool_2=nn.MaxPool2d(3, stride=2),                      # 192 x 35 x 35
                inception_a1=partial(InceptionA, pool_proj=32),        # 256 x 35 x 35
            ),
        }
        factorized = (128, *[160] * (num_factorized - 2), 192)
        self.trunk = chain(
            in_channels,
            width,
            **choose("stem of InceptionV2", stem, stems),
            inception_a2=partial(InceptionA, pool_proj=64),            # 288 x 35 x 35
            inception_a3=partial(InceptionA, pool_proj=64),            # 288 x 35 x 35
            reduction_a=ReductionA,                                    # 768 x 17 x 17
            **{
                f"inception_b{i}": partial(InceptionB, c7=c7)          # 768 x 17 x 17
                for i, c7 in enumerate(factorized, start=1)
            },
            reduction_b=ReductionB,                                    # 1280 x 8 x 8
            inception_c1=InceptionC,                                   # 2048 x 8 x 8
            inception_c2=InceptionC,                                   # 2048 x 8 x 8
        )
        # fmt: on
        self.head = average_head(channels_after(self.trunk, in_channels), num_classes, dropout=0.2)
        if aux_heads:
            self.aux_heads = inception_aux_heads(
                self.trunk,
                in_channels,
                f"inception_b{num_factorized}",
                width=width,
                num_classes=num_classes,
                hidden_batch_norm=aux_batch_norm,
            )
        init_inception(self)
