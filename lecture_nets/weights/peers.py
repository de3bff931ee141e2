"""Weights of torchvision and timm in our networks, and ours in theirs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from lecture_nets.nets import VGG19, AlexNet, GoogLeNet, InceptionV3, Network, ResNet50
from lecture_nets.weights import maps
from lecture_nets.weights.load import Report, listed, load_weights

# What `torch.compile`, data parallelism and LightningModules put in front of every name.
PREFIXES = ("module.", "_orig_mod.", "net.", "model.")


@dataclass(frozen=True)
class Peer:
    """A network as another library has it.

    Attributes:
        forms: the library's name of it -> options of ours with which it is the same network.
        stages: the tables that translate our names, given the network.
        eps: what its batch norms add to the variance, if it has any. A state dict does not hold it.
        kernels: end of their key -> kernel of their weight, where ours is fully connected, or
            none, where only theirs is.
    """

    forms: dict[str, dict[str, Any]]
    stages: Callable[[nn.Module], maps.Stages]
    eps: float = 1e-5
    kernels: dict[str, tuple[int, ...]] = field(default_factory=dict)


BATCH_NORMS = nn.BatchNorm1d | nn.BatchNorm2d
VGG_FORMS = {"vgg19": {}, "vgg19_bn": {"batch_norm": True}}
V3 = Peer({"inception_v3": {"aux_batch_norm": True}}, lambda net: maps.INCEPTION_V3, eps=1e-3)
RESNET = Peer({"resnet50": {}}, lambda net: maps.RESNET50)
PEERS: dict[str, dict[type[Network], Peer]] = {
    "torchvision": {
        AlexNet: Peer(
            {"alexnet": {"variant": "2014"}}, lambda net: (maps.features(net) | maps.ALEXNET_HEAD,)
        ),
        VGG19: Peer(VGG_FORMS, lambda net: (maps.features(net) | maps.VGG_HEAD,)),
        GoogLeNet: Peer(
            {"googlenet": {"variant": "torchvision"}},
            lambda net: maps.GOOGLENET,
            eps=1e-3,
            kernels={".fc1.weight": ()},
        ),
        InceptionV3: V3,
        ResNet50: RESNET,
    },
    "timm": {
        VGG19: Peer(
            VGG_FORMS,
            lambda net: (maps.features(net) | maps.TIMM_VGG_HEAD,),
            kernels={".fc1.weight": (7, 7), ".fc2.weight": (1, 1)},
        ),
        InceptionV3: V3,
        ResNet50: RESNET,
    },
}


def from_torchvision(net: Network, state_dict: Mapping[str, Any]) -> Report:
    """Load a state dict of torchvision's network of the same name: all of it, or nothing.

    Published weights of InceptionV3 and GoogLeNet want images normalized with mean 0.5 and standard
    deviation 0.5; there the network itself turns ImageNet's normalization into that one.

    Example:
        >>> theirs = torchvision.models.inception_v3(weights="DEFAULT")
        >>> print(from_torchvision(InceptionV3(num_classes=10), theirs.state_dict()))

    Args:
        net: AlexNet(variant="2014"), VGG19, GoogLeNet(variant="torchvision"), InceptionV3 or
            ResNet50. Auxiliary heads and the number of classes may be others than the file's: see
            `load_weights`.
        state_dict: theirs, or a Lightning checkpoint that holds one. The prefixes of data
            parallelism, ``torch.compile`` and LightningModules are taken off.

    Raises:
        ValueError: if torchvision has no such network, or one with another ``eps`` in its norms, or
            the entries do not fit `load_weights`.
    """
    return load_from("torchvision", net, state_dict)


def to_torchvision(net: Network) -> dict[str, Tensor]:
    """The state dict for torchvision's network; shares memory with ``net``, as its own does.

    Raises:
        ValueError: if torchvision has no such network, or one with another ``eps`` in its norms.
    """
    return state_dict_for("torchvision", net)


def from_timm(net: Network, state_dict: Mapping[str, Any]) -> Report:
    """`from_torchvision` for timm's ``vgg19``, ``vgg19_bn``, ``inception_v3`` and ``resnet50``."""
    return load_from("timm", net, state_dict)


def to_timm(net: Network) -> dict[str, Tensor]:
    """`to_torchvision` for timm; auxiliary heads go with ``aux_logits=True`` there."""
    return state_dict_for("timm", net)


def load_from(library: str, net: Network, state_dict: Mapping[str, Any]) -> Report:
    ours = {theirs: key for key, theirs in key_map(library, net).items()}
    nested = state_dict.get("state_dict")
    entries = bare(nested if isinstance(nested, Mapping) else state_dict, library)
    return load_weights(
        net,
        {ours[name]: x for name, x in entries.items() if name in ours},
        source=library,
        unexpected=[name for name in entries if name not in ours],
    )


def state_dict_for(library: str, net: Network) -> dict[str, Tensor]:
    names = key_map(library, net)
    kernels = find_peer(library, net).kernels
    state_dict = {}
    for key, x in net.state_dict().items():
        kernel = next((k for end, k in kernels.items() if names[key].endswith(end)), None)
        state_dict[names[key]] = x if kernel is None else x.reshape(len(x), -1, *kernel)
    return state_dict


def key_map(library: str, net: Network) -> dict[str, str]:
    """Our key -> theirs, for the whole network, with the auxiliary heads that ``net`` may lack."""
    peer = find_peer(library, net)
    check_eps(library, net, peer)
    whole = full_form(net, library, peer)
    stages = peer.stages(whole)
    return {key: maps.translate(key, stages) for key in whole.state_dict()}


def find_peer(library: str, net: Network) -> Peer:
    for kind, peer in PEERS[library].items():
        if isinstance(net, kind):
            return peer
    known = ", ".join(calls(kind, peer) for kind, peer in PEERS[library].items())
    inner = getattr(net, "net", None)
    cure = "Give the network itself: module.net." if isinstance(inner, Network) else ""
    raise ValueError(f"{library} has no {type(net).__name__}; it has {known}. {cure}".rstrip())


def check_eps(library: str, net: Network, peer: Peer) -> None:
    """Weights under another ``eps`` load without a word, and give other logits."""
    norms = [(name, part) for name, part in net.named_modules() if isinstance(part, BATCH_NORMS)]
    if other := [f"{name} ({norm.eps:g})" for name, norm in norms if norm.eps != peer.eps]:
        raise ValueError(
            f"{type(net).__name__} has another eps in its batch norms than {library}, where all "
            f"have {peer.eps:g}: {listed(other)}. Set norm.eps = {peer.eps:g} in each of these, or "
            f"build {calls(type(net), peer)}."
        )


def full_form(net: Network, library: str, peer: Peer) -> Network:
    """The form that both libraries have, with all auxiliary heads and without values."""
    for options in peer.forms.values():
        with torch.device("meta"):
            whole = type(net)(**options)
        extra = layers_with_values(whole) - layers_with_values(net)
        heads_only = all(name.startswith("aux_heads.") for name, *_ in extra)
        if heads_only and layers_with_values(net) <= layers_with_values(whole):
            return whole
    cure = f"build {calls(type(net), peer)}"
    raise ValueError(f"{library} does not have this form of {type(net).__name__}: {cure}.")


def layers_with_values(net: nn.Module) -> set[tuple]:
    """Facts in which weights must agree, whatever the width: name, kernel, groups."""
    return {
        (name, *parameters, getattr(layer, "kernel_size", None), getattr(layer, "groups", None))
        for name, layer in net.named_modules()
        if (parameters := [key for key, _ in layer.named_parameters(recurse=False)])
    }


def calls(kind: type[Network], peer: Peer) -> str:
    """Calls that build the forms that the peer has: ``VGG19() or VGG19(batch_norm=True)``."""
    return " or ".join(
        f"{kind.__name__}({', '.join(f'{option}={value!r}' for option, value in form.items())})"
        for form in peer.forms.values()
    )


def bare(state_dict: Mapping[str, Tensor], library: str) -> dict[str, Tensor]:
    """The entries without the prefixes that wrappers put in front of their names."""
    entries = {}
    for key, x in state_dict.items():
        name = key
        while prefix := next((p for p in PREFIXES if name.startswith(p)), None):
            name = name.removeprefix(prefix)
        if name in entries:
            raise ValueError(
                f"Weights from {library} hold {name} twice, once as {key}: "
                "keep the entries of one of the wrapped networks."
            )
        entries[name] = x
    return entries
