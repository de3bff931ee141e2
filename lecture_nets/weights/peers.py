"""How do weights of torchvision and timm get into our networks, and ours into theirs?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from lecture_nets.nets import VGG19, AlexNet, GoogLeNet, InceptionV3, Network
from lecture_nets.weights import maps
from lecture_nets.weights.load import Report, load_weights

# What `torch.compile`, data parallelism and LightningModules put in front of every name.
PREFIXES = ("module.", "_orig_mod.", "net.", "model.")


@dataclass(frozen=True)
class Peer:
    """A network as another library has it.

    Attributes:
        forms: options of ours with which it is the same network.
        stages: the tables that translate our names, given the network.
        kernels: end of their key -> kernel of their weight, where ours is fully connected, or
            none, where only theirs is.
    """

    forms: tuple[dict[str, Any], ...]
    stages: Callable[[nn.Module], maps.Stages]
    kernels: dict[str, tuple[int, ...]] = field(default_factory=dict)


PLAIN_AND_NORMALIZED = ({}, {"batch_norm": True})
V3 = Peer(({"aux_batch_norm": True},), lambda net: maps.INCEPTION_V3)
PEERS: dict[str, dict[type[Network], Peer]] = {
    "torchvision": {
        AlexNet: Peer(
            ({"variant": "2014"},), lambda net: (maps.features(net) | maps.ALEXNET_HEAD,)
        ),
        VGG19: Peer(PLAIN_AND_NORMALIZED, lambda net: (maps.features(net) | maps.VGG_HEAD,)),
        GoogLeNet: Peer(
            ({"variant": "torchvision"},), lambda net: maps.GOOGLENET, {".fc1.weight": ()}
        ),
        InceptionV3: V3,
    },
    "timm": {
        VGG19: Peer(
            PLAIN_AND_NORMALIZED,
            lambda net: (maps.features(net) | maps.TIMM_VGG_HEAD,),
            {".fc1.weight": (7, 7), ".fc2.weight": (1, 1)},
        ),
        InceptionV3: V3,
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
        net: AlexNet(variant="2014"), VGG19, GoogLeNet(variant="torchvision") or InceptionV3. Side
            heads and the number of classes may be others than the file's: see `load_weights`.
        state_dict: theirs, or a Lightning checkpoint that holds one. The prefixes of data
            parallelism, ``torch.compile`` and LightningModules are taken off.

    Raises:
        ValueError: if torchvision has no such network, or the entries do not fit `load_weights`.
    """
    return load_from("torchvision", net, state_dict)


def to_torchvision(net: Network) -> dict[str, Tensor]:
    """The state dict for torchvision's network; shares memory with ``net``, as its own does.

    Raises:
        ValueError: if torchvision has no such network.
    """
    return state_dict_for("torchvision", net)


def from_timm(net: Network, state_dict: Mapping[str, Any]) -> Report:
    """`from_torchvision` for timm's ``vgg19``, ``vgg19_bn`` and ``inception_v3``."""
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
    twin = full_twin(net, library, peer)
    stages = peer.stages(twin)
    return {key: maps.translate(key, stages) for key in twin.state_dict()}


def find_peer(library: str, net: Network) -> Peer:
    for kind, peer in PEERS[library].items():
        if isinstance(net, kind):
            return peer
    known = ", ".join(calls(kind, peer) for kind, peer in PEERS[library].items())
    inner = getattr(net, "net", None)
    cure = "Give the network itself: module.net." if isinstance(inner, Network) else ""
    raise ValueError(f"{library} has no {type(net).__name__}; it has {known}. {cure}".rstrip())


def full_twin(net: Network, library: str, peer: Peer) -> Network:
    """The form of the network that both libraries have, with all auxiliary heads and without values."""
    for options in peer.forms:
        with torch.device("meta"):
            twin = type(net)(**options)
        extra = layers_with_values(twin) - layers_with_values(net)
        heads_only = all(name.startswith("aux_heads.") for name, *_ in extra)
        if heads_only and layers_with_values(net) <= layers_with_values(twin):
            return twin
    cure = f"build {calls(type(net), peer)}"
    raise ValueError(f"{library} does not have this form of {type(net).__name__}: {cure}.")


def layers_with_values(net: nn.Module) -> set[tuple]:
    """What must agree for weights to mean the same, whatever the width: name, kernel, groups."""
    return {
        (name, *parameters, getattr(layer, "kernel_size", None), getattr(layer, "groups", None))
        for name, layer in net.named_modules()
        if (parameters := [key for key, _ in layer.named_parameters(recurse=False)])
    }


def calls(kind: type[Network], peer: Peer) -> str:
    """How to build the forms that the peer has: ``VGG19() or VGG19(batch_norm=True)``."""
    return " or ".join(
        f"{kind.__name__}({', '.join(f'{option}={value!r}' for option, value in form.items())})"
        for form in peer.forms
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
