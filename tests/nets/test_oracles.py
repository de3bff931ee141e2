"""Do the networks compute what torchvision's compute? Random weights, no download."""

from collections.abc import Iterable
from functools import partial

import pytest
import torch
import torchvision.models
from torch import nn

from lecture_nets.nets import VGG19, AlexNet, GoogLeNet, InceptionV3

CLASSES = 10


def without_values(build, **options) -> nn.Module:
    """A network with shapes only, for values that come from elsewhere."""
    with torch.device("meta"):
        return build(CLASSES, **options)


def with_random_state(net: nn.Module) -> nn.Module:
    """Also norms get values of their own, so that one in another's place is noticed."""
    torch.manual_seed(0)
    net.to_empty(device="cpu")
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.normal_(layer.bias, std=0.1)
            nn.init.normal_(layer.running_mean, std=0.1)
            nn.init.uniform_(layer.running_var, 0.5, 1.5)
            layer.num_batches_tracked.fill_(7)
        elif isinstance(layer, nn.Conv2d | nn.Linear):
            bound = (6 / layer.weight[0].numel()) ** 0.5  # keeps the size of the activations
            nn.init.uniform_(layer.weight, -bound, bound)
            if layer.bias is not None:
                nn.init.uniform_(layer.bias, -0.1, 0.1)
    return net


def copy_in_order(ours: Iterable[nn.Module], theirs: Iterable[nn.Module]) -> None:
    """Give each part of our network the numbers of its counterpart, entry after entry."""
    for mine, other in zip(ours, theirs, strict=True):
        keys, values = mine.state_dict(), other.state_dict().values()
        shaped = {
            # A hidden fully connected layer is a convolution over the whole map here.
            key: value.reshape(keys[key].shape) if value.numel() == keys[key].numel() else value
            for key, value in zip(keys, values, strict=True)
        }
        mine.load_state_dict(shaped, assign=True)


def twins(build, oracle, side_heads: dict[str, str], **options) -> tuple[nn.Module, nn.Module]:
    """Our network and torchvision's with the same numbers, both in eval."""
    theirs = with_random_state(without_values(partial(oracle, num_classes=CLASSES), **options))
    return theirs.eval(), theirs
