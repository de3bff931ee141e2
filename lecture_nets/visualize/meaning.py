"""Charts of what layers know and units stand for: textures, parts, classes by depth."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Patch

from lecture_nets.analysis.dissection import UnitMeaning, count_detectors
from lecture_nets.analysis.peaks import bootstrap
from lecture_nets.analysis.probes import QUESTIONS, ProbeResult
from lecture_nets.visualize.figures import BLACK, BLUE, GREEN, ORANGE, Picture

COLORS = dict(zip(QUESTIONS, (BLUE, ORANGE, GREEN), strict=True))
BAR = 0.4


def draw_meaning(
    probes: Sequence[ProbeResult],
    units: Sequence[UnitMeaning] = (),
    untrained_probes: Sequence[ProbeResult] = (),
    untrained_units: Sequence[UnitMeaning] = (),
) -> Picture:
    """Left, what linear probes read from each layer; right, how many units stand for something.

    Vertical lines are 95 % intervals over images. Dashed lines and hatched bars are of the same
    network before training. The gray band is where probes end up whose answers are dealt out at
    random. Behind the dotted line, layers are one cell that covers the image, and no longer tell of
    a part at its place.

    Args:
        probes: as `probe` returns them.
        units: as `dissect` returns them; without any, there is one chart.
        untrained_probes: of the untrained network, with the same layers.
        untrained_units: likewise.

    Raises:
        ValueError: no probes.
    """
    if not probes:
        raise ValueError("draw_meaning: found no probes, allowed are one or more; pass some.")
    curves, before = by_question(probes), by_question(untrained_probes)
    picture = Picture(
        "What each layer knows: texture, part, class",
        alt=told(curves, before, units, untrained_units),
        caption="Probes: Alain and Bengio, arXiv 1610.01644. "
        + "Units: Bau et al., Network Dissection, CVPR 2017." * bool(units),
        size=(14, 6.5) if units else (9, 6.5),
    )
    plots = picture.axes(1, 1 + bool(units), width_ratios=(1.2, 1) if units else None)
    draw_probes(plots[0], curves, before)
    if units:
        draw_detectors(plots[1], units, untrained_units)
    return picture


def by_question(probes: Sequence[ProbeResult]) -> dict[str, dict[str, ProbeResult]]:
    """Question -> layer -> result, in order of depth."""
    return {
        question: {each.layer: each for each in probes if each.question == question}
        for question in QUESTIONS
    }


def draw_probes(
    axes: Axes,
    curves: dict[str, dict[str, ProbeResult]],
    before: dict[str, dict[str, ProbeResult]],
) -> None:
    layers = list(curves["class"])
    probes = [each for curve in curves.values() for each in curve.values()]
    found = bootstrap(probes) if all(each.answered for each in probes) else None
    for question, color in COLORS.items():
        scores = [each.score for each in curves[question].values()]
        axes.plot(layers, scores, "o-", color=color, label=question, linewidth=2)
        sure = [found.scores[question, layer] for layer in layers] if found else []
        axes.vlines(layers[: len(sure)], [x.low for x in sure], [x.high for x in sure], color=color)
        if before[question]:
            scores = [before[question][layer].score for layer in layers]
            axes.plot(layers, scores, "--", color=color, label=f"{question}, untrained")
    bands = [noise(each) for curve in curves.values() for each in curve.values()]
    low, high = min(0, *bands), max(0, *bands)
    axes.axhspan(low, high, color=BLACK, alpha=0.12, linewidth=0, label="answers shuffled")
    axes.set(ylabel="probe: 0 guesses, 1 never fails", ylim=(min(-0.05, low), 1.02))
    axes.grid(axis="y", alpha=0.3)
    wide = [i for i, each in enumerate(curves["class"].values()) if each.cells > 1]
    if wide and wide[-1] + 1 < len(layers):
        axes.axvline(wide[-1] + 0.5, color=BLACK, linewidth=1, linestyle=":")
        axes.annotate(
            "no places\nfrom here",
            (wide[-1] + 0.5, 0.77),
            (4, 0),
            textcoords="offset points",
            fontsize=9,
            va="center",
        )
    turn(axes, layers)
    above(axes, ncols=4)


def noise(each: ProbeResult) -> float:
    """The level that the probe with shuffled answers reaches, on the scale of ``score``."""
    return (each.shuffled - each.chance) / (1 - each.chance)


def draw_detectors(
    axes: Axes, units: Sequence[UnitMeaning], untrained: Sequence[UnitMeaning]
) -> None:
    counts, before = count_detectors(units), count_detectors(untrained)
    layers = list(counts)
    sizes = [sum(unit.layer == layer for unit in units) for layer in layers]
    small = 9 if len(layers) < 9 else 6
    for side, found, hatch in ((-1, counts, ""), (1, before, "///")):
        if not found:
            continue
        places = [i + side * (BAR / 2 + 0.02) * bool(before) for i in range(len(layers))]
        bottom = [0.0] * len(layers)
        for kind, color in COLORS.items():
            shares = [
                100 * found[layer][kind] / size for layer, size in zip(layers, sizes, strict=True)
            ]
            axes.bar(places, shares, BAR, bottom, color=color, edgecolor="white", hatch=hatch)
            bottom = [a + b for a, b in zip(bottom, shares, strict=True)]
        for place, top, layer in zip(places, bottom, layers, strict=True):
            text = str(sum(found[layer].values()))
            axes.annotate(
                text, (place, top), (0, 3), textcoords="offset points", ha="center", fontsize=small
            )
    axes.set(ylabel="units that stand for one of them, in %")
    axes.set_xticks(range(len(layers)), layers)
    axes.set_ylim(0, max(1.0, *axes.get_ylim()))
    axes.grid(axis="y", alpha=0.3)
    turn(axes, layers)
    handles = [Patch(facecolor=color, label=kind) for kind, color in COLORS.items()]
    if before:
        handles.append(Patch(facecolor="white", edgecolor=BLACK, hatch="///", label="untrained"))
    above(axes, handles=handles, ncols=4)


def above(axes: Axes, **options: Any) -> None:
    axes.legend(fontsize=10, loc="lower center", bbox_to_anchor=(0.5, 1), frameon=False, **options)


def turn(axes: Axes, layers: Sequence[str]) -> None:
    """Names of layers side by side where they fit, else one above the other."""
    if sum(map(len, layers)) > 60:
        axes.tick_params("x", rotation=90, labelsize=9)


def told(
    curves: dict[str, dict[str, ProbeResult]],
    before: dict[str, dict[str, ProbeResult]],
    units: Sequence[UnitMeaning],
    untrained_units: Sequence[UnitMeaning],
) -> str:
    """The figure in words: numbers, and nothing that another machine would put otherwise."""
    words = ["Probe scores by layer, 0 for guessing and 1 for never failing."]
    for question, curve in curves.items():
        scores = ", ".join(f"{layer} {told_score(each)}" for layer, each in curve.items())
        words.append(f"{question}: {scores}.")
        if before[question]:
            best = max(each.score for each in before[question].values())
            words.append(f"Untrained at most {best:.2f}.")
    for when, found in (("", units), (" before training", untrained_units)):
        layers = [
            f"{layer} " + ", ".join(f"{count} {kind}" for kind, count in counts.items())
            for layer, counts in count_detectors(found).items()
        ]
        if layers:
            words.append(f"Units that stand for one{when}: {'; '.join(layers)}.")
    return " ".join(words)


def told_score(each: ProbeResult) -> str:
    return f"{abs(each.score) if abs(each.score) < 0.005 else each.score:.2f}"
