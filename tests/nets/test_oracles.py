"""Do the networks compute what torchvision's compute? Random weights, no download."""

from functools import lru_cache, partial

import pytest
import torch
from torch import nn
from torchvision import models

from lecture_nets.nets import VGG19, AlexNet, GoogLeNet, InceptionV3

CLASSES = 10
# Ours, torchvision's, and the names of torchvision's head and side heads.
ORACLES = {
    "alexnet": (partial(AlexNet, variant="2014"), models.alexnet, "classifier", []),
    "vgg19": (VGG19, partial(models.vgg19, init_weights=False), "classifier", []),
    "vgg19-bn": (
        partial(VGG19, batch_norm=True),
        partial(models.vgg19_bn, init_weights=False),
        "classifier",
        [],
    ),
    "googlenet": (
        partial(GoogLeNet, variant="torchvision"),
        partial(models.googlenet, init_weights=False),
        "fc",
        ["aux1", "aux2"],
    ),
    "inception_v3": (
        InceptionV3,
        partial(models.inception_v3, init_weights=False),
        "fc",
        ["AuxLogits"],
    ),
}


def fill(net: nn.Module) -> None:
    """Norms get values of their own too, so that one in another's place is noticed."""
    torch.manual_seed(0)
    net.to_empty(device="cpu")
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.normal_(layer.bias, std=0.1)
            nn.init.normal_(layer.running_mean, std=0.1)
            nn.init.uniform_(layer.running_var, 0.5, 1.5)
            layer.num_batches_tracked.zero_()
        elif isinstance(layer, nn.Conv2d | nn.Linear):
            bound = (6 / layer.weight[0].numel()) ** 0.5  # keeps the size of activations
            nn.init.uniform_(layer.weight, -bound, bound)
            if layer.bias is not None:
                nn.init.uniform_(layer.bias, -0.1, 0.1)


def copy_in_order(ours: nn.Module, theirs: nn.Module) -> None:
    """Entry after entry of both state dicts; sizes that do not fit are an error."""
    pairs = zip(ours.state_dict().items(), theirs.state_dict().values(), strict=True)
    # A hidden fully connected layer is written as a convolution over the whole map here.
    ours.load_state_dict({key: x.reshape(mine.shape) for (key, mine), x in pairs}, assign=True)


@lru_cache(maxsize=1)  # two of VGG-19 would take a gigabyte
def twins(name: str) -> tuple[nn.Module, nn.Module]:
    """Our network and torchvision's with the same numbers."""
    build, oracle, head, side_heads = ORACLES[name]
    with torch.device("meta"):
        ours, theirs = build(CLASSES), oracle(num_classes=CLASSES)
    fill(theirs)
    parts = dict(theirs.named_children())
    copy_in_order(ours.head, parts.pop(head))
    for mine, name in zip(ours.aux_heads.children(), side_heads, strict=True):
        copy_in_order(mine, parts.pop(name))
    copy_in_order(ours.trunk, nn.ModuleDict(parts))
    for layer in (*ours.modules(), *theirs.modules()):
        if isinstance(layer, nn.Dropout):
            layer.p = 0.0  # in training, only chance would differ
    return ours, theirs


def images(*size: int) -> torch.Tensor:
    return torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(1))


def assert_equal(ours: torch.Tensor, theirs: torch.Tensor) -> None:
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)
    assert (theirs[0] - theirs[1]).abs().max() > 0.01, "says nothing: all images score alike"


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("alexnet", (63, 63)),
        ("alexnet", (224, 224)),
        ("alexnet", (200, 299)),
        ("vgg19", (32, 96)),
        ("vgg19", (224, 224)),
        ("vgg19-bn", (64, 64)),
        ("googlenet", (15, 15)),
        ("googlenet", (97, 64)),
        ("googlenet", (224, 224)),
        ("inception_v3", (75, 75)),
        ("inception_v3", (150, 101)),
        ("inception_v3", (299, 299)),
    ],
)
@torch.no_grad()
def test_scores_in_eval(name, size):
    ours, theirs = (net.eval() for net in twins(name))
    assert_equal(ours(images(*size)), theirs(images(*size)))


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("googlenet", (64, 64)),
        ("googlenet", (224, 224)),
        ("inception_v3", (299, 299)),  # torchvision's side head takes no smaller images
    ],
)
@torch.no_grad()
def test_all_scores_in_training(name, size):
    ours, theirs = (net.train() for net in twins(name))
    scores, aux = ours.forward_with_aux(images(*size))
    expected, *deepest_first = theirs(images(*size))
    assert_equal(torch.cat([scores, *aux], dim=1), torch.cat([expected, *deepest_first[::-1]], 1))


@pytest.mark.parametrize(
    ("name", "size"),
    [("vgg19-bn", (64, 64)), ("googlenet", (64, 64)), ("inception_v3", (299, 299))],
)
@torch.no_grad()
def test_moving_statistics_after_training(name, size):
    ours, theirs = (net.train() for net in twins(name))
    start = [buffer.clone() for buffer in theirs.buffers()]

    def sums(net: nn.Module) -> list[float]:
        return sorted(buffer.double().sum().item() for buffer in net.buffers())

    theirs(images(*size))
    expected = sums(theirs)
    for buffer, value in zip(theirs.buffers(), start, strict=True):
        buffer.copy_(value)  # both networks hold the same tensors
    ours.forward_with_aux(images(*size))
    assert sums(ours) == pytest.approx(expected)
