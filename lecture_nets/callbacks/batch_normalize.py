"""Batch norm behind every convolution that lacks it."""

from torch import nn

from lecture_nets.callbacks.norms import give_norm, layers_of, layers_without_norm
from lecture_nets.callbacks.structure import StructureCallback
from lecture_nets.nets.layers import AuxiliaryHead


def batch_normalize(net: nn.Module) -> list[str]:
    """Put a `BatchNorm2d` behind every 2d convolution that no norm follows; return which got one.

    The convolutions' weights stay as they are. A `ConvBlock` becomes what its constructor builds
    with ``batch_norm=True``: without bias, but in `VGG19`. Elsewhere ``conv`` becomes
    ``nn.Sequential(conv, norm)`` in its place, so that the key ``conv.weight`` becomes
    ``conv.0.weight``, and its bias stays. Grouped convolutions count, transposed ones do not.

    If any layer got a norm, local response norms become identities: with batch norm they are not
    necessary (Ioffe and Szegedy, arXiv 1502.03167, section 4.2.1).

    Returns:
        Names of the convolutions that got a norm; none the second time.

    Raises:
        TypeError: there is no 2d convolution.
    """
    names = convolutions_without_norm(net)
    for name in names:
        give_norm(net, name)
    for name, part in list(net.named_modules()) if names else []:
        if isinstance(part, nn.LocalResponseNorm):
            net.set_submodule(name, nn.Identity())
    return names


def convolutions_without_norm(net: nn.Module) -> list[str]:
    """Names of the 2d convolutions of ``net`` that no norm follows directly.

    The hidden layer of an `AuxiliaryHead` is not among them: the papers have it fully connected.

    Raises:
        TypeError: there is no 2d convolution.
    """
    if not layers_of(net, nn.Conv2d):
        raise TypeError(
            f"BatchNormalize found no nn.Conv2d inside {type(net).__name__}: it normalizes 2d "
            "convolutions only. Leave it out for this network."
        )
    heads = [part for part in net.modules() if isinstance(part, AuxiliaryHead)]
    connected = {part for head in heads for part in head.hidden.modules()}
    names = layers_without_norm(net, nn.Conv2d)
    return [name for name in names if net.get_submodule(name) not in connected]


class BatchNormalize(StructureCallback):
    """Batch norm behind every convolution that lacks it, for a live before and after.

    ``y = γ·(x − mean)/√(variance + ε) + β`` over each channel of a batch (arXiv 1502.03167,
    algorithm 1). It makes GoogLeNet the BN-GoogLeNet of section 4.2, and VGG-19 torchvision's
    ``vgg19_bn``: networks equal to those of the option ``batch_norm=True``, key for key. AlexNet
    and ZFNet have no such option. Local response norms go. Fully connected layers get none.

    What it asks of module and checkpoint, and its errors, are those of `StructureCallback`.

    Example::

        Trainer(callbacks=[BatchNormalize()]).fit(GoogLeNetModule(), loader)
    """

    option = "batch_norm"
    find = staticmethod(convolutions_without_norm)
    alter = staticmethod(batch_normalize)
