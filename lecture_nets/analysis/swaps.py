"""Small networks that differ in one kind of part alone: windows, flattened windows, reductions.

    ways = {name: partial(window_net, name) for name in WINDOWS}
    net = ways["two 3×3"]()                      # 32 px images to logits of ten classes

Made to be trained alike. Among the parts of each kind is one that must lose, such as a window of
1×1, which sees no neighbors: if it does not, the images cannot tell the others apart either.
"""

from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from lecture_nets.names import choose
from lecture_nets.nets.inception_modules import ReductionA
from lecture_nets.nets.initialization import init_weights, skip_default_init
from lecture_nets.nets.layers import ConvBlock, Row, average_head, chain, conv, convs
from lecture_nets.nets.network import Network
from lecture_nets.nets.tree import Concat, channels_after

# What makes the row of a window, given how many channels come out of it.
Part = Callable[[int], Row]


class RowNet(Network):
    """A network of given rows and an average head: (N, in, H, W) -> (N, num_classes).

    Args:
        rows: as in `chain`.
        num_classes: number of classes.
        width: scales the channels of the rows.
        in_channels: channels of the images.
        min_size: side of the smallest images, in pixels.
    """

    paper_size = 32

    @skip_default_init()
    def __init__(
        self,
        rows: Mapping[str, Row],
        num_classes: int = 10,
        *,
        width: float = 1.0,
        in_channels: int = 3,
        min_size: int = 16,
    ) -> None:
        super().__init__(num_classes, width, in_channels)
        self.min_size = min_size
        self.trunk = chain(in_channels, width, **rows)
        self.head = average_head(channels_after(self.trunk, in_channels), num_classes, dropout=0.0)
        init_weights(self, nn.init.kaiming_normal_)


def in_a_row(*sizes: int | tuple[int, int]) -> Part:
    """Windows one after another, all with as many channels."""
    return lambda channels: lambda n, width: convs(n, width, *[(channels, size) for size in sizes])


def linear_between(*sizes: int | tuple[int, int]) -> Part:
    """The same without a ReLU between them."""

    def part(channels: int) -> Row:
        *first, last = sizes
        blocks = {f"conv_{i}": conv(channels, size, relu=False) for i, size in enumerate(first, 1)}
        return lambda n, width: chain(n, width, **blocks, last=conv(channels, last))

    return part


# C16: in place of a 5×5.
WINDOWS: dict[str, Part] = {
    "5×5": in_a_row(5),
    "two 3×3": in_a_row(3, 3),
    "two 3×3, no ReLU between": linear_between(3, 3),
    "1×1": in_a_row(1),
}
# C22: in place of a 7×7.
FLATTENED: dict[str, Part] = {
    "7×7": in_a_row(7),
    "1×7 and 7×1": in_a_row((1, 7), (7, 1)),
    "1×7 alone": in_a_row((1, 7)),
    "1×1": in_a_row(1),
}


def window_net(window: str, num_classes: int = 10, *, width: float = 1.0) -> RowNet:
    """A 3×3, then three windows of one kind with pools between: (N, 3, H, W) -> (N, num_classes).

    Args:
        window: a key of `WINDOWS`.
        num_classes: number of classes.
        width: scales 16, 16, 32 and 32 channels.
    """
    part = choose("window", window, WINDOWS)
    rows = dict(
        conv_1=conv(16, 3),
        window_1=part(16),
        pool_1=nn.MaxPool2d(2),
        window_2=part(32),
        pool_2=nn.MaxPool2d(2),
        window_3=part(32),
    )
    return RowNet(rows, num_classes, width=width)


def flattened_net(window: str, num_classes: int = 10, *, width: float = 1.0) -> RowNet:
    """3×3 convolutions, then two Inception modules on a quarter of the grid, as in Inception V3.

    (N, 3, H, W) -> (N, num_classes).

    Args:
        window: a key of `FLATTENED`, of the widest branch in each module.
        num_classes: number of classes.
        width: scales the channels.
    """
    part = choose("window", window, FLATTENED)
    rows = dict(
        conv_1=conv(16, 3),
        pool_1=nn.MaxPool2d(2),
        conv_2=conv(32, 3),
        pool_2=nn.MaxPool2d(2),
        module_1=module(part),
        module_2=module(part),
    )
    return RowNet(rows, num_classes, width=width)


def module(part: Part) -> Row:
    """A squeeze of 1×1, then the window, beside another 1×1."""
    return lambda n, width: Concat(
        branch_1x1=chain(n, width, conv=conv(16, 1)),
        branch_window=chain(n, width, squeeze=conv(16, 1), window=part(32)),
    )


def pool_first(n: int, width: float) -> nn.Module:
    return chain(n, width, pool=nn.MaxPool2d(3, stride=2), conv=like_reduction(n, width, 3))


def convolution_first(n: int, width: float) -> nn.Module:
    return chain(n, width, conv=like_reduction(n, width, 3), pool=nn.MaxPool2d(3, stride=2))


def every_second(n: int, width: float) -> nn.Module:
    # At the middles of the windows of the others, so that as many positions are left.
    one = like_reduction(n, width, 1, stride=2, padding=0)
    return chain(n, width, crop=nn.ZeroPad2d(-1), conv=one)


def like_reduction(n: int, width: float, size: int, **options: Any) -> Row:
    """One convolution with as many channels as the side-by-side reduction has."""
    channels = channels_after(ReductionA(n, width), n)
    return lambda n, width: ConvBlock(n, channels, size, **options)


# C20: three ways to halve the grid, and one that reads a quarter of the positions.
REDUCTIONS: dict[str, Row] = {
    "side by side": ReductionA,
    "pool first": pool_first,
    "convolution first": convolution_first,
    "every second pixel": every_second,
}


def reduction_net(reduction: str, num_classes: int = 10, *, width: float = 0.125) -> RowNet:
    """Two 3×3, one reduction of the grid, one 3×3: (N, 3, H, W) -> (N, num_classes).

    Args:
        reduction: a key of `REDUCTIONS`.
        num_classes: number of classes.
        width: scales the channels of Inception V3.
    """
    rows = dict(
        conv_1=conv(128, 3, stride=2),
        conv_2=conv(288, 3),
        reduction=choose("reduction", reduction, REDUCTIONS),
        conv_3=conv(384, 3),
    )
    return RowNet(rows, num_classes, width=width)
