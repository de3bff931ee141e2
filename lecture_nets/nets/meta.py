"""A network's shapes without its numbers."""

import copy
from typing import TypeVar

from torch import nn

NetT = TypeVar("NetT", bound=nn.Module)


def meta_copy(net: NetT) -> NetT:
    """A copy of ``net`` with the shapes of all its numbers and none of the numbers."""
    shapes: dict[int, object] = {id(buffer): buffer.to("meta") for buffer in net.buffers()}
    for parameter in net.parameters():
        shapes[id(parameter)] = nn.Parameter(parameter.detach().to("meta"))
    return copy.deepcopy(net, shapes)  # what the memo holds is not copied: no second VGG in memory
