"""Did the error fall as networks grew deeper? The lecture's figure of the ImageNet challenge."""

from collections.abc import Iterable
from typing import Any

from lecture_nets.analysis.history import ILSVRC, Result
from lecture_nets.visualize.figures import BLUE, GREEN, ORANGE, VERMILION, Picture

STYLES = {"entry": ("s", ORANGE, "other entry"), "paper": ("D", GREEN, "paper, not the challenge")}
IN_POINTS = dict(textcoords="offset points")


def depth_and_error(results: Iterable[Result] = ILSVRC) -> Picture:
    """Top-5 error by year above, depth of the winners below.

    Shown are results on the test images with supplied data; of every other team and network its
    lowest entry, or its lowest in a paper if it did not enter; and the lowest human error.
    """
    rows = [row for row in results if row.data != "outside"]
    winners = [row for row in rows if row.kind == "winner"]
    human = min((row for row in rows if row.kind == "human"), key=lambda row: row.top5_error)
    others = best_of_each_name(row for row in rows if row.kind in STYLES and row.images == "test")
    others = [row for row in others if row.name not in {winner.name for winner in winners}]

    won = "; ".join(f"{row.year} {row.name} {row.top5_error} %, {layers(row)}" for row in winners)
    also = "; ".join(f"{row.year} {row.name} {row.top5_error} %" for row in others)
    picture = Picture(
        "ImageNet challenge: as networks grow deeper, the error falls",
        alt=f"Two charts over the years. Top-5 error and depth of the winners: {won}. "
        f"Other entries and papers: {also}. Dashed line: one human, {human.top5_error} %.",
        caption=caption([*winners, *others, human], human),
        size=(12, 9),
    )
    error, depth = picture.axes(2, 1, sharex=True, height_ratios=(2.2, 1))
    draw_errors(error, winners, others, human)
    draw_depths(depth, winners)
    return picture


def best_of_each_name(rows: Iterable[Result]) -> list[Result]:
    """Of each name its lowest entry, or its lowest paper; in the order of years."""
    lowest: dict[str, Result] = {}
    for row in sorted(rows, key=lambda row: (row.kind == "paper", row.top5_error)):
        lowest.setdefault(row.name, row)
    return sorted(lowest.values(), key=lambda row: (row.year or 0, row.top5_error))


def layers(row: Result) -> str:
    return f"{row.depth} layers" if row.depth else "shallow"


def caption(rows: list[Result], human: Result) -> str:
    sources: dict[str, list[str]] = {}
    for row in rows:
        names = sources.setdefault(row.source, [])
        if row.name not in names:
            names.append(row.name)
    return (
        "Classification with supplied data; nearly all are ensembles. "
        f"Human: {human.setting}, {human.images} images. Sources: "
        + "; ".join(f"{', '.join(names)}: {source}" for source, names in sources.items())
    )


def draw_errors(axes: Any, winners: list[Result], others: list[Result], human: Result) -> None:
    # A white ground keeps the dashed line out of the words that it crosses.
    words = dict(va="center", bbox=dict(color="white", pad=1))
    years = [row.year for row in winners]
    axes.bar(years, [row.top5_error for row in winners], 0.5, color=BLUE, label="winner")
    for row in winners:
        text, top = f"{row.name}\n{row.top5_error} %", (row.year, row.top5_error)
        axes.annotate(text, top, (0, 19), **words, ha="center", fontsize=11, **IN_POINTS)
    for row in others:
        text, place = f"{row.name} {row.top5_error}", ((row.year or 0) + 0.35, row.top5_error)
        marker, color, label = STYLES[row.kind]
        axes.plot(*place, marker, color=color, label=label, zorder=4)
        axes.annotate(text, place, (8, 0), **words, fontsize=9, **IN_POINTS)
    label = f"one human, {human.top5_error} %"
    axes.axhline(human.top5_error, linestyle="--", color=VERMILION, label=label)
    axes.set(ylabel="top-5 error in %", ylim=(0, 33))
    axes.grid(axis="y", alpha=0.3)
    lines, labels = axes.get_legend_handles_labels()
    once = dict(zip(labels, lines, strict=True))
    axes.legend(once.values(), once, fontsize=11)


def draw_depths(axes: Any, winners: list[Result]) -> None:
    years, depths = [row.year or 0 for row in winners], [row.depth or 0 for row in winners]
    bars = axes.bar(years, depths, 0.5, color=BLUE)
    axes.bar_label(bars, [layers(row) for row in winners], padding=3, fontsize=11)
    room = (years[0] - 0.5, years[-1] + 1.1)  # for words on the right
    axes.set(ylabel="layers", ylim=(0, 1.2 * max(depths)), xticks=years, xlim=room)
    axes.grid(axis="y", alpha=0.3)
