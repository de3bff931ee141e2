"""From a decoded image of any size to the square a network sees, for training and for use."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from lecture_nets.data.image_files import to_tensor

# Images are kept this much larger than the square: the usual 256 / 224, rounded.
MARGIN = 1.15

# How much red, green and blue add to the brightness that an eye sees (ITU-R BT.601).
_LUMA = torch.tensor([0.299, 0.587, 0.114])


def eval_transform(
    image_size: int, *, resize: int | None = None, interpolation: str = "bilinear"
) -> Callable[[Image.Image | Tensor], Tensor]:
    """RGB image or ``uint8`` ``(C, H, W)`` -> its middle square, ``uint8`` ``(C, S, S)``.

    What validation, test and ``predict`` share. Equal to resizing the short side to
    ``1.15 * image_size`` and cropping the center, but crops first, so that a very long image
    never becomes a huge one on the way.

    Args:
        image_size: the side S in pixels.
        resize: resize the short side to this, then crop, in this order and pixel by pixel as
            torchvision does: how published weights were evaluated.
        interpolation: ``"bilinear"`` or ``"bicubic"``, with ``resize``.
    """
    if resize is None:
        return partial(_middle_square, image_size=image_size)
    return partial(
        _resized_middle, image_size=image_size, resize=resize, interpolation=interpolation
    )


def train_transform(image_size: int) -> Callable[[Tensor], Tensor]:
    """``uint8`` ``(3, H, W)`` -> random crop, mirrored or not, colors varied, ``(3, S, S)``."""
    from torchvision.transforms import v2

    crop = v2.RandomResizedCrop(image_size, scale=(0.5, 1.0), antialias=True)
    return v2.Compose([crop, v2.RandomHorizontalFlip(), vary_colors])


def vary_colors(image: Tensor, strength: float = 0.2) -> Tensor:
    """``uint8`` ``(3, H, W)`` -> the same with random brightness, contrast and saturation.

    Each factor is drawn from ``1 - strength … 1 + strength``. All three are linear in RGB, so one
    3 x 3 matrix does them together, in a fifth of the time of three passes over the image.
    """
    brightness, contrast, saturation = (1 + strength * (2 * torch.rand(3) - 1)).tolist()
    matrix = saturation * torch.eye(3) + (1 - saturation) * _LUMA.expand(3, 3)
    # Contrast stretches around middle gray.
    offset = brightness * (1 - contrast) * 127.5
    pixels = (brightness * contrast * matrix) @ image.flatten(1).float()
    return pixels.add_(offset).clamp_(0, 255).to(torch.uint8).view_as(image)


def _middle_square(image: Image.Image | Tensor, image_size: int) -> Tensor:
    from torchvision.transforms.v2 import functional as tf

    if isinstance(image, Image.Image):
        image = to_tensor(image)
    if image.dtype != torch.uint8 or image.ndim != 3:
        raise ValueError(
            f"expected a uint8 image (C, H, W), got {image.dtype} {tuple(image.shape)}; "
            "open files with lecture_nets.data.image_files.load_image"
        )
    height, width = image.shape[-2:]
    side = max(1, round(min(height, width) / MARGIN))
    top, left = (height - side) // 2, (width - side) // 2
    return tf.resized_crop(image, top, left, side, side, [image_size, image_size], antialias=True)


def _resized_middle(
    image: Image.Image | Tensor, image_size: int, resize: int, interpolation: str
) -> Tensor:
    from torchvision.transforms.v2 import InterpolationMode
    from torchvision.transforms.v2 import functional as tf

    resized: Any = image  # torchvision takes both and declares one
    resized = tf.resize(resized, [resize], InterpolationMode(interpolation), antialias=True)
    resized = tf.center_crop(resized, [image_size])
    return to_tensor(resized) if isinstance(resized, Image.Image) else resized
