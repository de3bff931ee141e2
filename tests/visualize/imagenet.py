"""A network that really learned from ImageNet, and a photograph to show it, both offline."""

import numpy as np
import torch
from torch import Tensor

from lecture_nets.weights.imagenet import imagenet_net as imagenet_net


def photo(name: str, size: int = 224) -> tuple[Tensor, Tensor]:
    """A photograph of scikit-image by name, squeezed into a square.

    Returns ``uint8`` (3, size, size), and the batch (1, 3, size, size) in -1…1.
    """
    import skimage.data
    from torchvision.transforms.v2.functional import resize

    pixels = torch.from_numpy(np.array(getattr(skimage.data, name)())).permute(2, 0, 1)
    image = resize(pixels, [size, size], antialias=True)
    return image, image[None] / 127.5 - 1
