"""Bar charts of targets, before and after label smoothing."""

from collections.abc import Mapping

from torch import Tensor

from lecture_nets.visualize.figures import PALETTE, Picture


def draw_targets(targets: Mapping[str, Tensor], title: str) -> Picture:
    """The probability that each target gives to each class, a plot for each target.

    Args:
        targets: distributions (K,) by name, at least one.
        title: of the picture.

    Raises:
        ValueError: there are no targets.
    """
    if not targets:
        raise ValueError("draw_targets: found no targets, allowed are one or more; pass some.")
    words = "; ".join(
        f"{name}: {each.max():.4g} for class {each.argmax()}, {each.min():.4g} at least for others"
        for name, each in targets.items()
    )
    picture = Picture(title, alt=f"Bars over the classes. {words}.", size=(4.5 * len(targets), 4.5))
    plots = picture.axes(1, len(targets), sharey=True)
    for axes, color, (name, each) in zip(
        plots, PALETTE * len(targets), targets.items(), strict=False
    ):
        bars = axes.bar(range(len(each)), each.tolist(), color=color)
        axes.bar_label(bars, fmt="%.3g", fontsize=9, padding=2)
        axes.set(xlabel="class", ylim=(0, 1.1))
        axes.set_title(name, fontsize=13)
    plots[0].set_ylabel("probability")
    return picture
