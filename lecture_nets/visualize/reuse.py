"""Chart of the later units that depend on one early unit: slide 2's claim."""

from collections.abc import Sequence

from lecture_nets.analysis.reuse import RowReuse
from lecture_nets.visualize.figures import BLUE, Picture


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
