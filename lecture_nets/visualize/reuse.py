"""Charts of reuse, slide 2's claim: who depends on an early unit, and what its silence costs."""

from collections.abc import Mapping, Sequence

from lecture_nets.analysis.reuse import RowReuse
from lecture_nets.analysis.silencing import Silenced
from lecture_nets.analysis.users import Correlation
from lecture_nets.visualize.figures import BLUE, ORANGE, Picture


def draw_reuse(unit: str, rows: Sequence[RowReuse]) -> Picture:
    """Share of each later row's units that change once one early unit is silent.

    Args:
        unit: what was silenced, such as ``"channel 3 of conv_1"``.
        rows: from `measure_reuse`, at least one.

    Raises:
        ValueError: no rows.
    """
    if not rows:
        raise ValueError("draw_reuse: found no rows; measure a unit that has layers behind it.")
    shares = "; ".join(f"{row.name} {row.share:.0%}" for row in rows)
    picture = Picture(
        f"What depends on {unit}",
        alt=f"Bars, one for each later layer: units that change without {unit}: {shares}.",
        size=(max(6, 0.7 * len(rows)), 5),
    )
    (axes,) = picture.axes()
    places = range(len(rows))
    bars = axes.bar(places, [row.share for row in rows], color=BLUE)
    axes.bar_label(bars, [f"{sum(row.changed)}/{len(row.changed)}" for row in rows], fontsize=8)
    axes.set_xticks(places, [row.name for row in rows], rotation=45, ha="right")
    axes.set(ylabel="share of units that change", ylim=(0, 1.1))
    axes.grid(axis="y", alpha=0.3)
    return picture


def draw_silenced(trained: Mapping[str, Silenced], untrained: Mapping[str, Silenced]) -> Picture:
    """Accuracy lost by silencing one unit, by row, trained beside untrained.

    Args:
        trained: from `silence_units`, by name of the row.
        untrained: the same of the network before training.

    Raises:
        ValueError: no rows, or others of the untrained network.
    """
    if not trained or list(trained) != list(untrained):
        raise ValueError(
            f"draw_silenced: found rows {list(trained)} and {list(untrained)}; allowed are the "
            "same rows of both, one or more."
        )
    words = "; ".join(
        f"{row} {100 * each.per_unit.mean:.1f} %, untrained "
        f"{abs(100 * untrained[row].per_unit.mean):.1f} %"
        for row, each in trained.items()
    )
    picture = Picture(
        "What the silence of one unit costs",
        alt=f"Accuracy that one silent unit costs on average, by layer: {words}.",
        caption="Whiskers: 95 % intervals over images.",
        size=(8, 4.5),
    )
    (axes,) = picture.axes()
    for shift, name, found, color in (
        (-0.2, "trained", trained, BLUE),
        (0.2, "untrained", untrained, ORANGE),
    ):
        axes.bar(
            [place + shift for place in range(len(found))],
            [100 * each.per_unit.mean for each in found.values()],
            0.38,
            yerr=[100 * each.per_unit.half for each in found.values()],
            capsize=4,
            color=color,
            label=name,
        )
    axes.axhline(0, color="black", linewidth=1)
    axes.set_xticks(range(len(trained)), list(trained))
    axes.set(ylabel="points of accuracy lost per unit")
    axes.grid(axis="y", alpha=0.3)
    axes.legend(fontsize=11)
    return picture


def draw_load(
    users: Sequence[float], lost: Sequence[float], found: Correlation, names: Sequence[str]
) -> Picture:
    """Accuracy lost by erasing each symbol, against how many use it.

    Args:
        users: share of the arrangements above that use it, 0…1, for each symbol.
        lost: accuracy lost, 0…1, for each.
        found: the correlation of both.
        names: of the symbols.
    """
    picture = Picture(
        "The more users, the more is lost",
        alt=f"A dot for each of {len(names)} strokes: accuracy lost when it is erased, from "
        f"{100 * min(lost):.0f} % to {100 * max(lost):.0f} %, against the textures that use it. "
        f"Correlation {found.r:.2f}.",
        caption=f"Correlation {found.r:.2f}, 95 % interval {found.low:.2f} to {found.high:.2f}.",
        size=(7, 4.5),
    )
    (axes,) = picture.axes()
    axes.plot([100 * each for each in users], [100 * each for each in lost], "o", color=BLUE)
    for name, x, y in zip(names, users, lost, strict=True):
        axes.annotate(name, (100 * x, 100 * y), (5, 4), textcoords="offset points", fontsize=9)
    axes.set(
        xlabel="arrangements of the textures that use the stroke, in %",
        ylabel="points of accuracy lost",
        ylim=(0, None),
    )
    axes.margins(x=0.15)
    axes.grid(alpha=0.3)
    return picture
