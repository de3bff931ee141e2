"""What stands in `network.py`: words on wrong input, the feature pyramid, recomputed rows."""

import copy
import itertools
import pickle
from functools import partial

import pytest
import torch
from torch import nn

from lecture_nets.nets import (
    NETS,
    VGG19,
    AlexNet,
    GoogLeNet,
    InceptionV2,
    InceptionV3,
    ResNet50,
    ShallowSVM,
    ZFNet,
)
from lecture_nets.nets.tree import stride_of


def shapes_only(build, *args, **options) -> nn.Module:
    with torch.device("meta"):
        return build(*args, **options)


# ---------------------------------------------------------------------------------- wrong input


WRONG_IMAGES = {
    "three dimensions": (
        torch.zeros(3, 80, 80),
        r", got 3 dimensions \(3x80x80\)\. Add the batch dimension: images\.unsqueeze\(0\)\.",
    ),
    "two dimensions": (torch.zeros(80, 80), r", got 2 dimensions \(80x80\)\.$"),
    "gray": (
        torch.zeros(2, 1, 80, 80),
        r", got 1 channels \(2x1x80x80\)\. Convert .* build {name}\(in_channels=1\)\.",
    ),
    "channels last": (
        torch.zeros(2, 80, 80, 3),
        r", got 80 channels \(2x80x80x3\)\. .* channels-last: images\.permute\(0, 3, 1, 2\)\.",
    ),
    "uint8": (
        torch.zeros(2, 3, 80, 80, dtype=torch.uint8),
        r", got torch\.uint8\. Scale .* \(images\.float\(\) / 255 - mean\) / std\.",
    ),
    "float64": (
        torch.zeros(2, 3, 80, 80, dtype=torch.float64),
        r"; its weights are torch\.float32, got torch\.float64\. "
        r"images\.to\(torch\.float32\)\.",
    ),
}
IMPOSSIBLE = {
    "no classes": (dict(num_classes=0), r"\(num_classes=0\): a whole number from 1"),
    "fewer than no classes": (dict(num_classes=-3), r"\(num_classes=-3\): a whole number from 1"),
    "no channels": (dict(in_channels=0), r"\(in_channels=0\): a whole number from 1"),
    "no width": (dict(width=0), r"\(width=0\): needs a positive number"),
    "negative width": (dict(width=-1.0), r"\(width=-1\.0\): needs a positive number"),
    "width not a number": (dict(width=float("nan")), r"\(width=nan\): needs a positive number"),
}


def on_all_nets(faults):
    """Each fault and each network once or more, not every pair: `Network` refuses them all."""
    pairs = [*zip(NETS, itertools.cycle(faults), strict=False)]
    return pytest.mark.parametrize(("name", "fault"), pairs)


@on_all_nets(WRONG_IMAGES)
def test_wrong_images_are_named_with_the_cure(name, fault):
    owner = NETS[name].__name__
    x, message = WRONG_IMAGES[fault]
    message = f"{owner} takes float images of shape N x 3 x H x W" + message.replace(
        "{name}", owner
    )
    with pytest.raises(ValueError, match=message):
        shapes_only(NETS[name], width=0.1)(x)


@on_all_nets(IMPOSSIBLE)
def test_impossible_networks_are_refused(name, fault):
    options, message = IMPOSSIBLE[fault]
    with torch.device("meta"), pytest.raises(ValueError, match=NETS[name].__name__ + message):
        NETS[name](**options)


@pytest.mark.parametrize(
    ("net", "options", "message"),
    [
        (ShallowSVM, dict(encoding="bag"), "encoding of ShallowSVM 'bag'.* fisher, histogram"),
        (AlexNet, dict(variant="2013"), "variant of AlexNet '2013'.* There are: 2012, 2014"),
        (GoogLeNet, dict(variant="v1"), "variant of GoogLeNet 'v1'.* paper, torchvision"),
        (InceptionV2, dict(stem="5x5"), "stem of InceptionV2 '5x5'.* There are: 3x3, 7x7"),
        (InceptionV2, dict(resolution=224), "resolution of InceptionV2 224.* 299, 151, 79"),
        (InceptionV3, dict(resolution=224), "resolution of InceptionV3 224.* 299, 151, 79"),
        (InceptionV2, dict(num_factorized=1), r"InceptionV2\(num_factorized=1.: at least 2"),
    ],
)
def test_unknown_variants_get_the_list(net, options, message):
    with torch.device("meta"), pytest.raises(ValueError, match=message):
        net(**options)


# ----------------------------------------------------------------------------------- features


@pytest.mark.parametrize(
    ("build", "side", "maps", "reduction"),
    [
        (ShallowSVM, 224, [(14, 224, 224), (8192,)], 4),
        (AlexNet, 224, [(96, 55, 55), (256, 27, 27), (256, 13, 13), (256, 6, 6)], 32),
        (ZFNet, 224, [(96, 110, 110), (96, 55, 55), (256, 26, 26), (256, 13, 13), (256, 6, 6)], 32),
        (
            VGG19,
            224,
            [(64, 112, 112), (128, 56, 56), (256, 28, 28), (512, 14, 14), (512, 7, 7)],
            32,
        ),
        (
            GoogLeNet,
            224,
            [(64, 112, 112), (192, 56, 56), (480, 28, 28), (832, 14, 14), (1024, 7, 7)],
            32,
        ),
        (
            InceptionV2,
            299,
            [(64, 147, 147), (80, 71, 71), (288, 35, 35), (768, 17, 17), (2048, 8, 8)],
            32,
        ),
        (
            InceptionV3,  # the channels of timm's ``features_only``
            299,
            [(64, 147, 147), (192, 71, 71), (288, 35, 35), (768, 17, 17), (2048, 8, 8)],
            32,
        ),
        (  # the channels of timm's ``features_only``
            ResNet50,
            224,
            [(64, 112, 112), (256, 56, 56), (512, 28, 28), (1024, 14, 14), (2048, 7, 7)],
            32,
        ),
        (
            partial(InceptionV3, resolution=151),
            151,
            [(64, 147, 147), (192, 71, 71), (288, 35, 35), (768, 17, 17), (2048, 8, 8)],
            16,
        ),
        (
            partial(InceptionV3, resolution=79),
            79,
            [(192, 73, 73), (288, 36, 36), (768, 17, 17), (2048, 8, 8)],
            8,
        ),
    ],
    ids=str,
)
def test_features(build, side, maps, reduction):
    net = shapes_only(build)
    found = net.features(torch.empty(2, 3, side, side, device="meta"))
    assert [tuple(level.shape[1:]) for level in found] == maps
    assert stride_of(net.trunk) == reduction


def test_features_can_be_traced():
    class Pyramid(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = GoogLeNet(5, width=0.1).eval()

        def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
            return self.net.features(x)

    pyramid, x = Pyramid(), torch.randn(2, 3, 64, 64)
    exported = torch.export.export(pyramid, (x,)).module()
    for found in (torch.fx.symbolic_trace(pyramid)(x), exported(x)):
        torch.testing.assert_close(found, pyramid(x))


def test_features_refuse_what_the_network_refuses():
    with pytest.raises(ValueError, match="GoogLeNet needs images of at least 31x31"):
        shapes_only(GoogLeNet).features(torch.empty(2, 3, 30, 30, device="meta"))


# ----------------------------------------------------------------------- gradient checkpointing


def recomputing(**options) -> InceptionV3:
    net = InceptionV3(5, width=0.1, **options)
    net.set_grad_checkpointing()
    return net


def batch(count: int = 2, side: int = 96) -> torch.Tensor:
    return torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(1))


CALLS = {
    "forward": lambda net, x: net(x),
    "forward_with_aux": lambda net, x: net.forward_with_aux(x)[0],
    "features": lambda net, x: net.features(x)[-1],
}


def times_run(net: nn.Module, call) -> set[int]:
    """How often each row of the trunk starts in a forward and a backward pass."""
    counts = dict.fromkeys(net.trunk, 0)

    def count(row: nn.Module, args: object) -> None:
        counts[row] += 1

    for row in net.trunk:
        row.register_forward_pre_hook(count)
    output = call(net, batch())
    if output.requires_grad:
        output.sum().backward()
    return set(counts.values())


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_recomputing_runs_each_row_twice(call):
    assert times_run(recomputing(), call) == {2}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_recomputing_is_for_training_only(call):
    assert times_run(recomputing().eval(), call) == {1}


@torch.no_grad()
def test_without_gradients_nothing_is_recomputed():
    assert times_run(recomputing(), CALLS["forward"]) == {1}


def test_recomputing_can_be_switched_off_again():
    net = recomputing()
    net.set_grad_checkpointing(False)
    assert times_run(net, CALLS["forward"]) == {1}


def saved_bytes(net: nn.Module) -> int:
    """What one forward pass keeps for the backward pass, weights aside."""
    weights = {weight.untyped_storage().data_ptr() for weight in net.parameters()}
    saved = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            saved[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        logits, aux = net.forward_with_aux(batch(side=128))
    del logits, aux
    return sum(saved.values())


def test_recomputing_keeps_less_than_half():
    net = recomputing()
    less = saved_bytes(net)
    net.set_grad_checkpointing(False)
    assert less < 0.45 * saved_bytes(net)


def gradients(net: nn.Module) -> list[torch.Tensor]:
    net.zero_grad()
    torch.manual_seed(3)
    net(batch()).square().mean().backward()
    return [p.grad.clone() for p in (*net.trunk.parameters(), *net.head.parameters())]


def test_dropout_inside_a_row_repeats():
    net = recomputing()
    net.trunk.inception_c1.branch_pool.append(nn.Dropout(0.5))
    found = gradients(net)
    net.set_grad_checkpointing(False)
    assert all(torch.equal(a, b) for a, b in zip(found, gradients(net), strict=True))


@pytest.mark.parametrize("momentum", [0.1, 0.003, None])
def test_norms_learn_once_per_step(momentum):
    nets = [recomputing(), InceptionV3(5, width=0.1)]
    nets[1].load_state_dict(nets[0].state_dict())
    for net in nets:
        norms = [part for part in net.trunk.modules() if isinstance(part, nn.BatchNorm2d)]
        for norm in norms:
            norm.momentum = momentum
        for _ in range(2):
            net(batch()).sum().backward()
        assert {norm.momentum for norm in norms} == {momentum}
    assert all(torch.equal(a, b) for a, b in zip(*(net.buffers() for net in nets), strict=True))


def test_norms_keep_their_momentum_when_recomputing_fails():
    net = recomputing()
    logits = net(batch())
    broken = net.trunk.inception_a1

    def fail(*_: object) -> None:
        raise RuntimeError("out of memory")

    broken.branch_5x5.register_forward_pre_hook(fail)
    with pytest.raises(RuntimeError, match="out of memory"):
        logits.sum().backward()
    norm = broken.branch_1x1[0].norm
    assert (norm.momentum, norm.num_batches_tracked.item()) == (0.1, 1)


def test_frozen_norms_stay_frozen():
    net = recomputing()
    norm = net.trunk.conv_1.norm.eval()
    net(batch()).sum().backward()
    assert (norm.num_batches_tracked.item(), norm.running_mean.any().item()) == (0, False)


def test_two_losses_can_go_back_one_after_the_other():
    net = recomputing()
    logits, (aux,) = net.forward_with_aux(batch(count=4))
    before = [buffer.clone() for buffer in net.buffers()]
    logits.sum().backward(retain_graph=True)
    aux.sum().backward()
    assert all(torch.equal(a, b) for a, b in zip(before, net.buffers(), strict=True))


def test_a_compiled_network_recomputes_to_the_same_numbers():
    net = VGG19(5, width=0.1, batch_norm=True)
    other = copy.deepcopy(net)
    other.set_grad_checkpointing()
    for run in (net, torch.compile(other, backend="aot_eager")):
        torch.manual_seed(3)
        run(batch()).square().sum().backward()
    found, expected = (
        [*each.buffers(), *(p.grad for p in each.parameters())] for each in (other, net)
    )
    torch.testing.assert_close(found, expected)


def test_recomputing_is_not_in_the_state_dict():
    assert list(recomputing().state_dict()) == list(InceptionV3(5, width=0.1).state_dict())


@pytest.mark.parametrize(
    "duplicate",
    [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))],
    ids=["deepcopy", "pickle"],
)
def test_copies_recompute_too(duplicate):
    assert times_run(duplicate(recomputing()), CALLS["forward"]) == {2}
