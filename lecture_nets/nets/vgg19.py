"""VGG-19: configuration E of "Very Deep Convolutional Networks" (arXiv 1409.1556, table 1, 2014).

The paper started its deeper networks from a trained shallower one, and notes later that the method
of Glorot and Bengio (2010) does without. Here it is that of He et al. (arXiv 1502.01852), which
allows for ReLUs. From Glorot's, a quarter-width network did not leave chance in six epochs.
"""

from functools import partial

from torch import nn

from lecture_nets.nets.initialization import init_weights, skip_default_init
from lecture_nets.nets.layers import (
    ConvBlock,
    Parts,
    chain,
    fully_connected_head,
    scale_channels,
)
from lecture_nets.nets.network import Network
from lecture_nets.nets.tree import channels_after


class Block(Parts):
    """Some 3x3 convolutions, then a 2x2 pool: (N, in, H, W) -> (N, channels, H/2, W/2)."""

    def __init__(
        self, in_channels: int, width: float, channels: int, *, convs: int, batch_norm: bool
    ) -> None:
        super().__init__()
        channels = scale_channels(channels, width)
        for i in range(1, convs + 1):
            # torchvision's vgg19_bn keeps the bias and PyTorch's eps: its weights must fit.
            row = ConvBlock(in_channels, channels, 3, batch_norm=batch_norm, bias=True, eps=1e-5)
            self.add_module(f"conv_{i}", row)
            in_channels = channels
        self.pool = nn.MaxPool2d(2, stride=2)


class VGG19(Network):
    """Images to logits: (N, 3, 224, 224) -> (N, num_classes).

    Args:
        num_classes: number of classes.
        width: scales every channel count (to multiples of 8, at least 8).
        in_channels: channels of the images.
        batch_norm: normalize every convolution (not in the paper; torchvision's ``vgg19_bn``).
    """

    min_size = 32
    paper_size = 224

    @skip_default_init()
    def __init__(
        self,
        num_classes: int = 1000,
        *,
        width: float = 1.0,
        in_channels: int = 3,
        batch_norm: bool = False,
    ) -> None:
        super().__init__(num_classes, width, in_channels)

        def block(convs: int, channels: int) -> partial[Block]:
            return partial(Block, channels=channels, convs=convs, batch_norm=batch_norm)

        # fmt: off
        self.trunk = chain(
            in_channels,
            width,
            block_1=block(2, 64),     # 64 x 112 x 112
            block_2=block(2, 128),    # 128 x 56 x 56
            block_3=block(4, 256),    # 256 x 28 x 28
            block_4=block(4, 512),    # 512 x 14 x 14
            block_5=block(4, 512),    # 512 x 7 x 7
        )
        # fmt: on
        channels, hidden = channels_after(self.trunk, in_channels), scale_channels(4096, width)
        self.head = fully_connected_head(channels, hidden, num_classes, grid=7)
        init_weights(self, partial(nn.init.kaiming_normal_, nonlinearity="relu"))
