"""What does a network cost? Exact counts, taken without computing a single score."""

import copy
import math
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from lecture_nets.layers import Concat
from lecture_nets.nets.network import Network

NetT = TypeVar("NetT", bound=nn.Module)


@dataclass(frozen=True)
class Cost:
    """What `cost` counts.

    Attributes:
        parameters: of trunk and head, which is all that inference needs.
        aux_parameters: of the side heads.
        macs: multiply-adds of convolutions and linear layers for one image, without side heads.
        depth: convolutions and linear layers on the longest path from image to scores.
        paths: different ways from image to scores; each branch of a module is one.
    """

    parameters: int
    aux_parameters: int
    macs: int
    depth: int
    paths: int


def cost(net: Network, image_size: int | None = None) -> Cost:
    """Count parameters, multiply-adds, depth and paths of ``net``, which stays as it is.

    Args:
        net: any network of `lecture_nets.nets`.
        image_size: side of a square image in pixels; ``None`` is the paper's.
    """
    return Cost(
        parameters=count_parameters(net.trunk) + count_parameters(net.head),
        aux_parameters=count_parameters(net.aux_heads),
        macs=count_macs(net, net.paper_size if image_size is None else image_size),
        depth=count_depth(net.trunk) + count_depth(net.head),
        paths=count_paths(net.trunk) * count_paths(net.head),
    )


def count_parameters(module: nn.Module) -> int:
    """Numbers that training can change."""
    return sum(parameter.numel() for parameter in module.parameters())


def count_depth(module: nn.Module) -> int:
    """Convolutions and linear layers on the longest path through ``module``."""
    if isinstance(module, nn.Conv2d | nn.Linear):
        return 1
    depths = [count_depth(child) for child in module.children()]
    return max(depths, default=0) if isinstance(module, Concat) else sum(depths)


def count_paths(module: nn.Module) -> int:
    """Different ways through ``module``."""
    paths = [count_paths(child) for child in module.children()]
    return sum(paths) if isinstance(module, Concat) else math.prod(paths)


def count_macs(net: Network, image_size: int) -> int:
    """Multiply-adds of convolutions and linear layers for one square image."""
    twin = without_values(net).eval()
    dtype = next(twin.parameters()).dtype
    image = torch.empty(1, net.in_channels, image_size, image_size, dtype=dtype, device="meta")
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        twin(image)
    return counter.get_total_flops() // 2


def without_values(net: NetT) -> NetT:
    """A copy of ``net`` with the shapes of all its numbers and none of the numbers."""
    shapes: dict[int, object] = {id(buffer): buffer.to("meta") for buffer in net.buffers()}
    for parameter in net.parameters():
        shapes[id(parameter)] = nn.Parameter(parameter.detach().to("meta"))
    return copy.deepcopy(net, shapes)  # what the memo holds is not copied: no second VGG in memory
