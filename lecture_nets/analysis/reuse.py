"""The share of later units that depend on one early unit: slide 2's claim, measured."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lecture_nets.analysis.paths import Rows, check_unit, rows_of
from lecture_nets.names import choose
from lecture_nets.nets.layers import evaluating
from lecture_nets.nets.network import Network


@dataclass(frozen=True)
class RowReuse:
    """The units of one later row that change.

    Attributes:
        name: the row, as in `RowCost`.
        changed: one truth value for each channel, or unit.
    """

    name: str
    changed: tuple[bool, ...]

    @property
    def share(self) -> float:
        """Of the row's units that change, from 0 to 1."""
        return sum(self.changed) / len(self.changed)


@torch.no_grad()
def measure_reuse(
    net: nn.Module, images: Tensor, row: str, unit: int, *, tolerance: float = 1e-6
) -> tuple[RowReuse, ...]:
    """Set one unit of ``row`` to zero and see which units of the rows behind it change.

    Measured in evaluation mode; ``net`` is left as it was. A unit changes if its activation does so
    in at least one image at one position, by more than ``tolerance`` times the largest activation
    of its row: rows differ in scale by orders of magnitude.

    Args:
        net: a network of `lecture_nets.nets`, or an `nn.Sequential`, with values that mean
            something: those of training, as a rule.
        images: (N, channels, H, W) for a network, on its device.
        row: the row to which the unit belongs.
        unit: which channel, or unit, of its output, from 0.
        tolerance: share of the row's largest activation; the default is about what rounding does.

    Returns:
        One entry for each row behind ``row``, in order; auxiliary heads are left out.

    Raises:
        ValueError: for rows and units that are not there, and images that the network refuses.
    """
    rows = rows_of(net)
    choose("row", row, rows)
    x = net.check(images) if isinstance(net, Network) else images
    with evaluating(net):
        return tuple(compare(rows, x, row, unit, tolerance))


def compare(rows: Rows, x: Tensor, row: str, unit: int, tolerance: float) -> Iterator[RowReuse]:
    """Run ``x`` through ``rows`` with and without ``unit``: what changes behind ``row``."""
    ablated: Tensor | None = None
    for name, layer in rows.items():
        x = layer(x)
        if ablated is not None:
            ablated = without = layer(ablated)
            other_axes = [axis for axis in range(x.ndim) if axis != 1]
            change = (without - x).abs().amax(other_axes)
            yield RowReuse(name, tuple((change > tolerance * x.abs().max()).tolist()))
        if name == row:
            check_unit("measure_reuse", row, unit, x.shape[1])
            ablated = x.clone()
            ablated[:, unit] = 0
