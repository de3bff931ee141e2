"""Cost of a network: exact counts, taken without computing a single logit."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from lecture_nets.analysis.receptive_field import View, view_through
from lecture_nets.nets.meta import meta_copy
from lecture_nets.nets.network import Network
from lecture_nets.nets.tree import follow


@dataclass(frozen=True)
class RowCost:
    """One row of the paper's table: its own share of each count.

    Attributes:
        name: the row of ``net.trunk``, ``"head"``, or ``"aux_heads."`` and its row.
        output: shape of what comes out for one image: (channels, height, width) or (units,).
        parameters: as in `Cost`.
        macs: as in `Cost`.
        depth: convolutions and linear layers on the longest path through this row alone.
        paths: different paths through this row alone.
        receptive_field: side of the square of pixels that one unit sees through all rows so far;
            ``None`` behind a pool over the whole map, where every unit sees the whole image.
        aux_head: not part of the sums in `Cost`, but for ``aux_parameters``.
    """

    name: str
    output: tuple[int, ...]
    parameters: int
    macs: int
    depth: int
    paths: int
    receptive_field: int | None
    aux_head: bool = False


@dataclass(frozen=True)
class Cost:
    """The counts of `cost`. All but the receptive field are sums, or the product, over ``rows``.

    Attributes:
        parameters: of trunk and head, which is all that inference needs.
        aux_parameters: of the auxiliary heads.
        macs: multiply-accumulate operations (MACs) of convolutions, linear layers and
            `ShallowSVM`'s matrix products for one image, without auxiliary heads; norms, pools and
            sums are not counted.
        depth: convolutions and linear layers on the longest path from image to logits.
        paths: different paths from image to logits, one for each branch of a module.
        receptive_field: side of the square of pixels that one unit of the trunk's last map sees,
            along the branch that sees most. It can be larger than the image.
        rows: trunk and head in order, each auxiliary head behind the row it is attached to.
    """

    parameters: int
    aux_parameters: int
    macs: int
    depth: int
    paths: int
    receptive_field: int
    rows: tuple[RowCost, ...]


def cost(net: Network, image_size: int | tuple[int, int] | None = None) -> Cost:
    """Count parameters, MACs, depth, paths and receptive field of ``net``, which stays as it is.

    Args:
        net: any network of `lecture_nets.nets`.
        image_size: side of a square image, or (height, width), in pixels; ``None`` is the paper's.

    Raises:
        ValueError: for images smaller than the network takes.
        TypeError: a part of the network has a ``forward`` of its own; see `lecture_nets.nets.tree`.
    """
    size = net.paper_size if image_size is None else image_size
    height, width = (size, size) if isinstance(size, int) else size
    if min(height, width) < 1:
        raise ValueError(f"cost(image_size={image_size}): at least 1 pixel is needed.")
    shapes = meta_copy(net).eval()
    dtype = next(shapes.parameters()).dtype
    image = torch.empty(1, net.in_channels, height, width, dtype=dtype, device="meta")
    with torch.no_grad():
        rows = tuple(count_rows(shapes, shapes.check(image)))
    main = [row for row in rows if not row.aux_head]
    return Cost(
        parameters=sum(row.parameters for row in main),
        aux_parameters=sum(row.parameters for row in rows if row.aux_head),
        macs=sum(row.macs for row in main),
        depth=sum(row.depth for row in main),
        paths=math.prod(row.paths for row in main),
        receptive_field=max(row.receptive_field or 1 for row in main),
        rows=rows,
    )


def count_rows(net: Network, x: Tensor) -> Iterator[RowCost]:
    """The rows of ``net`` for images ``x``: (1, in_channels, H, W), on the meta device."""

    views = [View(), View()]
    for name, layer in net.trunk.named_children():
        views = [view_through(layer, view, axis) for axis, view in enumerate(views)]
        row, x = count_row(name, layer, x, max(view.field for view in views))
        yield row
        if name in net.aux_heads:
            yield count_row(f"aux_heads.{name}", net.aux_heads[name], x, aux_head=True)[0]
    yield count_row("head", net.head, x)[0]


def count_row(
    name: str, layer: nn.Module, x: Tensor, field: int | None = None, *, aux_head: bool = False
) -> tuple[RowCost, Tensor]:
    """The row that ``layer`` is, and what comes out of it."""
    with FlopCounterMode(display=False) as counter:
        y = layer(x)
    row = RowCost(
        name=name,
        output=tuple(y.shape[1:]),
        parameters=count_parameters(layer),
        macs=counter.get_total_flops() // 2,
        depth=count_depth(layer),
        paths=count_branch_paths(layer),
        receptive_field=field if y.ndim == 4 else None,
        aux_head=aux_head,
    )
    return row, y


def count_parameters(module: nn.Module) -> int:
    """Numbers that training can change."""
    return sum(parameter.numel() for parameter in module.parameters())


def count_depth(module: nn.Module) -> int:
    """Convolutions and linear layers on the longest path through ``module``."""
    return follow(
        module,
        0,
        leaf=lambda layer, depth: depth + isinstance(layer, nn.Conv2d | nn.Linear),
        join=lambda fork, depths: max(depths),
    )[module]


def count_branch_paths(module: nn.Module) -> int:
    """Different paths through ``module``, each branch being one."""
    paths = follow(module, 1, leaf=lambda layer, paths: paths, join=lambda fork, paths: sum(paths))
    return paths[module]
