"""Batch norm in auxiliary heads ("BN-auxiliary"): finding layers that lack it, and adding it."""

from torch import nn

from lecture_nets.callbacks.norms import give_norm, layers_of, layers_without_norm
from lecture_nets.callbacks.structure import StructureCallback
from lecture_nets.nets.layers import AuxiliaryHead


def add_auxiliary_batch_norm(net: nn.Module) -> list[str]:
    """Put batch norm behind those hidden layers of auxiliary heads that lack it.

    The hidden layers are the head's convolutions and all but the last of its linear layers. Their
    weights stay as they are. A `ConvBlock` becomes what its constructor builds: without bias.
    Elsewhere ``fc1`` becomes ``nn.Sequential(fc1, norm)`` in its place, so that the key
    ``fc1.weight`` becomes ``fc1.0.weight``, and its bias stays.

    Returns:
        Names of the layers that got a norm; none the second time.

    Raises:
        TypeError: there is no auxiliary head.
    """
    names = auxiliary_layers_without_norm(net)
    for name in names:
        give_norm(net, name)
    return names


def auxiliary_layers_without_norm(net: nn.Module) -> list[str]:
    """Names of the hidden layers of auxiliary heads that no norm follows directly.

    Auxiliary heads are `AuxiliaryHead` and torchvision's two ``InceptionAux``.

    Raises:
        TypeError: there is no auxiliary head.
    """
    from torchvision.models.googlenet import InceptionAux
    from torchvision.models.inception import InceptionAux as LaterInceptionAux

    kinds = (AuxiliaryHead, InceptionAux, LaterInceptionAux)
    heads = {name: part for name, part in net.named_modules() if isinstance(part, kinds)}
    if not heads:
        raise TypeError(
            f"AuxiliaryBatchNorm found no auxiliary head in {type(net).__name__}: it knows "
            "AuxiliaryHead and torchvision's InceptionAux. Build the network with its auxiliary "
            "heads, or leave the callback out."
        )
    names = []
    for head, part in heads.items():
        *_, classifier = layers_of(part, nn.Linear)
        bare = layers_without_norm(part, nn.Conv2d) + layers_without_norm(part, nn.Linear)
        names += [f"{head}.{name}".lstrip(".") for name in bare if name != classifier]
    return names


class AuxiliaryBatchNorm(StructureCallback):
    """Batch norm in the auxiliary heads of a GoogLeNet or Inception network: "BN-auxiliary".

    ``y = γ·(x − mean)/√(variance + ε) + β`` over each channel of a batch, in the convolution and in
    the hidden fully connected layer of the auxiliary head (arXiv 1512.00567, section 10; in section
    4 its gain is the argument that auxiliary heads regularize). It makes the network of the option
    ``aux_batch_norm=True``, key for key; Inception V3 has it from the start.

    What it asks of module and checkpoint, and its errors, are those of `StructureCallback`.

    Example::

        Trainer(callbacks=[AuxiliaryBatchNorm()]).fit(GoogLeNetModule(), loader)
    """

    option = "aux_batch_norm"
    find = staticmethod(auxiliary_layers_without_norm)
    alter = staticmethod(add_auxiliary_batch_norm)
