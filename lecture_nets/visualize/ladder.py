"""Chart of error against depth, from shallow to deep."""

from collections.abc import Iterable

from lecture_nets.analysis.ladder import Rung
from lecture_nets.visualize.figures import BLUE, VERMILION, Picture


def draw_ladder(
    rungs: Iterable[Rung], title: str, *, guessing: float, caption: str = ""
) -> Picture:
    """A bar of test error for each network, the deepest on the right.

    Args:
        rungs: from `lecture_nets.analysis.ladder.ladder`, at least one.
        title: of the picture.
        guessing: error of who guesses, 0…1; a line, unless far above all bars.
        caption: small print: what all were given to learn from.

    Raises:
        ValueError: no rungs.
    """
    # Where two are as deep as each other, the order in which they were given decides.
    by_depth = sorted(rungs, key=lambda rung: rung.depth)
    if not by_depth:
        raise ValueError("draw_ladder: found no rungs, allowed are one or more; train a network.")
    errors = [rung.test_error for rung in by_depth]
    names = [f"{rung.name}\n{in_layers(rung.depth)}" for rung in by_depth]
    words = "; ".join(
        f"{rung.name}, {in_layers(rung.depth)}: {error:.1%}"
        for rung, error in zip(by_depth, errors, strict=True)
    )
    picture = Picture(
        title,
        alt=f"Bars of test error, from shallow to deep. {words}. Guessing: {guessing:.0%}.",
        caption=caption,
        size=(max(7, 1.6 * len(by_depth)), 5.5),
    )
    (axes,) = picture.axes()
    # A white ground keeps the dashed line out of the numbers.
    ground = dict(color="white", pad=1)
    bars = axes.bar(names, [100 * error for error in errors], 0.6, color=BLUE)
    axes.bar_label(bars, [f"{error:.1%}" for error in errors], padding=4, bbox=ground)
    top = max(1.25 * max(errors), 0.01)
    if guessing < top:
        label = f"guessing, {guessing:.0%}"
        axes.axhline(100 * guessing, linestyle="--", color=VERMILION, label=label, zorder=0)
        axes.legend(fontsize=11, loc="upper right")
    axes.set(ylabel="test error in %", ylim=(0, 100 * top))
    axes.grid(axis="y", alpha=0.3)
    return picture


def in_layers(depth: int) -> str:
    return "1 layer" if depth == 1 else f"{depth} layers"
