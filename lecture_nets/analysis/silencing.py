"""The accuracy that a network loses when one unit is silent: what the layers behind it used it for.

    found = silence_units(net, images, labels)
    found["conv_1"].per_unit            # Interval(mean=0.0145, half=0.005): 1.45 points a unit
    found["conv_1"].all_silent          # 0.1: guessing

Drawn by `lecture_nets.visualize.reuse.draw_silenced`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lecture_nets.analysis.label_noise import Interval, t_interval
from lecture_nets.analysis.paths import Rows, rows_of
from lecture_nets.names import choose
from lecture_nets.nets.layers import evaluating
from lecture_nets.nets.network import Network


@dataclass(frozen=True)
class Silenced:
    """The cost of silencing units of one row. Accuracies are shares of images, 0…1.

    Attributes:
        row: its name.
        lost: accuracy lost without each of the units, by its number.
        per_unit: mean of these, and its 95 % interval over images.
        all_silent: accuracy without the whole row: guessing, if the network has no way around it.
    """

    row: str
    lost: dict[int, float]
    per_unit: Interval
    all_silent: float


@torch.no_grad()
def silence_units(
    net: nn.Module,
    images: Tensor,
    labels: Tensor,
    rows: Iterable[str] | None = None,
    *,
    most: int | None = None,
) -> dict[str, Silenced]:
    """Set one unit after another to zero and count the images that are then misclassified.

    Args:
        net: a network of `lecture_nets.nets`, or an `nn.Sequential`; it stays as it was.
        images: (N, C, H, W), normalized, on its device.
        labels: (N,).
        rows: names of rows; by default all with weights but the last, which gives the answer.
        most: units of a row to try, evenly spaced; by default all.

    Returns:
        By name of the row.

    Raises:
        ValueError: no such row, the last one, or fewer than two images.
    """
    all_rows = rows_of(net)
    names = list(all_rows)
    if rows is None:
        rows = [name for name in names[:-1] if next(all_rows[name].parameters(), None) is not None]
    asked = [choose("row", name, {known: known for known in names[:-1]}) for name in rows]
    x = net.check(images) if isinstance(net, Network) else images
    found = {}
    with evaluating(net):
        before = right(all_rows, names, x, labels)
        for place, name in enumerate(names[:-1]):
            x = all_rows[name](x)
            if name in asked:
                behind = names[place + 1 :]
                found[name] = silence_row(all_rows, behind, name, x, labels, before, most)
    return found


def silence_row(
    rows: Rows,
    behind: list[str],
    name: str,
    x: Tensor,
    labels: Tensor,
    before: Tensor,
    most: int | None,
) -> Silenced:
    width = x.shape[1]
    units = torch.linspace(0, width - 1, min(most or width, width)).round().int().unique().tolist()

    def losses(units: list[int]) -> Tensor:
        return before - right(rows, behind, without(x, units), labels)

    lost = torch.stack([losses([unit]) for unit in units])
    return Silenced(
        name,
        dict(zip(units, lost.mean(1).tolist(), strict=True)),
        t_interval(lost.mean(0).tolist()),
        float((before - losses(list(range(width)))).mean()),
    )


def without(output: Tensor, units: list[int]) -> Tensor:
    """The output of a row with some of its units at zero."""
    silent = output.clone()
    silent[:, units] = 0
    return silent


def right(rows: Rows, names: list[str], x: Tensor, labels: Tensor) -> Tensor:
    """1 where an image is classified rightly by the named rows, else 0: (N,)."""
    for name in names:
        x = rows[name](x)
    return (x.argmax(1) == labels).float()
