"""Stacks of 3x3 convolutions of any depth, plain and residual: they differ by the shortcuts alone.

The CIFAR-10 networks of He et al. (arXiv 1512.03385, section 4.2), where plain ones train worse the
deeper they are and residual ones train better.
"""

from functools import partial

import torch.nn.functional as F
from torch import Tensor, nn

from lecture_nets.nets.initialization import init_weights, skip_default_init
from lecture_nets.nets.layers import Residual, Row, average_head, chain, conv
from lecture_nets.nets.network import Network
from lecture_nets.nets.tree import channels_after

CHANNELS = (16, 32, 64)  # of the three stages


class PlainStack(Network):
    """``depth`` layers, one after another: (N, in, H, W) -> (N, num_classes).

    ``depth − 1`` convolutions of 3x3 in three stages, as evenly as they go, then average and one
    linear layer. The second and the third stage begin with a stride of 2. Weights start as by He et
    al. (arXiv 1502.01852), biases at 0.

    Args:
        depth: convolutions and the linear layer, at least 4; 20, 32, 44 and 56 in the paper.
        num_classes: number of classes.
        width: scales the channels of the stages, 16, 32 and 64 (to multiples of 8, at least 8).
        in_channels: channels of the images.
        batch_norm: normalize each convolution, as in the paper.

    Raises:
        ValueError: ``depth`` is below 4.
    """

    min_size = 4
    paper_size = 32

    @skip_default_init()
    def __init__(
        self,
        depth: int,
        num_classes: int = 10,
        *,
        width: float = 1.0,
        in_channels: int = 3,
        batch_norm: bool = False,
    ) -> None:
        super().__init__(num_classes, width, in_channels)
        self.trunk = chain(in_channels, width, **self.rows(depth, batch_norm))
        self.head = average_head(channels_after(self.trunk, in_channels), num_classes, dropout=0.0)
        init_weights(self, partial(nn.init.kaiming_normal_, nonlinearity="relu"))

    def rows(self, depth: int, batch_norm: bool) -> dict[str, Row]:
        """The rows of the trunk, by name."""
        if depth <= len(CHANNELS):
            raise ValueError(
                f"PlainStack(depth={depth}): at least {len(CHANNELS) + 1} are needed, "
                "a convolution in each of three stages and the linear layer."
            )
        rows: dict[str, Row] = {}
        for stage, channels in enumerate(CHANNELS):
            # Where they do not go evenly, earlier stages have one more.
            for i in range((depth + len(CHANNELS) - 2 - stage) // len(CHANNELS)):
                stride = 2 if stage and not i else 1
                row = conv(channels, 3, stride=stride, batch_norm=batch_norm)
                rows[f"conv_{len(rows) + 1}"] = row
        return rows


class ResidualStack(PlainStack):
    """A `PlainStack` with a shortcut around every two convolutions but the first.

    (N, in, H, W) -> (N, num_classes). Shortcuts have no parameters (option A of the paper): where a
    stage begins, every second pixel and zeros for the new channels. So depth, parameters,
    multiply-adds and start values are those of ``PlainStack(depth)``. Without batch norm the
    variance of a map about doubles with each block.

    Args:
        depth: as in `PlainStack`, and 6n + 2: 8, 14, 20, …

    Raises:
        ValueError: another ``depth``.
    """

    def rows(self, depth: int, batch_norm: bool) -> dict[str, Row]:
        if depth < 8 or depth % 6 != 2:
            raise ValueError(
                f"ResidualStack(depth={depth}): needs 6n + 2, for n blocks of two convolutions in "
                f"each of three stages; take {max(8, 6 * round((depth - 2) / 6) + 2)}."
            )
        block = partial(ResidualPair, batch_norm=batch_norm)
        rows: dict[str, Row] = {"conv_1": conv(CHANNELS[0], 3, batch_norm=batch_norm)}
        for stage, channels in enumerate(CHANNELS, start=1):
            for i in range(1, (depth - 2) // 6 + 1):
                stride = 2 if stage > 1 and i == 1 else 1
                rows[f"block_{stage}_{i}"] = partial(block, channels=channels, stride=stride)
        return rows


class ResidualPair(Residual):
    """Two 3x3 convolutions and a shortcut without parameters (figure 2)."""

    def __init__(
        self, n: int, width: float, channels: int, *, stride: int, batch_norm: bool
    ) -> None:
        same = partial(conv, channels, 3, batch_norm=batch_norm)
        residual = chain(n, width, conv_1=same(stride=stride), conv_2=same(relu=False))
        out = channels_after(residual, n)
        super().__init__(
            residual, nn.Identity() if (stride, out) == (1, n) else Subsample(n, out, stride)
        )


class Subsample(nn.Module):
    """Every ``stride``-th pixel, and zeros as new channels: (N, in, H, W) -> (N, out, H', W')."""

    kernel_size = 1

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.in_channels, self.out_channels, self.stride = in_channels, out_channels, stride

    def forward(self, x: Tensor) -> Tensor:
        new = self.out_channels - self.in_channels
        return F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, new))
