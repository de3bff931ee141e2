"""Charts of depth alone, of the images a world needs, and of who uses which symbols."""

from collections.abc import Mapping, Sequence
from itertools import cycle

from lecture_nets.analysis.depth import DepthPoint
from lecture_nets.analysis.hierarchy import Erased
from lecture_nets.analysis.label_noise import Interval
from lecture_nets.visualize.figures import BLACK, BLUE, ORANGE, PALETTE, Picture
from lecture_nets.visualize.ladder import in_layers

MARKERS = "osD^vP"
BESIDE = ((10, 8), (-10, -16), (-10, 10))  # points from a mark to its words, curve by curve


def draw_depth(
    curves: Mapping[str, Sequence[DepthPoint]],
    *,
    guessing: float,
    title: str = "Depth alone",
    caption: str = "",
) -> Picture:
    """Test error by depth with its interval, and each network's number of parameters.

    Args:
        curves: points by name of the curve; those of one curve differ as its name says.
        guessing: error of a guess, 0…1; a line, unless it is far above all points.
        title: of the picture.
        caption: small print: what all were given to learn from.

    Raises:
        ValueError: no curves, or one without points.
    """
    if not curves or not all(curves.values()):
        raise ValueError(
            f"draw_depth: found curves {list(curves)}, allowed are one or more, each with points; "
            "train a network."
        )
    words = "; ".join(
        f"{name}: "
        + ", ".join(
            f"{in_layers(point.depth)} with {point.parameters:,} parameters "
            f"{point.test_error.mean:.1%} ± {point.test_error.half:.1%}"
            for point in points
        )
        for name, points in curves.items()
    )
    picture = Picture(
        title,
        alt=f"Test error by number of layers. {words}. Guessing: {guessing:.0%}.",
        caption=caption,
        size=(10, 6),
    )
    (axes,) = picture.axes()
    for number, (name, points) in enumerate(curves.items()):
        depths = [point.depth for point in points]
        means = [100 * point.test_error.mean for point in points]
        halves = [100 * point.test_error.half for point in points]
        axes.errorbar(
            depths, means, halves, label=name, marker=MARKERS[number % len(MARKERS)],
            linewidth=2.5, markersize=9, capsize=5,
        )  # fmt: skip
        x, y = BESIDE[number % len(BESIDE)]
        for point, mean in zip(points, means, strict=True):
            axes.annotate(
                short(point.parameters),
                (point.depth, mean),
                (x, y if mean > 5 else 8),  # not below the axis
                textcoords="offset points",
                ha="left" if x > 0 else "right",
                bbox=dict(color="white", pad=0.5),  # keeps lines out of the numbers
                fontsize=10,
                color=PALETTE[number % len(PALETTE)],
            )
    highest = max(point.test_error.high for points in curves.values() for point in points)
    if guessing < 2 * highest:
        axes.axhline(100 * guessing, linestyle="--", color=BLACK, label=f"guessing, {guessing:.0%}")
    top = 100 if guessing < 2 * highest else max(125 * highest, 1)
    depths = sorted({point.depth for points in curves.values() for point in points})
    axes.set_xticks(depths, [str(depth) for depth in depths])
    axes.set(xlabel="layers", ylabel="test error in %", ylim=(0, top))
    axes.margins(x=0.08)
    axes.grid(axis="y", alpha=0.3)
    axes.legend(fontsize=12)
    return picture


def short(parameters: int) -> str:
    return f"{parameters / 1e6:.0f} M" if parameters >= 1e6 else f"{parameters / 1000:.0f} k"


def draw_samples(
    curves: Mapping[int, Mapping[int, Interval]], theory: Mapping[int, int], *, caption: str = ""
) -> Picture:
    """Test error by number of training images, a curve for each number of synonyms.

    A dotted line of the same color is the theory's number of images.

    Args:
        curves: ``{synonyms: {images: test error}}``.
        theory: ``{synonyms: images}``.
        caption: small print.

    Raises:
        ValueError: no curves, or one for which the theory says nothing.
    """
    if not curves or set(curves) - set(theory):
        raise ValueError(
            f"draw_samples: found curves for {sorted(curves)} synonyms and theory for "
            f"{sorted(theory)}; allowed are one or more curves, each with a number of the theory."
        )
    words = "; ".join(
        f"{count} synonyms (theory {theory[count]} images): "
        + ", ".join(f"{error.mean:.1%} with {images}" for images, error in curve.items())
        for count, curve in curves.items()
    )
    picture = Picture(
        "How many images does the world need?",
        alt=f"Test error by number of training images. {words}.",
        caption=caption,
        size=(9, 5.5),
    )
    (axes,) = picture.axes()
    for (count, curve), color, marker in zip(
        curves.items(), cycle(PALETTE), cycle(MARKERS), strict=False
    ):
        means = [100 * error.mean for error in curve.values()]
        halves = [100 * error.half for error in curve.values()]
        axes.errorbar(
            list(curve), means, halves, color=color, marker=marker, linewidth=2, capsize=4,
            label=f"{count} synonyms",
        )  # fmt: skip
        axes.axvline(theory[count], color=color, linestyle=":", linewidth=2)
        axes.text(theory[count], 101, f"{theory[count]}", color=color, ha="center", fontsize=11)
    sizes = sorted({size for curve in curves.values() for size in curve})
    axes.set_xscale("log")
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.minorticks_off()
    axes.set(xlabel="training images", ylabel="test error in %", ylim=(0, 100))
    axes.grid(alpha=0.3)
    axes.legend(fontsize=12)
    return picture


def draw_users(levels: Mapping[str, Sequence[Erased]], *, caption: str = "") -> Picture:
    """Chart of the classes that lose by the erasure of one symbol, by level; a dot per symbol.

    Args:
        levels: results of `erase_symbols`, by name of the level.
        caption: small print.

    Raises:
        ValueError: no levels, or one without symbols.
    """
    if not levels or not all(levels.values()):
        raise ValueError(
            f"draw_users: found levels {list(levels)}, allowed are one or more, each with symbols."
        )
    mean = {level: sum(x.hit for x in each) / len(each) for level, each in levels.items()}
    random = {
        level: sum(x.hit_at_random for x in each) / len(each) for level, each in levels.items()
    }
    classes = len(next(iter(levels.values()))[0].lost)
    words = "; ".join(
        f"{level}: {mean[level] / classes:.0%}, at random {random[level] / classes:.0%}"
        for level in levels
    )
    picture = Picture(
        "How many classes need one symbol?",
        alt=f"Share of the {classes} classes that lose more than 5 points when one symbol is "
        f"erased, mean over the symbols of a level. {words}.",
        caption=caption,
        size=(9, 5.5),
    )
    (axes,) = picture.axes()
    for place, each in enumerate(levels.values()):
        axes.bar(
            place - 0.17,
            mean[each[0].level],
            0.32,
            color=BLUE,
            label="" if place else "a symbol erased",
        )
        axes.bar(
            place + 0.17,
            random[each[0].level],
            0.32,
            color=ORANGE,
            hatch="//",
            edgecolor="white",
            label="" if place else "a direction at random",
        )
        dots = [place - 0.17 + 0.22 * (i / max(len(each) - 1, 1) - 0.5) for i in range(len(each))]
        axes.plot(
            dots,
            [x.hit for x in each],
            "o",
            color=BLACK,
            markersize=4,
            label="" if place else "single symbols",
        )
    axes.set_xticks(
        range(len(levels)), [f"{level}\nin {each[0].layer}" for level, each in levels.items()]
    )
    axes.set(ylabel="classes that lose over 5 points")
    axes.grid(axis="y", alpha=0.3)
    axes.legend(fontsize=11)
    return picture
