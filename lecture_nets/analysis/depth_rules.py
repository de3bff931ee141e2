"""Layers counted by every rule that somebody might mean, since papers seldom say theirs.

for count in count_by_rules(InceptionV2()):
    print(count.layers, count.rule)
"""

from dataclasses import dataclass
from itertools import product

from lecture_nets.analysis.cost import RowCost, cost
from lecture_nets.nets.network import Network
from lecture_nets.nets.tree import Concat, stride_of

EACH = 3  # layers of a module, where all are taken to be alike: squeeze and two convolutions


@dataclass(frozen=True)
class DepthCount:
    """One count.

    Attributes:
        rule: what was counted and how, in words.
        layers: the count.
        usual: whether the rule is the usual one: every convolution and linear layer on the longest
            path.
    """

    rule: str
    layers: int
    usual: bool


def count_by_rules(net: Network) -> tuple[DepthCount, ...]:
    """The layers of ``net`` by 24 rules, the usual one first.

    Modules by their longest path or as three layers each; reductions by their longest path, as
    three layers each or not at all; with or without the row in front of the first module, which a
    table of the paper's authors corrected into a pool; with or without the linear layers.

    Args:
        net: a network of rows, modules being `Concat`, reductions those that coarsen the grid.
    """
    rows = {row.name: row for row in cost(net).rows}
    head = rows.pop("head")
    parts = {name: part for name, part in net.trunk.named_children() if isinstance(part, Concat)}
    reductions = [rows[name] for name, part in parts.items() if stride_of(part) > 1]
    modules = [rows[name] for name in parts if rows[name] not in reductions]
    stem = [row for row in rows.values() if row.name not in parts and not row.aux_head]
    extra = in_front(stem, list(net.trunk._modules), list(parts))
    counts = []
    for by_module, by_reduction, with_extra, with_linear in product(
        ("longest path", "three each"),
        ("longest path", "three each", "not at all"),
        (True, False),
        (True, False),
    ):
        layers = sum(row.depth for row in stem) - (0 if with_extra else extra)
        layers += by(by_module, modules) + by(by_reduction, reductions)
        layers += head.depth if with_linear else 0
        rule = f"modules: {by_module}, reductions: {by_reduction}"
        rule += "" if with_extra else ", without the row in front of the first module"
        rule += "" if with_linear else ", without linear layers"
        usual = by_module == by_reduction == "longest path" and with_extra and with_linear
        counts.append(DepthCount(rule, layers, usual))
    return tuple(counts)


def by(way: str, rows: list[RowCost]) -> int:
    if way == "not at all":
        return 0
    return EACH * len(rows) if way == "three each" else sum(row.depth for row in rows)


def in_front(stem: list[RowCost], names: list[str], modules: list[str]) -> int:
    """Layers of the row in front of the first module; 0 without modules."""
    if not modules:
        return 0
    before = names[names.index(modules[0]) - 1]
    return next(row.depth for row in stem if row.name == before)
