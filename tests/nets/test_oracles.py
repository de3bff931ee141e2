"""The networks compute what torchvision's and timm's compute. Random weights, no download."""

from functools import lru_cache, partial

import pytest
import timm
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision import models

from lecture_nets.nets import VGG19, AlexNet, GoogLeNet, InceptionV3, ResNet50
from lecture_nets.weights import to_timm, to_torchvision

CLASSES = 10
# Ours, the other library's, and the names of ours in its words.
ORACLES = {
    "alexnet": (partial(AlexNet, variant="2014"), models.alexnet, to_torchvision),
    "vgg19": (VGG19, partial(models.vgg19, init_weights=False), to_torchvision),
    "vgg19-bn": (
        partial(VGG19, batch_norm=True),
        partial(models.vgg19_bn, init_weights=False),
        to_torchvision,
    ),
    "googlenet": (
        partial(GoogLeNet, variant="torchvision"),
        partial(models.googlenet, init_weights=False),
        to_torchvision,
    ),
    "inception_v3": (InceptionV3, partial(models.inception_v3, init_weights=False), to_torchvision),
    "resnet50": (ResNet50, models.resnet50, to_torchvision),
    "timm-resnet50": (ResNet50, partial(timm.create_model, "resnet50"), to_timm),
    "timm-vgg19": (VGG19, partial(timm.create_model, "vgg19"), to_timm),
    "timm-vgg19-bn": (
        partial(VGG19, batch_norm=True),
        partial(timm.create_model, "vgg19_bn"),
        to_timm,
    ),
    # With its auxiliary head, timm's takes no images under 299 pixels, in eval neither.
    "timm-inception_v3": (
        partial(InceptionV3, aux_heads=False),
        partial(timm.create_model, "inception_v3"),
        to_timm,
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


@lru_cache(maxsize=1)  # of VGG-19, they are large
def pair(name: str) -> tuple[nn.Module, nn.Module]:
    """Our network and the oracle with the same numbers, in the same memory."""
    build, oracle, words = ORACLES[name]
    with torch.device("meta"):
        ours, theirs = build(CLASSES), oracle(num_classes=CLASSES)
    fill(ours)
    theirs.load_state_dict(words(ours), assign=True)
    for layer in (*ours.modules(), *theirs.modules()):
        if isinstance(layer, nn.Dropout):
            layer.p = 0.0  # in training, only chance would differ
    return ours, theirs


@pytest.fixture(params=["resnet50", "timm-resnet50"])
def resnets(request) -> tuple[nn.Module, nn.Module]:
    return pair(request.param)


def images(*size: int) -> torch.Tensor:
    return torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(1))


def assert_equal(ours: torch.Tensor, theirs: torch.Tensor) -> None:
    assert (ours - theirs).abs().max() <= 1e-5 * theirs.abs().max()
    assert (theirs[0] - theirs[1]).abs().max() > 0.01, "says nothing: all images score alike"


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("alexnet", (63, 63)),
        ("alexnet", (200, 299)),
        ("vgg19", (32, 96)),
        ("vgg19-bn", (64, 64)),
        ("googlenet", (15, 15)),
        ("googlenet", (97, 64)),
        ("googlenet", (224, 224)),
        ("inception_v3", (75, 75)),
        ("inception_v3", (150, 101)),
        ("inception_v3", (299, 299)),
        ("timm-vgg19", (64, 64)),
        ("timm-vgg19-bn", (64, 64)),
        ("timm-inception_v3", (224, 224)),
    ],
)
@torch.no_grad()
def test_logits_in_eval(name, size):
    ours, theirs = (net.eval() for net in pair(name))
    assert_equal(ours(images(*size)), theirs(images(*size)))


@pytest.mark.parametrize("size", [(97, 64), (224, 224)])
@torch.no_grad()
def test_resnets_logits_in_eval_are_theirs_to_the_last_bit(resnets, size):
    ours, theirs = (net.eval() for net in resnets)
    expected = theirs(images(*size))
    assert (expected[0] - expected[1]).abs().max() > 0.01, "says nothing: all images score alike"
    assert (ours(images(*size)) - expected).abs().max() == 0.0


def test_resnets_logits_and_gradients_in_training_are_theirs_to_the_last_bit(resnets):
    ours, theirs = (net.train() for net in resnets)
    logits, expected = ours(images(64, 64)), theirs(images(64, 64))
    assert (logits - expected).abs().max() == 0.0
    for part in (logits, expected):
        F.cross_entropy(part, torch.tensor([2, 7])).backward()
    mine = {parameter.data_ptr(): parameter.grad for parameter in ours.parameters()}
    assert len(mine) == len([*theirs.parameters()])
    for parameter in theirs.parameters():
        assert parameter.grad.any()
        assert (mine[parameter.data_ptr()] - parameter.grad).abs().max() == 0.0


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("googlenet", (64, 64)),
        ("googlenet", (224, 224)),
        ("inception_v3", (299, 299)),  # torchvision's auxiliary head takes no smaller images
    ],
)
@torch.no_grad()
def test_all_logits_in_training(name, size):
    ours, theirs = (net.train() for net in pair(name))
    logits, aux = ours.forward_with_aux(images(*size))
    expected, *deepest_first = theirs(images(*size))
    assert_equal(torch.cat([logits, *aux], dim=1), torch.cat([expected, *deepest_first[::-1]], 1))


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("vgg19-bn", (64, 64)),
        ("googlenet", (64, 64)),
        ("inception_v3", (299, 299)),
        ("resnet50", (64, 64)),
    ],
)
@torch.no_grad()
def test_moving_statistics_after_training(name, size):
    ours, theirs = (net.train() for net in pair(name))
    start = [buffer.clone() for buffer in theirs.buffers()]

    def sums(net: nn.Module) -> list[float]:
        return sorted(buffer.double().sum().item() for buffer in net.buffers())

    theirs(images(*size))
    expected = sums(theirs)
    for buffer, value in zip(theirs.buffers(), start, strict=True):
        buffer.copy_(value)  # both networks hold the same tensors
    ours.forward_with_aux(images(*size))
    assert sums(ours) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "size", "aux_weight"),
    # VGG-19 is a chain of AlexNet's layers.
    [("alexnet", 63, 0.0), ("googlenet", 224, 0.3), ("inception_v3", 299, 0.4)],
)
def test_gradients_of_the_training_loss(name, size, aux_weight):
    ours, theirs = (net.train() for net in pair(name))
    x, targets = images(size, size), torch.tensor([2, 7])

    def loss(logits: Tensor, *aux: Tensor) -> Tensor:
        side = sum(F.cross_entropy(logits, targets) for logits in aux)
        return F.cross_entropy(logits, targets) + aux_weight * side

    logits, aux = ours.forward_with_aux(x)
    loss(logits, *aux).backward()
    expected = theirs(x)
    loss(*([expected] if isinstance(expected, Tensor) else expected)).backward()

    mine = {parameter.data_ptr(): parameter.grad for parameter in ours.parameters()}
    assert len(mine) == len([*theirs.parameters()])
    for key, parameter in theirs.named_parameters():
        wanted = parameter.grad
        error = (mine[parameter.data_ptr()].reshape(wanted.shape) - wanted).norm() / wanted.norm()
        assert error < 1e-4, key
