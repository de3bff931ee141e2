"""Charts of training, for slides 6 and 7: growth, confidence, noise, depth."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from lecture_nets.analysis.calibration import Calibration
from lecture_nets.analysis.gradients import LayerGradient
from lecture_nets.analysis.growth import Moment
from lecture_nets.analysis.label_noise import NoiseResult
from lecture_nets.visualize.figures import PALETTE, Picture

MARKERS = "osD^vPX*"  # lines are told apart without colors too


def needs_some(function: str, what: str, given: Any) -> None:
    if not given:
        raise ValueError(f"{function}: found no {what}, allowed are one or more; pass some.")


def draw_growth(runs: Mapping[str, Sequence[Moment]], best_gap: float = math.inf) -> Picture:
    """Gap between logits, norm of all weights and of the last layer's, over steps.

    Args:
        runs: moments by name of the run, as `RecordGrowth` writes them down.
        best_gap: where smoothed labels would have the gap, that of `best_gap`, a dotted line; none
            if infinite, as hard labels would.

    Raises:
        ValueError: no runs, or one without moments.
    """
    needs_some("draw_growth", "runs", runs)
    for name, moments in runs.items():
        needs_some("draw_growth", f"moments of run {name!r}", moments)
    kinds = {
        "logit_gap": "largest − second largest logit",
        "weight_norm": "norm of all weights",
        "last_layer_norm": "norm of the last layer's weights",
    }
    seen = "; ".join(
        f"{label}: " + ", ".join(f"{name} {ends(moments, kind)}" for name, moments in runs.items())
        for kind, label in kinds.items()
    )
    last = max(moments[-1].step for moments in runs.values())
    dotted = f" A dotted line at a gap of {best_gap:.2f}." if math.isfinite(best_gap) else ""
    picture = Picture(
        "Logits and weights while a network trains",
        alt=f"Three charts over {last} steps. {seen}.{dotted}",
        size=(13, 5),
    )
    plots = picture.axes(1, 3)
    for axes, (kind, label) in zip(plots, kinds.items(), strict=True):
        for marker, (name, moments) in zip(MARKERS * len(runs), runs.items(), strict=False):
            steps = [moment.step for moment in moments]
            values = [getattr(moment, kind) for moment in moments]
            axes.plot(steps, values, f"-{marker}", markersize=4, label=name)
        axes.set(xlabel="step", ylabel=label)
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
    if math.isfinite(best_gap):
        label = f"smoothed labels ask for {best_gap:.2f}"
        plots[0].axhline(best_gap, color="black", linestyle=":", label=label)
    plots[0].legend(fontsize=10)
    return picture


def ends(moments: Sequence[Moment], kind: str) -> str:
    """``"from 0.94 to 10.97"``."""
    return f"from {getattr(moments[0], kind):.2f} to {getattr(moments[-1], kind):.2f}"


def draw_reliability(runs: Mapping[str, Calibration]) -> Picture:
    """For each run, how many images have which confidence, and how often it is right.

    Where a bar of accuracy ends below the diagonal, the network is too sure of itself.

    Args:
        runs: by name, at least one.

    Raises:
        ValueError: no runs.
    """
    needs_some("draw_reliability", "runs", runs)
    words = "; ".join(
        f"{name}: confidence {run.mean_confidence:.1%}, accuracy {run.accuracy:.1%}, "
        f"calibration error {run.error:.1%}, {run.share_above(0.9):.1%} of the images above a "
        "confidence of 90%"
        for name, run in runs.items()
    )
    picture = Picture(
        "How sure, and how often right?",
        alt=f"For each run a histogram of confidence above its accuracy by confidence. {words}.",
        size=(max(6.0, 5.0 * len(runs)), 7.5),
    )
    plots = picture.axes(
        2, len(runs), sharex=True, sharey="row", height_ratios=(1, 2), subplot_kw=dict(xlim=(0, 1))
    )
    above, below = plots[: len(runs)], plots[len(runs) :]
    for color, top, bottom, (name, run) in zip(
        PALETTE * len(runs), above, below, runs.items(), strict=False
    ):
        bars: dict[str, Any] = dict(
            x=[part.low for part in run.bins],
            width=1 / len(run.bins),
            align="edge",
            color=color,
            edgecolor="white",
        )
        total = len(run.right)
        top.bar(height=[part.images / total for part in run.bins], **bars)
        lines = (
            (run.mean_confidence, "--", "mean confidence"),
            (run.accuracy, "-", "accuracy"),
        )
        for value, line, label in lines:
            top.axvline(value, color="black", linestyle=line, label=f"{label} {value:.1%}")
        top.set_title(name, fontsize=13)
        bottom.bar(height=[part.accuracy for part in run.bins], **bars)
        bottom.plot([0, 1], [0, 1], color="black", linestyle=":", label="as sure as right")
        bottom.set_title(f"calibration error {run.error:.1%}", fontsize=12)
        bottom.set(xlabel="confidence", ylim=(0, 1))
        top.legend(fontsize=10, loc="upper left")
    above[0].set_ylabel("share of images")
    above[0].set_ylim(top=1.6 * above[0].get_ylim()[1])  # room for the legends
    below[0].set_ylabel("accuracy")
    below[0].legend(fontsize=10, loc="upper left")
    return picture


def draw_gradients(runs: Mapping[str, Sequence[LayerGradient]], *, ratio: bool = False) -> Picture:
    """Norm of each layer's gradient, from the input to the output, on a logarithmic scale.

    Args:
        runs: by name of the network, as `gradient_norms` returns them.
        ratio: draw gradient over weight, which layers of different sizes have in common.

    Raises:
        ValueError: no runs, or one without layers.
    """
    needs_some("draw_gradients", "networks", runs)
    what = "gradient / weight" if ratio else "gradient"
    curves = {}
    for name, layers in runs.items():
        needs_some("draw_gradients", f"layers of {name!r}", layers)
        curves[name] = [layer.ratio if ratio else layer.gradient for layer in layers]
    seen = "; ".join(
        f"{name}: {curve[0]:.2g} in the first, {curve[-1]:.2g} in the last"
        for name, curve in curves.items()
    )
    picture = Picture(
        f"How much {what} does each layer get?",
        alt=f"Lines over the layers, on a logarithmic scale. Norm of {what}: {seen}.",
        size=(10, 5.5),
    )
    (axes,) = picture.axes()
    for marker, (name, curve) in zip(MARKERS * len(curves), curves.items(), strict=False):
        axes.plot(range(1, len(curve) + 1), curve, f"-{marker}", markersize=4, label=name)
    axes.set(xlabel="layer, from the input on", ylabel=f"norm of {what}", yscale="log")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=11)
    return picture


def draw_error_by_depth(runs: Mapping[str, Mapping[int, float]], chance: float) -> Picture:
    """Training error over depth, a line for each kind of network.

    Args:
        runs: ``{"with batch norm": {8: 0.01, 56: 0.4}}``, errors 0…1 by number of layers.
        chance: error of a blind guess, 0…1.

    Raises:
        ValueError: no runs, or one without depths.
    """
    needs_some("draw_error_by_depth", "runs", runs)
    for name, errors in runs.items():
        needs_some("draw_error_by_depth", f"depths of run {name!r}", errors)
    seen = "; ".join(
        f"{name}: " + ", ".join(f"{error:.1%} at {depth}" for depth, error in errors.items())
        for name, errors in runs.items()
    )
    picture = Picture(
        "Training error of plain stacks",
        alt=f"Training error by number of layers. {seen}. Chance is {chance:.0%}.",
        size=(9, 5.5),
    )
    (axes,) = picture.axes()
    for marker, (name, errors) in zip(MARKERS * len(runs), runs.items(), strict=False):
        axes.plot(list(errors), list(errors.values()), f"-{marker}", label=name, linewidth=2)
    axes.axhline(chance, color="black", linestyle=":", label=f"chance, {chance:.0%}")
    depths = sorted({depth for errors in runs.values() for depth in errors})
    axes.set_xscale("log")
    axes.set_xticks(depths, [str(depth) for depth in depths])
    axes.minorticks_off()
    axes.set(xlabel="layers", ylabel="training error", ylim=(0, 1))
    axes.yaxis.set_major_formatter("{x:.0%}")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=11)
    return picture


def draw_label_noise(results: Sequence[NoiseResult]) -> Picture:
    """Accuracy on clean labels by share of wrong training labels, and what smoothing gained.

    Whiskers are 95 % intervals. Those of the gain come from pairs of the same seed, so they can be
    narrow where those of the accuracies overlap.

    Args:
        results: from `run_label_noise`, at least one.

    Raises:
        ValueError: no results.
    """
    needs_some("draw_label_noise", "results", results)
    epsilons = results[0].epsilons
    seen = "; ".join(
        f"{result.noise:.0%} wrong: "
        + ", ".join(
            f"ε = {epsilon:g} {mean.mean:.1%}"
            for epsilon, mean in zip(epsilons, result.means, strict=True)
        )
        + ", gain "
        + ", ".join(f"{g.mean:+.1%} (from {g.low:+.1%} to {g.high:+.1%})" for g in result.gains)
        for result in results
    )
    seeds = len(results[0].accuracies[0])
    picture = Picture(
        "Wrong training labels, with and without smoothing",
        alt=f"Bars: test accuracy on clean labels, {seeds} seeds. Beside them the gain by "
        f"smoothing. {seen}.",
        caption=f"Whiskers: 95 % intervals of Student's t over {seeds} seeds; the gain is over "
        f"ε = {epsilons[0]:g} with the same seed.",
        size=(12, 5.5),
    )
    accuracy, gain = picture.axes(1, 2, width_ratios=(3, 2))
    whiskers: dict[str, Any] = dict(capsize=5, ecolor="black")
    width = 0.8 / len(epsilons)
    for i, epsilon in enumerate(epsilons):
        means = [result.means[i] for result in results]
        places = [place + (i - (len(epsilons) - 1) / 2) * width for place in range(len(results))]
        accuracy.bar(
            places,
            [mean.mean for mean in means],
            width,
            yerr=[mean.half for mean in means],
            color=PALETTE[i % len(PALETTE)],
            label=f"ε = {epsilon:g}",
            **whiskers,
        )
        if not i:
            continue
        gains = [100 * result.gains[i - 1].mean for result in results]
        halves = [100 * result.gains[i - 1].half for result in results]
        gain.errorbar(
            [place + (i - len(epsilons) / 2) * width / 2 for place in range(len(results))],
            gains,
            halves,
            fmt=MARKERS[i % len(MARKERS)],
            color=PALETTE[i % len(PALETTE)],
            markersize=9,
            label=f"ε = {epsilon:g}",
            **whiskers,
        )
    gain.axhline(0, color="black", linewidth=1)
    gain.margins(x=0.2)
    names = [f"{result.noise:.0%}" for result in results]
    for axes in (accuracy, gain):
        axes.set_xticks(range(len(results)), names)
        axes.set_xlabel("wrong training labels")
        axes.grid(axis="y", alpha=0.3)
        axes.legend(fontsize=11)
    accuracy.set(ylabel="test accuracy, clean labels", ylim=(0, 1))
    accuracy.yaxis.set_major_formatter("{x:.0%}")
    gain.set_ylabel("gained by smoothing, points")
    return picture
