"""Every entry of ours has its place in torchvision and timm, and comes back unchanged."""

import re
from functools import partial

import pytest
import timm
import torch
from torchvision import models

from lecture_nets import InceptionV3Module
from lecture_nets.nets import VGG19, AlexNet, GoogLeNet, InceptionV2, InceptionV3, ResNet50, ZFNet
from lecture_nets.weights import from_timm, from_torchvision, to_timm, to_torchvision

torchvision = (from_torchvision, to_torchvision)
from_and_to_timm = (from_timm, to_timm)
# Functions, our network, theirs.
PAIRS = {
    "alexnet": (torchvision, partial(AlexNet, variant="2014"), models.alexnet),
    "vgg19": (torchvision, VGG19, models.vgg19),
    "vgg19-bn": (torchvision, partial(VGG19, batch_norm=True), models.vgg19_bn),
    "googlenet": (
        torchvision,
        partial(GoogLeNet, variant="torchvision"),
        partial(models.googlenet, init_weights=False),
    ),
    "googlenet-no-aux": (
        torchvision,
        partial(GoogLeNet, variant="torchvision", aux_heads=False),
        partial(models.googlenet, init_weights=False, aux_logits=False),
    ),
    "inception_v3": (
        torchvision,
        InceptionV3,
        partial(models.inception_v3, init_weights=False),
    ),
    "inception_v3-79px": (
        torchvision,
        partial(InceptionV3, resolution=79),
        partial(models.inception_v3, init_weights=False),
    ),
    "resnet50": (torchvision, ResNet50, models.resnet50),
    "timm-resnet50": (from_and_to_timm, ResNet50, partial(timm.create_model, "resnet50")),
    "timm-vgg19": (from_and_to_timm, VGG19, partial(timm.create_model, "vgg19")),
    "timm-vgg19-bn": (
        from_and_to_timm,
        partial(VGG19, batch_norm=True),
        partial(timm.create_model, "vgg19_bn"),
    ),
    "timm-inception_v3": (
        from_and_to_timm,
        InceptionV3,
        partial(timm.create_model, "inception_v3", aux_logits=True),
    ),
    "timm-inception_v3-no-aux": (
        from_and_to_timm,
        partial(InceptionV3, aux_heads=False),
        partial(timm.create_model, "inception_v3"),
    ),
}
pairs = pytest.mark.parametrize(("functions", "ours", "theirs"), PAIRS.values(), ids=PAIRS)
v3 = partial(InceptionV3, 3, width=0.1)


def filled(net, seed):
    """Every entry gets values of its own, counters too."""
    draw = torch.Generator().manual_seed(seed)
    for x in net.state_dict().values():
        x.copy_(torch.randint(1, 10**6, x.shape, generator=draw))
    return net


@pairs
def test_names_and_shapes_are_theirs(functions, ours, theirs):
    with torch.device("meta"):
        net, peer = ours(), theirs()
    expected = {key: x.shape for key, x in peer.state_dict().items()}
    assert {key: x.shape for key, x in functions[1](net).items()} == expected
    assert len(expected) == len(net.state_dict())


@pairs
def test_every_bit_comes_back(functions, ours, theirs):
    read, write = functions
    net, copy = filled(ours(3, width=0.1), 0), filled(ours(3, width=0.1), 1)
    report = read(copy, write(net))
    wanted, found = net.state_dict(), copy.state_dict()
    assert all(torch.equal(found[key], x) for key, x in wanted.items())
    assert set(report.matched) == wanted.keys()


@pytest.mark.parametrize(
    "prefix", ["module.", "_orig_mod.", "net.", "model.", "net._orig_mod.", "module.net."]
)
@pytest.mark.parametrize("nest", [lambda x: x, lambda x: {"epoch": 3, "state_dict": x}])
def test_wrappers_and_checkpoints_are_seen_through(prefix, nest):
    net, copy = filled(v3(), 0), filled(v3(), 1)
    theirs = {prefix + key: x for key, x in to_torchvision(net).items()}
    report = from_torchvision(copy, nest(theirs))
    assert torch.equal(copy.head.classifier.weight, net.head.classifier.weight)
    assert len(report.matched) == len(theirs)


def test_a_name_that_stands_twice_is_refused():
    theirs = to_torchvision(v3())
    theirs["module.fc.weight"] = theirs["fc.weight"]
    with pytest.raises(ValueError, match=r"hold fc.weight twice, once as module.fc.weight: "):
        from_torchvision(v3(), theirs)


def test_aux_heads_that_only_the_file_has_are_left_out():
    net = v3(aux_heads=False)
    report = from_torchvision(net, to_torchvision(v3()))
    assert set(report.matched) == net.state_dict().keys()
    assert all(name.startswith("aux_heads.inception_b4.") for name in report.unexpected)


def test_aux_heads_that_only_the_network_has_keep_their_start():
    net = v3()
    start = {key: x.clone() for key, x in net.aux_heads.state_dict().items()}
    report = from_timm(net, to_timm(v3(aux_heads=False)))
    assert all(torch.equal(net.aux_heads.state_dict()[key], x) for key, x in start.items())
    assert all(name.startswith("aux_heads.inception_b4.") for name in report.missing)


def test_another_number_of_classes_keeps_the_last_layers():
    report = from_torchvision(v3(), to_torchvision(InceptionV3(7, width=0.1)))
    assert [name for name, *_ in report.mismatched if not name.startswith("aux")] == [
        "head.classifier.weight",
        "head.classifier.bias",
    ]


@pytest.mark.parametrize(
    ("write", "net", "said"),
    [
        (
            to_torchvision,
            ZFNet,
            "torchvision has no ZFNet; it has AlexNet(variant='2014'), VGG19()",
        ),
        (to_torchvision, InceptionV2, "torchvision has no InceptionV2; it has "),
        (to_timm, partial(AlexNet, variant="2014"), "timm has no AlexNet; it has VGG19() or VGG19"),
        (to_torchvision, AlexNet, "this form of AlexNet: build AlexNet(variant='2014')"),
        (to_torchvision, GoogLeNet, "GoogLeNet: build GoogLeNet(variant='torchvision')"),
        (
            to_torchvision,
            partial(GoogLeNet, batch_norm=True),
            "GoogLeNet: build GoogLeNet(variant='torchvision')",
        ),
        (
            to_timm,
            partial(InceptionV3, aux_batch_norm=False),
            "timm does not have this form of InceptionV3: build InceptionV3(aux_batch_norm=True)",
        ),
        (to_torchvision, InceptionV3Module, "Give the network itself: module.net."),
    ],
)
def test_what_the_peer_does_not_have_is_refused_with_what_it_has(write, net, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        write(net(width=0.1))


@pairs
def test_eps_of_the_norms_is_theirs(functions, ours, theirs):
    with torch.device("meta"):
        found, expected = ({norm.eps for norm in norms(net)} for net in (ours(), theirs()))
    assert found == expected


def norms(net):
    return [part for part in net.modules() if isinstance(part, torch.nn.BatchNorm2d)]


@pytest.mark.parametrize("functions", [torchvision, from_and_to_timm])
def test_another_eps_is_refused_with_both_numbers(functions):
    read, write = functions
    theirs = write(ResNet50(3, width=0.1))
    net = ResNet50(3, width=0.1)
    net.trunk.conv_1.norm.eps = 1e-3  # what ConvBlock takes if no one says otherwise
    before = {key: x.clone() for key, x in net.state_dict().items()}
    said = (
        r"eps in its batch norms than \w+, where all have 1e-05: trunk.conv_1.norm \(0.001\)\. Set"
    )
    with pytest.raises(ValueError, match=said):
        read(net, theirs)
    assert all(torch.equal(net.state_dict()[key], x) for key, x in before.items())
    with pytest.raises(ValueError, match=said):
        write(net)


def test_weights_of_the_other_vgg_are_refused():
    theirs = to_torchvision(VGG19(3, width=0.1))
    with pytest.raises(ValueError, match=r"VGG19, which stays as it was \(missing: "):
        from_torchvision(VGG19(3, width=0.1, batch_norm=True), theirs)
