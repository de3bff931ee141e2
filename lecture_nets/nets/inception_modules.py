"""The modules of "Rethinking the Inception Architecture" that Inception V2 and V3 have in common.

Figures 6, 7 and 10 of arXiv 1512.00567. The paper draws them without widths; the numbers are those
of the authors' released V3 code. Both grids keep their size inside a module ("same" padding).
"""

from functools import partial

from torch import nn

from lecture_nets.names import choose
from lecture_nets.nets.initialization import init_weights, truncated_normal
from lecture_nets.nets.layers import AuxiliaryHead, aux_heads_on, convs
from lecture_nets.nets.network import Network
from lecture_nets.nets.tree import Concat, channels_after

Kernel = tuple[int, int]
ROW, COLUMN = (1, 7), (7, 1)


def pool_branch(n: int, width: float, channels: int) -> nn.Sequential:
    """Average pool that keeps the map, then a 1x1 convolution."""
    return nn.Sequential(nn.AvgPool2d(3, 1, padding=1), convs(n, width, (channels, 1)))


class ReductionA(Concat):
    """Figure 10, 35 x 35 -> 17 x 17: strided convolutions and pooling side by side."""

    def __init__(self, n: int, width: float) -> None:
        branch = partial(convs, n, width)
        super().__init__(
            branch_3x3=branch((384, 3, 2)),
            branch_3x3x2=branch((64, 1), (96, 3), (96, 3, 2)),
            branch_pool=nn.MaxPool2d(3, stride=2),
        )


class InceptionB(Concat):
    """Figure 6, on the 17 x 17 grid: every 7x7 flattened into 1x7 and 7x1, in alternation."""

    def __init__(
        self, n: int, width: float, *, c7: int, order: tuple[Kernel, Kernel] = (ROW, COLUMN)
    ) -> None:
        branch = partial(convs, n, width)
        first, second = order
        super().__init__(
            branch_1x1=branch((192, 1)),
            branch_7x7=branch((c7, 1), (c7, ROW), (192, COLUMN)),
            branch_7x7x2=branch((c7, 1), (c7, first), (c7, second), (c7, first), (192, second)),
            branch_pool=pool_branch(n, width, 192),
        )


class ReductionB(Concat):
    """17 x 17 -> 8 x 8, the idea of figure 10 with a flattened 7x7 in front."""

    def __init__(self, n: int, width: float) -> None:
        branch = partial(convs, n, width)
        super().__init__(
            branch_3x3=branch((192, 1), (320, 3, 2)),
            branch_7x7_3x3=branch((192, 1), (192, ROW), (192, COLUMN), (192, 3, 2)),
            branch_pool=nn.MaxPool2d(3, stride=2),
        )


class InceptionC(Concat):
    """Figure 7, on the 8 x 8 grid: 1x3 and 3x1 side by side widen the output."""

    def __init__(self, n: int, width: float) -> None:
        def fan_out(*rows: tuple) -> nn.Sequential:
            stem = convs(n, width, *rows)
            branch = partial(convs, channels_after(stem, n), width)
            return stem.append(Concat(row=branch((384, (1, 3))), column=branch((384, (3, 1)))))

        super().__init__(
            branch_1x1=convs(n, width, (320, 1)),
            branch_3x3=fan_out((384, 1)),
            branch_3x3x2=fan_out((448, 1), (384, 3)),
            branch_pool=pool_branch(n, width, 192),
        )


def small_image_stem(network: str, resolution: int) -> tuple[int, nn.Module, int]:
    """Section 9, for low-resolution images: stride and pool of the first layer, and `min_size`."""
    return choose(
        f"resolution of {network}",
        resolution,
        {
            299: (2, nn.MaxPool2d(3, stride=2), 75),
            151: (1, nn.MaxPool2d(3, stride=2), 39),
            79: (1, nn.Identity(), 21),
        },
    )


def inception_aux_heads(
    trunk: nn.Sequential,
    in_channels: int,
    row: str,
    *,
    width: float,
    num_classes: int,
    hidden_batch_norm: bool,
) -> nn.ModuleDict:
    """Figure 8's auxiliary classifier on ``row``, the last of the 17 x 17 grid."""
    return aux_heads_on(
        trunk,
        in_channels,
        [row],
        lambda channels: AuxiliaryHead(
            channels,
            width,
            num_classes,
            grid=5,
            hidden=768,
            batch_norm=True,
            hidden_batch_norm=hidden_batch_norm,
        ),
    )


def init_inception(net: Network) -> None:
    """The released code's start: truncated normal, σ 0.1; 0.01 and 0.001 in the auxiliary head."""
    init_weights(net, truncated_normal(0.1))
    for head in net.aux_heads.children():
        init_weights(head.get_submodule("hidden"), truncated_normal(0.01))
        init_weights(head.get_submodule("classifier"), truncated_normal(0.001))
