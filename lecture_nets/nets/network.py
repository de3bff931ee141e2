"""What is every network of the lecture? A trunk, a head, side heads, clear words on its input."""

from collections.abc import Mapping
from typing import Any, TypeVar

import torch
import torch.fx
from torch import Tensor, nn

Choice = TypeVar("Choice")


def choose(owner: str, option: str, value: object, choices: Mapping[Any, Choice]) -> Choice:
    """``choices[value]``, or a `ValueError` that lists what there is to choose from."""
    if value not in choices:
        listed = ", ".join(repr(choice) for choice in choices)
        raise ValueError(f"{owner}({option}={value!r}): choose one of {listed}.")
    return choices[value]


class Network(nn.Module):
    """Images to class scores: (N, in_channels, H, W) -> (N, num_classes).

    What every network of the lecture is: a ``trunk`` whose row names are the paper's, a ``head``
    that classifies, and side heads (``aux_heads``) keyed by the row each of them listens to.

    Attributes:
        min_size: shortest side, in pixels, of the smallest image it takes, in training too.
        paper_size: side of the images in the paper, in pixels.

    Raises:
        ValueError: at construction for a number of classes, channels or a width that no network
            can have; in the forward pass for images it cannot take.
    """

    min_size: int
    paper_size: int
    trunk: nn.Sequential
    head: nn.Module
    aux_heads: nn.ModuleDict

    def __init__(self, num_classes: int, width: float, in_channels: int) -> None:
        name = type(self).__name__
        for option, value in (("num_classes", num_classes), ("in_channels", in_channels)):
            if value < 1:
                raise ValueError(f"{name}({option}={value}): at least 1 is needed.")
        if not 0 < width < float("inf"):
            raise ValueError(f"{name}(width={width}): needs a positive number; 1.0 is the paper's.")
        super().__init__()
        self.num_classes = num_classes
        self.in_channels = in_channels
        self.aux_heads = nn.ModuleDict()

    def check(self, x: Tensor) -> Tensor:
        return check_images(
            x,
            network=type(self).__name__,
            in_channels=self.in_channels,
            min_size=self.min_size,
            dtype=next(self.parameters()).dtype,
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.trunk(self.check(x)))

    def forward_with_aux(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Scores and, in order of depth, the side heads' scores: ``(N, num_classes)`` each."""
        x = self.check(x)
        aux = []
        for name, layer in self.trunk.named_children():
            x = layer(x)
            if name in self.aux_heads:
                aux.append(self.aux_heads[name](x))
        return self.head(x), aux


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
            f"{expected}, got {x.dtype}. Scale to 0…1 and normalise: "
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
