"""The shallow 2011 row: Fisher vectors and a linear support vector machine.

From "Improving the Fisher Kernel for Large-Scale Image Classification" (Perronnin et al., ECCV
2010), as in XRCE's winning entry of 2011 (25.77 % top-5 error), but smaller in every number: one
scale, and the place of a patch is part of its descriptor instead of a spatial pyramid (Sánchez et
al., "Modeling the spatial layout of images beyond spatial pyramids", 2012).
"""

import math
from typing import Literal, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lecture_nets.names import choose
from lecture_nets.nets.fisher import Codebook
from lecture_nets.nets.layers import chain, scale_channels
from lecture_nets.nets.network import Network

DIRECTIONS = 8


@torch.fx.wrap  # here and below: one call in a traced graph
def pixel_statistics(x: Tensor) -> Tensor:
    """Gradients in 8 directions, colors, squared colors: (N, C, H, W) -> (N, 8 + 2C, H, W).

    Each pixel takes its steepest channel and shares the magnitude between the two nearest
    directions (Dalal and Triggs, 2005, section 6); direction ``b`` is ``b · 45°`` clockwise from
    "brighter to the right".
    """
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    right = padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]
    down = padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]
    steepness, steepest = (right.square() + down.square()).max(dim=1, keepdim=True)
    angle = torch.atan2(down.gather(1, steepest), right.gather(1, steepest)) / (2 * math.pi)
    direction = torch.arange(DIRECTIONS, device=x.device, dtype=x.dtype).view(-1, 1, 1) / DIRECTIONS
    turn = (angle - direction + 0.5).remainder(1) - 0.5
    gradients = steepness.sqrt() * (1 - turn.abs() * DIRECTIONS).clamp_min(0)
    return torch.cat([gradients, x, x.square()], dim=1)


class PixelStatistics(nn.Module):
    """The row: (N, C, H, W) -> (N, 8 + 2C, H, W)."""

    kernel_size, padding = 3, 1

    def forward(self, x: Tensor) -> Tensor:
        return pixel_statistics(x)


@torch.fx.wrap
def describe_patches(cells: Tensor) -> Tensor:
    """Every patch of 4 x 4 cells: (N, 8 + 2C, H, W) -> (N, 16 · (8 + 2C) + 2, H - 3, W - 3).

    The square root of SIFT (Arandjelović and Zisserman, 2012, section 3), mean and deviation of
    each color in each cell, and the place of the patch; weights chosen on validation photographs.
    """
    gradients, mean, mean_square = cells.tensor_split(
        [DIRECTIONS, (cells.shape[1] + DIRECTIONS) // 2], dim=1
    )
    deviation = (mean_square - mean.square()).clamp_min(0).sqrt()
    rows, columns = cells.shape[2] - 3, cells.shape[3] - 3
    sift = F.unfold(gradients, 4)
    # The constant keeps the noise of a flat patch from looking like a strong edge.
    sift = (sift / (sift.sum(dim=1, keepdim=True) + 0.5)).sqrt()
    colors = F.unfold(torch.cat([mean, deviation], dim=1), 4)
    y, x = (
        torch.linspace(-1, 1, n, device=cells.device, dtype=cells.dtype) for n in (rows, columns)
    )
    # Not len(cells): torch.export would take that batch for the only one.
    place = torch.stack([y.repeat_interleave(columns), x.repeat(rows)])
    place = place.expand(cells.shape[0], -1, -1)
    return torch.cat([sift, 0.03 * colors, 0.3 * place], dim=1).unflatten(2, (rows, columns))


class PatchDescriptors(nn.Module):
    """The row: (N, 8 + 2C, H, W) -> (N, 16 · (8 + 2C) + 2, H - 3, W - 3)."""

    kernel_size = 4

    def forward(self, x: Tensor) -> Tensor:
        return describe_patches(x)


class ShallowSVM(Network):
    """Images to logits: (N, 3, 224, 224) -> (N, num_classes).

    Nothing but the linear layer is learned from labels. Its inputs have unit length, so plain
    gradient descent on `SquaredHinge` is stable for learning rates below 0.5.

    Args:
        num_classes: number of classes.
        width: scales the number of Gaussians (to multiples of 8, at least 8).
        in_channels: channels of the images.
        encoding: ``"fisher"``, or ``"histogram"`` for a bag of words over the same codebook.
    """

    min_size = 16
    paper_size = 224

    def __init__(
        self,
        num_classes: int = 1000,
        *,
        width: float = 1.0,
        in_channels: int = 3,
        encoding: Literal["fisher", "histogram"] = "fisher",
    ) -> None:
        super().__init__(num_classes, width, in_channels)
        gaussians, axes = scale_channels(128, width), 32
        channels = 16 * (DIRECTIONS + 2 * in_channels) + 2
        features = {"fisher": 2 * gaussians * axes, "histogram": gaussians}
        # fmt: off
        self.trunk = chain(
            in_channels,
            width,
            pixels=PixelStatistics(),                                # 14 x 224 x 224
            cells=nn.AvgPool2d(4),                                   # 14 x 56 x 56
            descriptors=PatchDescriptors(),                          # 226 x 53 x 53
            encoding=Codebook(channels, axes, gaussians, encoding),  # 8192
        )
        # fmt: on
        self.head = nn.Linear(choose("encoding of ShallowSVM", encoding, features), num_classes)
        nn.init.zeros_(self.head.weight)
        nn.init.constant_(self.head.bias, -1.0)  # with nothing seen, an image is of no class

    @property
    def codebook(self) -> Codebook:
        return cast(Codebook, self.trunk[-1])

    def fit_codebook(self, images: Tensor) -> None:
        """Fit the codebook to normalized training images (N, in_channels, H, W), without labels.

        A few hundred are enough. The same images give the same codebook.
        """
        draw = torch.Generator().manual_seed(0)
        sample = []
        for part in self.check(images).split(16):
            patches = self.trunk[:-1](part).flatten(2).cpu().float()
            some = torch.randperm(patches.shape[2], generator=draw)[:200]
            sample.append(patches[:, :, some].mT.flatten(0, 1))
        self.codebook.fit(torch.cat(sample), draw)
