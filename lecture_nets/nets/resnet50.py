"""ResNet-50, from "Deep Residual Learning for Image Recognition" (arXiv 1512.03385, 2015).

The answer to the lecture's last question: deeper stacks train once each block adds to its input.
Rows follow table 1, with the names of section 4.1 and figure 7. The stride of a stage is in the
3x3 convolution of its first block, as in torchvision; the paper has it in the 1x1 before. Shortcuts
are projections where the shape changes, identities elsewhere (option B). Convolutions start as by
He et al. (arXiv 1502.01852, fan out), the classifier as in arXiv 1706.02677, section 5.1.
"""

from functools import partial

from torch import nn

from lecture_nets.nets.initialization import init_weights, skip_default_init
from lecture_nets.nets.layers import Residual, average_head, chain, conv
from lecture_nets.nets.network import Network
from lecture_nets.nets.tree import channels_after

norm_conv = partial(conv, eps=1e-5)


class Bottleneck(Residual):
    """Figure 5, right: 1x1 reduces, 3x3, 1x1 expands to four times as many channels."""

    def __init__(self, n: int, width: float, channels: int, *, stride: int = 1) -> None:
        residual = chain(
            n,
            width,
            reduce=norm_conv(channels, 1),
            spatial=norm_conv(channels, 3, stride=stride),
            expand=norm_conv(4 * channels, 1, relu=False),
        )
        if stride == 1 and channels_after(residual, n) == n:
            shortcut = nn.Identity()
        else:
            shortcut = norm_conv(4 * channels, 1, stride=stride, relu=False)(n, width)
        super().__init__(residual, shortcut)


class ResNet50(Network):
    """Images to logits: (N, 3, 224, 224) -> (N, num_classes).

    Args:
        num_classes: number of classes.
        width: scales every channel count (to multiples of 8, at least 8).
        in_channels: channels of the images.
    """

    min_size = 1
    paper_size = 224

    @skip_default_init()
    def __init__(
        self, num_classes: int = 1000, *, width: float = 1.0, in_channels: int = 3
    ) -> None:
        super().__init__(num_classes, width, in_channels)

        def block(channels: int, stride: int = 1) -> partial[Bottleneck]:
            return partial(Bottleneck, channels=channels, stride=stride)

        # fmt: off
        self.trunk = chain(
            in_channels,
            width,
            conv_1=norm_conv(64, 7, stride=2),                # 64 x 112 x 112
            pool_1=nn.MaxPool2d(3, stride=2, padding=1),      # 64 x 56 x 56
            conv_2_1=block(64),                               # 256 x 56 x 56
            conv_2_2=block(64),                               # 256 x 56 x 56
            conv_2_3=block(64),                               # 256 x 56 x 56
            conv_3_1=block(128, stride=2),                    # 512 x 28 x 28
            conv_3_2=block(128),                              # 512 x 28 x 28
            conv_3_3=block(128),                              # 512 x 28 x 28
            conv_3_4=block(128),                              # 512 x 28 x 28
            conv_4_1=block(256, stride=2),                    # 1024 x 14 x 14
            conv_4_2=block(256),                              # 1024 x 14 x 14
            conv_4_3=block(256),                              # 1024 x 14 x 14
            conv_4_4=block(256),                              # 1024 x 14 x 14
            conv_4_5=block(256),                              # 1024 x 14 x 14
            conv_4_6=block(256),                              # 1024 x 14 x 14
            conv_5_1=block(512, stride=2),                    # 2048 x 7 x 7
            conv_5_2=block(512),                              # 2048 x 7 x 7
            conv_5_3=block(512),                              # 2048 x 7 x 7
        )
        # fmt: on
        self.head = average_head(channels_after(self.trunk, in_channels), num_classes, dropout=0.0)
        he = partial(nn.init.kaiming_normal_, mode="fan_out", nonlinearity="relu")
        init_weights(self, he, partial(nn.init.normal_, std=0.01))
