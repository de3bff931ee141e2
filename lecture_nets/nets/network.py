"""The base of every network: a trunk, a head, auxiliary heads, clear words on its input."""

import itertools
from numbers import Integral, Real

import torch
import torch.fx
from torch import Tensor, nn

from lecture_nets.nets.recompute import recompute
from lecture_nets.nets.tree import stride_of


class Network(nn.Module):
    """Images to logits: (N, in_channels, H, W) -> (N, num_classes).

    A ``trunk`` whose row names are the paper's, a ``head``
    that classifies, and auxiliary heads (``aux_heads``) keyed by the row each is attached to.

    Attributes:
        min_size: shortest side, in pixels, of the smallest image it takes, in training too.
        paper_size: side of the images in the paper, in pixels.
        grad_checkpointing: whether training recomputes its rows; see `set_grad_checkpointing`.

    Raises:
        ValueError: at construction for a number of classes, channels or a width that no network
            can have; in the forward pass for images it cannot take.
    """

    min_size: int
    paper_size: int
    trunk: nn.Sequential
    head: nn.Module
    aux_heads: nn.ModuleDict
    grad_checkpointing: bool = False

    def __init__(self, num_classes: int, width: float, in_channels: int) -> None:
        name = type(self).__name__
        for option, value in (("num_classes", num_classes), ("in_channels", in_channels)):
            if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
                raise ValueError(f"{name}({option}={value!r}): a whole number from 1 is needed.")
        if not isinstance(width, Real) or not 0 < width < float("inf"):
            raise ValueError(
                f"{name}(width={width!r}): needs a positive number; 1.0 is the paper's."
            )
        super().__init__()
        self.num_classes = num_classes
        self.in_channels = in_channels
        self.aux_heads = nn.ModuleDict()

    def check(self, x: Tensor) -> Tensor:
        # A `ShallowSVM` without its head has buffers only.
        weights = itertools.chain(self.parameters(), self.buffers())
        return check_images(
            x,
            network=type(self).__name__,
            in_channels=self.in_channels,
            min_size=self.min_size,
            dtype=next(weight.dtype for weight in weights if weight.is_floating_point()),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.check(x)
        if not self._recomputes():
            return self.head(self.trunk(x))
        for row in self.trunk.children():
            x = self._run(row, x)
        return self.head(x)

    def forward_with_aux(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Logits and, in order of depth, the auxiliary heads' logits: ``(N, num_classes)`` each."""
        x = self.check(x)
        aux = []
        for name, row in self.trunk.named_children():
            x = self._run(row, x)
            if name in self.aux_heads:
                aux.append(self.aux_heads[name](x))
        return self.head(x), aux

    def features(self, x: Tensor) -> list[Tensor]:
        """The last map of each resolution, finest first: (N, C, H, W) -> [(N, C_i, H_i, W_i), ...].

        Each is about ``reduction`` times smaller than the image, where ``reduction`` is the product
        of the strides so far. Inception V3 at 299 pixels: 64 x 147 x 147, 192 x 71 x 71,
        288 x 35 x 35, 768 x 17 x 17, 2048 x 8 x 8, that is reductions 2, 4, 8, 16, 32. The last is
        what the head sees; `ShallowSVM`'s is a vector.
        """
        x = self.check(x)
        maps: list[Tensor] = []
        for row in self.trunk.children():
            x = self._run(row, x)
            if stride_of(row) == 1:
                del maps[-1:]
            maps.append(x)
        return maps

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """Train in less memory and more time: keep what goes into each row, not what is inside.

        The backward pass computes the inside of a row again. Logits, gradients and the norms'
        moving statistics stay as they are without; evaluation is not touched. Known as gradient
        checkpointing (Chen et al., arXiv 1604.06174); the name is timm's.
        """
        self.grad_checkpointing = enable

    def _recomputes(self) -> bool:
        return self.grad_checkpointing and self.training and torch.is_grad_enabled()

    def _run(self, row: nn.Module, x: Tensor) -> Tensor:
        return recompute(row, x) if self._recomputes() else row(x)


@torch.fx.wrap  # one call in a traced graph, not a branch on the size it happened to be traced with
def check_images(
    x: Tensor, *, network: str, in_channels: int, min_size: int, dtype: torch.dtype
) -> Tensor:
    """``x`` itself, or a `ValueError` with the network, what it takes, what it got and the cure."""
    found = "x".join(str(side) for side in x.shape)
    expected = f"{network} takes float images of shape N x {in_channels} x H x W"
    if x.ndim != 4:
        cure = " Add the batch dimension: images.unsqueeze(0)." if x.ndim == 3 else ""
        raise ValueError(f"{expected}, got {x.ndim} dimensions ({found}).{cure}")
    if x.shape[1] != in_channels:
        cure = f"Convert the images, or build {network}(in_channels={x.shape[1]})."
        if x.shape[3] == in_channels:
            cure = "They look channels-last: images.permute(0, 3, 1, 2)."
        raise ValueError(f"{expected}, got {x.shape[1]} channels ({found}). {cure}")
    if not x.is_floating_point():
        raise ValueError(
            f"{expected}, got {x.dtype}. Scale to 0…1 and normalize: "
            "(images.float() / 255 - mean) / std."
        )
    if x.dtype != dtype and (x.is_meta or not torch.is_autocast_enabled(x.device.type)):
        raise ValueError(f"{expected}; its weights are {dtype}, got {x.dtype}. images.to({dtype}).")
    if min(x.shape[2:]) < min_size:
        raise ValueError(
            f"{network} needs images of at least {min_size}x{min_size} pixels, "
            f"got {x.shape[2]}x{x.shape[3]}. Resize them, or take a network of smaller min_size."
        )
    return x
