"""Pictures of HierarchyWorld: its images, how one is made, and which layer knows which symbols."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from torch import Tensor

from lecture_nets.analysis.probes import ProbeResult
from lecture_nets.data.hierarchy_world import HierarchyWorld
from lecture_nets.data.hierarchy_world.strokes import PHASES, tiles
from lecture_nets.visualize.figures import VERMILION, Picture

KNOWN = 0.9  # score from which on a symbol counts as known
COLORS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#777777", "#8C6D00")


def as_picture(image: Tensor) -> np.ndarray:
    return image.detach().cpu().permute(1, 2, 0).numpy()


def bare(axes: Axes) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)


def draw_world(world: HierarchyWorld, rows: int = 3, title: str = "HierarchyWorld") -> Picture:
    """A sheet of images, a column for each class.

    Args:
        world: whose first images are shown; classes take turns in it.
        rows: images of each class.
        title: of the picture.

    Raises:
        ValueError: the set has fewer images.
    """
    classes = len(world.grammar.rules[0])
    if len(world) < rows * classes:
        raise ValueError(
            f"draw_world: found {len(world)} images, allowed are {rows * classes} or more for "
            f"{rows} rows of {classes} classes; take a larger set or fewer rows."
        )
    picture = Picture(
        title,
        alt=f"{rows * classes} images, {rows} of each of {classes} classes in columns. All look "
        "alike: a dense texture of short bars in six directions and small warm and cold blobs. "
        "Nothing that the eye finds tells the columns apart.",
        size=(1.35 * classes, 1.35 * rows + 0.9),
    )
    plots = picture.axes(rows, classes)
    for index, axes in enumerate(plots):
        bare(axes)
        axes.imshow(as_picture(world.images[index]))
        if index < classes:
            axes.set_title(f"class {index}", fontsize=12)
    return picture


def draw_derivation(world: HierarchyWorld, index: int = 0) -> Picture:
    """Drawing of one image's making: class, symbols of every level, what one is made of.

    A red frame follows one texture through all levels. Below, its synonyms as they look without
    noise.

    Args:
        world: whose image is shown; of three levels.
        index: of the image.

    Raises:
        ValueError: the world has other than three levels.
    """
    levels = world.grammar.levels
    if len(levels) != 4:
        raise ValueError(
            f"draw_derivation: found {len(levels) - 1} levels, allowed are 3; draw another world."
        )
    grids = {level: world.truth[level][index].numpy() for level in levels}
    texture = int(grids["texture"][0, 0])
    arrangements = world.grammar.rules[-1][texture]
    label = int(grids["class"][0, 0])
    picture = Picture(
        "Strokes make textures, textures make parts, parts make the class",
        alt=f"From left to right: class {label}; its 2x2 parts "
        f"{grids['part'].flatten().tolist()}; 4x4 textures; 8x8 strokes; the image drawn from "
        f"them. A red frame marks texture {texture} at the top left, four strokes. Below, the "
        f"{len(arrangements)} arrangements of four strokes that all mean texture {texture}.",
        size=(14, 6.6),
    )
    above, below = picture.figure.subfigures(2, 1, height_ratios=(1.65, 1)).flat  # pyright: ignore
    plots = above.subplots(1, 5)
    for axes, level in zip(plots, levels, strict=False):
        draw_symbols(axes, grids[level])
        side = len(grids[level])
        axes.set_title(f"{level}\n{side} x {side}" if side > 1 else level, fontsize=14)
        frame(axes, max(1, side / 4))  # a texture is a quarter of the image's side
    image = as_picture(world.images[index])
    bare(plots[-1])
    plots[-1].imshow(image, extent=(0, 1, 1, 0))
    plots[-1].set_title(f"image\n{len(image)} x {len(image)} pixels", fontsize=14)
    frame(plots[-1], 0.25)
    below.suptitle(f"Texture {texture} has {len(arrangements)} synonyms", fontsize=14)
    for axes, four in zip(
        below.subplots(1, len(arrangements), squeeze=False)[0], arrangements, strict=True
    ):
        bare(axes)
        axes.imshow(patch(four))
    return picture


def draw_symbols(axes: Axes, grid: np.ndarray) -> None:
    """Colored cells with the numbers of their symbols."""
    side = len(grid)
    bare(axes)
    axes.set(xlim=(0, side), ylim=(side, 0), aspect="equal")
    for row in range(side):
        for column in range(side):
            symbol = int(grid[row, column])
            color = COLORS[symbol % len(COLORS)] if side > 1 else "#444444"
            axes.add_patch(Rectangle((column, row), 1, 1, facecolor=color, edgecolor="white"))
            axes.text(
                column + 0.5, row + 0.52, str(symbol), ha="center", va="center",
                color="white", fontsize=34 / side**0.5, fontweight="bold",
            )  # fmt: skip


def frame(axes: Axes, side: float) -> None:
    """A red frame around the top left of a panel."""
    axes.add_patch(
        Rectangle((0, 0), side, side, fill=False, edgecolor=VERMILION, linewidth=4, clip_on=False)
    )


def patch(strokes: np.ndarray, cell: int = 24) -> np.ndarray:
    """Four strokes at full contrast and without noise: (2 · cell, 2 · cell, 3), 0…1."""
    four = tiles(cell)[strokes, PHASES // 2].reshape(2, 2, 3, cell, cell)
    pixels = four.transpose(0, 3, 1, 4, 2).reshape(2 * cell, 2 * cell, 3)
    return np.clip(128 + pixels, 0, 255) / 255


class LevelScore(NamedTuple):
    """Score of one level in one layer; all that the staircase needs of a `ProbeResult`.

    Attributes:
        layer: its name.
        question: the level.
        score: 0 for guessing, 1 for never failing.
    """

    layer: str
    question: str
    score: float


def draw_staircase(
    probes: Sequence[ProbeResult | LevelScore],
    untrained: Sequence[ProbeResult | LevelScore],
    image: Tensor | None = None,
    title: str = "What each layer knows",
) -> Picture:
    """Symbols by layer, trained beside untrained: how well linear probes read them.

    A frame marks the first layer that knows a symbol, that is reads it with a score of 0.9 or more.

    Args:
        probes: as of `lecture_nets.analysis.hierarchy.probe_symbols`.
        untrained: the same of the network before training.
        image: ``uint8`` (3, H, W); pieces of it stand beside the levels.
        title: of the picture.

    Raises:
        ValueError: no probes, or those of the untrained network are of other layers or levels.
    """
    levels = list(dict.fromkeys(each.question for each in probes))
    layers = list(dict.fromkeys(each.layer for each in probes))
    places = [(each.layer, each.question) for each in probes]
    if not probes or places != [(each.layer, each.question) for each in untrained]:
        raise ValueError(
            f"draw_staircase: found {len(probes)} probes of the trained and {len(untrained)} of "
            "the untrained network; allowed are one or more, of the same layers and levels."
        )
    tables = {"trained": scores(probes, levels), "untrained": scores(untrained, levels)}
    told = [
        f"{name}: "
        + "; ".join(
            f"{level} {', '.join(f'{score:.2f}' for score in row)}"
            for level, row in zip(levels, table, strict=True)
        )
        for name, table in tables.items()
    ]
    picture = Picture(
        title,
        alt=f"Two tables of shades, levels by layers ({', '.join(layers)}). Scores of linear "
        f"probes, 0 for guessing and 1 for never failing. {'. '.join(told)}.",
        caption="Linear probes on images that the network has not seen: 0 is guessing, 1 never "
        f"fails. Framed: the first layer with {KNOWN} or more.",
        size=(14, 5.4),
    )
    grid = picture.figure.add_gridspec(
        len(levels), 3, width_ratios=(0.1 if image is None else 1, len(layers), len(layers))
    )
    if image is not None:
        for power in range(len(levels)):
            axes, side = picture.figure.add_subplot(grid[power, 0]), image.shape[-1] // 2**power
            bare(axes)
            axes.imshow(as_picture(image[:, :side, :side]))
    for column, (name, table) in enumerate(tables.items(), start=1):
        axes = picture.figure.add_subplot(grid[:, column])
        draw_table(axes, table, levels, layers)
        axes.set_title(name, fontsize=15)
    return picture


def scores(probes: Sequence[ProbeResult | LevelScore], levels: Sequence[str]) -> list[list[float]]:
    """A row for each level, from the first layer to the last."""
    return [[each.score for each in probes if each.question == level] for level in levels]


def draw_table(
    axes: Axes, table: list[list[float]], levels: Sequence[str], layers: Sequence[str]
) -> None:
    axes.imshow(table, cmap="Blues", vmin=0, vmax=1.05, aspect="auto")
    axes.set_xticks(range(len(layers)), layers, fontsize=12)
    axes.set_yticks(range(len(levels)), levels, fontsize=14)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    for row, values in enumerate(table):
        for column, value in enumerate(values):
            color = "white" if value > 0.55 else "black"
            text = f"{abs(round(value, 2)) if value > -0.005 else value:.2f}"
            axes.text(column, row, text, ha="center", va="center", color=color, fontsize=15)
        known = next((i for i, value in enumerate(values) if value >= KNOWN), None)
        if known is not None:
            axes.add_patch(
                Rectangle((known - 0.5, row - 0.5), 1, 1, fill=False, edgecolor=VERMILION,
                          linewidth=4, clip_on=False)
            )  # fmt: skip
