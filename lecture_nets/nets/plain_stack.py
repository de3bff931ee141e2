"""What if 3x3 convolutions are merely stacked? Networks of any depth, with no way around a layer.

The plain networks of He et al. (arXiv 1512.03385, section 4.2), which the next lecture answers.
"""

from functools import partial

from torch import nn

from lecture_nets.nets.initialization import init_weights, skip_default_init
from lecture_nets.nets.layers import Row, average_head, chain, channels_after, conv
from lecture_nets.nets.network import Network

CHANNELS = (16, 32, 64)  # of the three stages


class PlainStack(Network):
    """``depth`` layers, one after another: (N, in, H, W) -> (N, num_classes).

    ``depth − 1`` convolutions of 3x3 in three stages, as evenly as they go, then average and one
    linear layer. The second and the third stage begin with a stride of 2. Weights start as by He et
    al. (arXiv 1502.01852), biases at 0.

    Args:
        depth: convolutions and the linear layer, at least 4; 20, 32, 44 and 56 in the paper.
        num_classes: classes to tell apart.
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
        self.trunk = chain(in_channels, width, **rows)
        self.head = average_head(channels_after(self.trunk, in_channels), num_classes, dropout=0.0)
        init_weights(self, partial(nn.init.kaiming_normal_, nonlinearity="relu"))
