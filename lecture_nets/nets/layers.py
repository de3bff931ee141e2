"""The building blocks that more than one network of the lecture is made of.

A network is a `chain` of *rows*, one for each row of the paper's table. A row is either a module
that keeps the number of channels (a pool, a norm) or a function ``(in_channels, width) -> module``.
So no row repeats how many channels come out of the row before it, and ``width`` scales every count
in one place.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lecture_nets.nets.tree import Add, channels_after

Row = nn.Module | Callable[[int, float], nn.Module]


def scale_channels(channels: int, width: float) -> int:
    """``channels · width``, rounded to the nearest multiple of 8, at least 8."""
    return max(8, 8 * int(channels * width / 8 + 0.5))


def chain(in_channels: int, width: float = 1.0, /, **rows: Row) -> nn.Sequential:
    """Named rows one after another; the names become the state-dict keys."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for name, row in rows.items():
        layers[name] = row if isinstance(row, nn.Module) else row(in_channels, width)
        in_channels = channels_after(layers[name], in_channels)
    return nn.Sequential(layers)


class Parts(nn.Sequential):
    """Named layers one after another, of which slices are plain chains.

    `nn.Sequential` slices by calling the constructor of the subclass, which takes other arguments.
    """

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return nn.Sequential(OrderedDict(list(self._modules.items())[index]))
        return super().__getitem__(index)


class ConvBlock(Parts):
    """Convolution, optional batch norm, ReLU: (N, in, H, W) -> (N, out, H', W').

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: one side of a square kernel, or (rows, columns).
        stride: step of the kernel.
        padding: ``None`` keeps H and W at stride 1; ``0`` is TensorFlow's "valid".
        groups: separate towers of channels (AlexNet's two graphics cards).
        batch_norm: normalize before the ReLU.
        bias: ``None`` means where no norm follows, since a norm would take the bias out again.
        eps: added to the variance; 1e-3 in all published Inception codes.
        relu: end in a ReLU; the last convolution of a residual branch does not.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        *,
        stride: int = 1,
        padding: int | None = None,
        groups: int = 1,
        batch_norm: bool = True,
        bias: bool | None = None,
        eps: float = 1e-3,
        relu: bool = True,
    ) -> None:
        super().__init__()
        rows, columns = (kernel_size,) * 2 if isinstance(kernel_size, int) else kernel_size
        self.conv = nn.Conv2d(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            (rows // 2, columns // 2) if padding is None else padding,
            groups=groups,
            bias=not batch_norm if bias is None else bias,
        )
        self.keep_bias, self.eps = bool(bias), eps
        if relu:
            self.relu = nn.ReLU(inplace=True)
        if batch_norm:
            self.normalize()

    def normalize(self) -> None:
        """Put the batch norm in front of the ReLU, on the convolution's device and of its dtype.

        The convolution loses its bias unless the block was built with ``bias=True``.
        """
        weight = self.conv.weight
        norm = nn.BatchNorm2d(len(weight), self.eps, device=weight.device, dtype=weight.dtype)
        relu = self._modules.pop("relu", None)
        self.norm = norm.train(self.conv.training)
        if relu is not None:
            self.relu = relu
        if not self.keep_bias:
            self.conv.bias = None


def conv(out_channels: int, kernel_size: int | tuple[int, int], **options: Any) -> Row:
    """The row for one `ConvBlock`, with its ``options``."""
    return lambda in_channels, width: ConvBlock(
        in_channels, scale_channels(out_channels, width), kernel_size, **options
    )


def convs(in_channels: int, width: float, *rows: tuple, **options: Any) -> nn.Sequential:
    """A branch of an Inception module: one ``(out_channels, kernel_size[, stride])`` a convolution.

    Convolutions with stride 2 take no padding, as in both Inception papers. ``options`` are those
    of `ConvBlock`.
    """
    branch = nn.Sequential()
    for out_channels, kernel_size, *rest in rows:
        stride = rest[0] if rest else 1
        padding = None if stride == 1 else 0
        channels = scale_channels(out_channels, width)
        window = dict(stride=stride, padding=padding)
        branch.append(ConvBlock(in_channels, channels, kernel_size, **window, **options))
        in_channels = channels
    return branch


class Residual(Parts):
    """Layers and a shortcut around them, added up, then a ReLU (arXiv 1512.03385, figure 2).

    (N, in, H, W) -> (N, out, H', W'); ``residual`` and ``shortcut`` give the same shape.
    """

    def __init__(self, residual: nn.Module, shortcut: nn.Module) -> None:
        super().__init__()
        self.add = Add(residual=residual, shortcut=shortcut)
        self.relu = nn.ReLU(inplace=True)


class LRN(nn.LocalResponseNorm):
    """Local response normalization across channels: (N, C, H, W) -> (N, C, H, W).

    ``x / (k + alpha · Σ x²)^beta`` over ``size`` neighboring channels (Krizhevsky et al., 2012,
    section 3.3). PyTorch and Caffe divide ``alpha`` by ``size``; the paper does not, and neither do
    the arguments here.
    """

    def __init__(
        self, size: int = 5, *, alpha: float = 1e-4, beta: float = 0.75, k: float = 2.0
    ) -> None:
        super().__init__(size, alpha * size, beta, k)


class GridPool(nn.Module):
    """Average pool of an auxiliary head: (N, C, H, W) -> (N, C, at least grid, at least grid).

    5x5 windows with stride 3, as in both Inception papers (14x14 -> 4x4 and 17x17 -> 5x5). On maps
    too small for ``grid`` such windows, the windows shrink, so that small images can be trained on.
    """

    kernel_size, stride = 5, 3

    def __init__(self, grid: int) -> None:
        super().__init__()
        self.grid = grid

    def forward(self, x: Tensor) -> Tensor:
        if min(x.shape[-2:]) < self.kernel_size + self.stride * (self.grid - 1):
            return F.adaptive_avg_pool2d(x, self.grid)
        return F.avg_pool2d(x, self.kernel_size, self.stride)

    def extra_repr(self) -> str:
        return f"grid={self.grid}"


class AuxiliaryHead(Parts):
    """Auxiliary classifier, used while training only: (N, in, H, W) -> (N, num_classes).

    The paper's hidden fully connected layer is written as the convolution it is: one that covers
    the whole ``grid`` x ``grid`` map.

    Args:
        in_channels: channels of the row it is attached to.
        width: scales the hidden layers.
        num_classes: number of classes.
        grid: side of the map after pooling; 4 in GoogLeNet, 5 in Inception V2 and V3.
        hidden: units of the hidden fully connected layer.
        dropout: share of hidden units dropped while training.
        batch_norm: normalize the 1x1 convolution.
        hidden_batch_norm: normalize the hidden fully connected layer: the "BN-auxiliary" of
            Inception V3 (arXiv 1512.00567, section 10).
        pool: in place of `GridPool`.
    """

    def __init__(
        self,
        in_channels: int,
        width: float,
        num_classes: int,
        *,
        grid: int,
        hidden: int,
        dropout: float = 0.0,
        batch_norm: bool,
        hidden_batch_norm: bool = False,
        pool: nn.Module | None = None,
    ) -> None:
        super().__init__()
        squeezed, hidden = scale_channels(128, width), scale_channels(hidden, width)
        self.pool = pool or GridPool(grid)
        self.squeeze = ConvBlock(in_channels, squeezed, 1, batch_norm=batch_norm)
        self.hidden = ConvBlock(squeezed, hidden, grid, padding=0, batch_norm=hidden_batch_norm)
        # More than one position is left only where images are larger than the paper's.
        self.average = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(hidden, num_classes)


def average_head(in_channels: int, num_classes: int, *, dropout: float) -> nn.Sequential:
    """The classifier of Inception and residual networks: (N, in, H, W) -> (N, num_classes)."""
    return chain(
        in_channels,
        average=nn.AdaptiveAvgPool2d(1),
        flatten=nn.Flatten(),
        dropout=nn.Dropout(dropout),
        classifier=nn.Linear(in_channels, num_classes),
    )


def fully_connected_head(
    in_channels: int, hidden: int, num_classes: int, *, grid: int, dropout_first: bool = False
) -> nn.Sequential:
    """The classifier of AlexNet, ZFNet and VGG: (N, in, H, W) -> (N, num_classes).

    The pool does nothing at the paper's image size, where the map is ``grid`` x ``grid`` already;
    it lets other sizes through. Dropout follows the two hidden layers, or comes first.
    """
    layers = nn.Sequential(OrderedDict(pool=nn.AdaptiveAvgPool2d(grid), flatten=nn.Flatten()))
    units = in_channels * grid * grid
    for i in (6, 7):  # they follow five layers, or five blocks, of convolutions
        dropout = {f"dropout_{i}": nn.Dropout(0.5)}
        hidden_layer = {f"fc_{i}": nn.Linear(units, hidden), f"relu_{i}": nn.ReLU(inplace=True)}
        rows = dropout | hidden_layer if dropout_first else hidden_layer | dropout
        for name, layer in rows.items():
            layers.add_module(name, layer)
        units = hidden
    layers.add_module("fc_8", nn.Linear(hidden, num_classes))
    return layers


def aux_heads_on(
    trunk: nn.Sequential, in_channels: int, rows: Iterable[str], head: Callable[[int], nn.Module]
) -> nn.ModuleDict:
    """One ``head(channels)`` for each of the trunk's ``rows``, keyed by that row."""
    heads = nn.ModuleDict()
    for name, layer in trunk.named_children():
        in_channels = channels_after(layer, in_channels)
        if name in rows:
            heads[name] = head(in_channels)
    return heads


@contextmanager
def keep_modes(net: nn.Module) -> Iterator[None]:
    """Whatever happens inside, each layer trains or evaluates afterwards as it did before."""
    modes = [(part, part.training) for part in net.modules()]
    try:
        yield
    finally:
        for part, training in modes:
            part.training = training


@contextmanager
def evaluating(net: nn.Module, *, gradients: bool = False) -> Iterator[None]:
    """Inside, all of ``net`` evaluates, with gradients or without; afterwards it is as it was."""
    with keep_modes(net), torch.inference_mode(False), torch.set_grad_enabled(gradients):
        net.eval()
        yield
