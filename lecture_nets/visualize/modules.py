"""Pictures of modules: boxes for their layers, branches below each other."""

from collections.abc import Mapping
from typing import Any

from matplotlib.patches import FancyBboxPatch
from torch import nn

from lecture_nets.analysis.outline import Fork, Lane, Step, in_words, lane_through
from lecture_nets.nets.tree import channels_after
from lecture_nets.visualize.figures import BLACK, Picture

# Light grounds for black words, which carry the same news as the colors.
POINT, SQUARE, ROW, COLUMN = "#F2F2F2", "#BFD9EC", "#F8E1B4", "#F4C6A5"
POOL, LINEAR = "#CDE9DF", "#EBD3E1"
CELL = (1.65, 0.72)  # width and height of what a box stands in, in inches
BOX = (0.84, 0.74)  # of a box, in cells
PLUS = 0.5  # width of the place where branches are added up, in cells
BAR = 0.3  # width of the bar where branches part or join, in cells
Point = tuple[float, float]


def draw_modules(modules: Mapping[str, nn.Module], title: str) -> Picture:
    """Each module as boxes, one module below the other; data flows from left to right.

    A box is a convolution (window, stride, channels, batch norm), a pool or a linear layer; ReLUs
    and dropout are left out. A plus is where branches are added up. Colors tell the shapes of
    windows apart.

    Args:
        modules: by name, at least one: rows of a network, or any chain of layers.
        title: of the picture.

    Raises:
        ValueError: no modules.
    """
    if not modules:
        raise ValueError("draw_modules: found no modules, allowed are one or more; pass some.")
    lanes = {name: lane_through(module) for name, module in modules.items()}
    heights = [rows_of(lane) for lane in lanes.values()]
    width = max(map(columns_of, lanes.values())) + 3 * BAR
    words = "; ".join(f"{name}: {in_words(lane, norms=True)}" for name, lane in lanes.items())
    inches = (max(6.0, width * CELL[0]), 0.7 + sum(height * CELL[1] + 0.5 for height in heights))
    picture = Picture(title, alt=f"Boxes joined by arrows. {words}.", size=inches)
    plots = picture.axes(len(lanes), 1, height_ratios=heights)
    for axes, (name, lane), height in zip(plots, lanes.items(), heights, strict=True):
        axes.set_axis_off()
        axes.set(xlim=(-BAR, width - BAR + 0.05), ylim=(height, 0))
        axes.set_title(name, loc="left", fontsize=13)
        draw_chain(axes, modules[name], lane, height)
    return picture


def draw_chain(axes: Any, module: nn.Module, lane: Lane, height: int) -> None:
    """A whole lane between two bars: the channels that come in, and those that come out."""
    first = next((part for part in module.modules() if isinstance(part, nn.Conv2d)), None)
    channels = first.in_channels if first else None
    draw_bar(axes, 0, height, channels)
    ends = place(axes, lane, BAR, 0, None)
    if not lane or isinstance(lane[-1], Step):  # a step says itself what comes out
        return
    x = BAR + columns_of(lane)
    for end in ends:
        arrow(axes, end, (x, end[1]))
    draw_bar(axes, x + BAR / 2, height, channels and channels_after(module, channels))


def rows_of(lane: Lane) -> int:
    """The height of a lane in boxes."""
    return max(
        (sum(map(rows_of, item.lanes)) for item in lane if isinstance(item, Fork)), default=1
    )


def columns_of(lane: Lane) -> float:
    """The length of a lane in boxes."""
    return sum(
        max(map(columns_of, item.lanes)) + item.add * PLUS if isinstance(item, Fork) else 1
        for item in lane
    )


def place(
    axes: Any, lane: Lane, left: float, top: float, sources: list[Point] | None
) -> list[Point]:
    """Draw ``lane`` from a corner on and join it to ``sources``; ``None`` is the bar in front.

    Returns:
        Where arrows leave it.
    """
    middle = top + rows_of(lane) / 2
    if not lane:  # a shortcut
        return [(BAR / 2, middle)] if sources is None else sources
    for item in lane:
        if isinstance(item, Step):
            start = left + (1 - BOX[0]) / 2
            for source in [(BAR / 2, middle)] if sources is None else sources:
                arrow(axes, source, (start, middle))
            draw_box(axes, item, start, middle)
            sources = [(start + BOX[0], middle)]
            left += 1
        else:
            ends, row = [], top
            for branch in item.lanes:
                ends += place(axes, branch, left, row, sources)
                row += rows_of(branch)
            sources = ends
            left += columns_of([item])
            if item.add:
                sources = [draw_plus(axes, left - PLUS / 2, middle, ends)]
    return sources or []


def draw_box(axes: Any, step: Step, left: float, middle: float) -> None:
    style = "round,pad=0,rounding_size=0.08"
    corner = (left, middle - BOX[1] / 2)
    axes.add_patch(
        FancyBboxPatch(corner, *BOX, boxstyle=style, facecolor=color_of(step), linewidth=0.8)
    )
    norm = ", BN" if step.batch_norm else ""
    channels = f"\n{step.channels} channels{norm}" if step.kind == "convolution" else ""
    words = step.window if channels else str(step)
    axes.text(left + BOX[0] / 2, middle, words + channels, ha="center", va="center")


def draw_plus(axes: Any, x: float, middle: float, sources: list[Point]) -> Point:
    """Draw the sum of branches; returns the place where the arrow leaves."""
    for source in sources:
        arrow(axes, source, (x - PLUS / 4, middle))
    corner, size = (x - PLUS / 4, middle - BOX[1] / 4), (PLUS / 2, BOX[1] / 2)
    style = "round,pad=0,rounding_size=0.08"
    axes.add_patch(FancyBboxPatch(corner, *size, boxstyle=style, facecolor="white", linewidth=0.8))
    axes.text(x, middle, "+", ha="center", va="center")
    return x + PLUS / 4, middle


def draw_bar(axes: Any, middle: float, height: int, channels: int | None) -> None:
    corner = (middle - BAR / 2, (1 - BOX[1]) / 2)
    size = (BAR, height - 1 + BOX[1])
    axes.add_patch(
        FancyBboxPatch(corner, *size, boxstyle="round,pad=0,rounding_size=0.08", facecolor="white")
    )
    words = "" if channels is None else f"{channels} channels" if height > 1 else str(channels)
    axes.text(middle, height / 2, words, rotation=90, ha="center", va="center")


def arrow(axes: Any, start: Point, end: Point) -> None:
    look = dict(arrowstyle="-|>", color=BLACK, linewidth=0.8, shrinkA=0, shrinkB=0)
    axes.annotate("", end, start, arrowprops=look)


def color_of(step: Step) -> str:
    if step.kind != "convolution" or step.kernel is None:
        return LINEAR if step.kind == "linear" else POOL
    rows, columns = step.kernel
    if rows != columns:
        return ROW if rows < columns else COLUMN
    return POINT if rows == 1 else SQUARE
