"""Layers of any network that lack a norm, and how they get one."""

from typing import Any

from torch import nn

from lecture_nets.nets.layers import ConvBlock


def layers_without_norm(net: nn.Module, kind: type[nn.Module]) -> list[str]:
    """Names of the layers of a ``kind`` in ``net`` that no norm follows directly.

    A norm follows a layer if it is registered next beside it, as in ``nn.Sequential`` and in
    torchvision's ``BasicConv2d`` (``conv``, ``bn``), or has its name: ``conv2`` and ``bn2``.
    """
    return [name for name in layers_of(net, kind) if not is_normalized(net, name)]


def layers_of(net: nn.Module, kind: type[nn.Module]) -> list[str]:
    return [name for name, part in net.named_modules() if name and isinstance(part, kind)]


def is_normalized(net: nn.Module, name: str) -> bool:
    outer, _, key = name.rpartition(".")
    parent = net.get_submodule(outer)
    siblings = dict(parent.named_children())
    if any(is_norm(siblings.get(key.replace("conv", word))) for word in ("bn", "norm")):
        return True
    keys = list(siblings)
    if key != keys[-1]:
        return is_norm(siblings[keys[keys.index(key) + 1]])
    return isinstance(parent, nn.Sequential) and outer != "" and is_normalized(net, outer)


def is_norm(layer: nn.Module | None) -> bool:
    """By its class's name, since libraries have norms of their own; response norms do not count."""
    names = [ancestor.__name__ for ancestor in type(layer).__mro__]
    return any("Norm" in name for name in names) and not isinstance(layer, nn.LocalResponseNorm)


def give_norm(net: nn.Module, name: str) -> None:
    """Put a batch norm behind the layer ``name``, on its device, of its dtype and in its mode.

    A `ConvBlock` gets the one it would have been built with. Elsewhere ``nn.Sequential(layer,
    norm)`` takes the layer's place in every parent, the layer stays as it is, and ``eps`` is
    PyTorch's.
    """
    parent: Any = net.get_submodule(name.rpartition(".")[0])
    layer: Any = net.get_submodule(name)
    if isinstance(parent, ConvBlock):
        parent.normalize()
        return
    like: dict[str, Any] = dict(device=layer.weight.device, dtype=layer.weight.dtype)
    if isinstance(layer, nn.Linear):
        norm = nn.BatchNorm1d(layer.out_features, **like)
    else:
        norm = nn.BatchNorm2d(layer.out_channels, **like)
    pair = nn.Sequential(layer, norm).train(layer.training)
    for alias, part in list(net.named_modules(remove_duplicate=False)):
        if part is layer:
            net.set_submodule(alias, pair)


def norm_key(net: nn.Module, name: str) -> str:
    """The place where `give_norm` would put the norm of the layer ``name``."""
    outer = name.rpartition(".")[0]
    return f"{outer}.norm" if isinstance(net.get_submodule(outer), ConvBlock) else f"{name}.1"
