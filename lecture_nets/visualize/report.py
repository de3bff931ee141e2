"""Figures of a training run: curves, confusions, worst mistakes, first filters."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ticker import (
    LogLocator,
    MaxNLocator,
    NullFormatter,
    PercentFormatter,
    StrMethodFormatter,
)
from torch import Tensor

from lecture_nets.analysis.predictions import Predictions, most_confused
from lecture_nets.visualize.figures import BLUE, ORANGE, Picture

Curves = Mapping[str, Sequence[tuple[int, float]]]

TINY = 1e-12  # in place of a weight of 0 to divide by
# Narrow, so that the words in them can be read on a phone.
WIDTH = 6.4
LETTERS = 18  # of a class name that there is room for
SPLITS = (("train", "training", BLUE, "-o"), ("val", "validation", ORANGE, "-s"))
MANY_CLASSES = 20  # from which on nobody reads a number in each cell
TOO_MANY_CLASSES = 60  # nor the names beside the rows


def draw_learning_curves(curves: Curves) -> Picture:
    """Loss and top-1 accuracy over epochs, of training and validation.

    Args:
        curves: ``{"train_loss": [(epoch, value), …], "val_acc": …}``, epochs from 0.
    """
    seen = {
        "Loss": describe(curves, "loss", "{:.2f}", min),
        "Accuracy": describe(curves, "acc", "{:.1%}", max),
    }
    accuracies = [value for _, value in curves.get("val_acc", [])]
    picture = Picture(
        f"Validation accuracy reaches {max(accuracies):.1%}" if accuracies else "No validation",
        alt=" ".join(f"{what}: {words}." for what, words in seen.items()),
        size=(WIDTH, 7),
    )
    loss, accuracy = picture.axes(2, 1, sharex=True)
    for axes, kind in ((loss, "loss"), (accuracy, "acc")):
        for split, label, color, style in SPLITS:
            points = curves.get(f"{split}_{kind}", [])
            epochs, values = [epoch + 1 for epoch, _ in points], [value for _, value in points]
            if points:
                axes.plot(epochs, values, style, color=color, markersize=4, label=label)
        axes.grid(alpha=0.3)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        if axes.lines:
            axes.legend(fontsize=11)
    loss.set(ylabel="loss", yscale="log")  # a batch-normed network's first one can be far off
    loss.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    loss.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    loss.yaxis.set_minor_formatter(NullFormatter())
    accuracy.set(xlabel="epoch", ylabel="top-1 accuracy")
    accuracy.yaxis.set_major_formatter(PercentFormatter(1))
    return picture


def describe(curves: Curves, kind: str, form: str, best: Any) -> str:
    """``"training from 2.30 to 0.43, validation from …; best 0.40 in epoch 7"``."""
    words = []
    for split, label, _, _ in SPLITS:
        points = curves.get(f"{split}_{kind}", [])
        if len(points) == 1:
            words.append(f"{label} {form.format(points[0][1])} after one epoch")
        elif points:
            words.append(
                f"{label} from {form.format(points[0][1])} to {form.format(points[-1][1])}"
            )
    points = curves.get(f"val_{kind}", [])
    if len(points) > 1:
        epoch, value = best(points, key=lambda point: point[1])
        words[-1] += f", at best {form.format(value)} in epoch {epoch + 1}"
    return "; ".join(words) or "not recorded"


def draw_confusion(predictions: Predictions) -> Picture:
    """Confusions: how often each class (row) was taken for each (column), shaded by row."""
    counts, class_names = predictions.confusion, predictions.class_names
    names, pairs = drawable(class_names), most_confused(counts, 1)
    largest = "".join(
        f" Most frequent mistake: {class_names[i]} taken for {class_names[j]}, {count} times."
        for i, j, count in pairs
    )
    side = min(max(WIDTH, 0.32 * len(names)), 20)
    picture = Picture(
        f"{predictions.hits} of {len(predictions.labels)} on the diagonal",
        alt=f"A square of {len(names)} rows, the classes, and as many columns, what they were "
        f"taken for. {predictions.hits} of {len(predictions.labels)} test images lie on the "
        f"diagonal, which is right.{largest}",
        size=(side, side + 0.4),
    )
    (axes,) = picture.axes()
    share = counts / counts.sum(dim=1, keepdim=True).clamp_min(1)
    axes.imshow(share.numpy(), cmap="Blues", vmin=0, vmax=1)
    ticks = range(len(names)) if len(names) <= TOO_MANY_CLASSES else ()
    axes.set_xticks(ticks, names[: len(ticks)], rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(ticks, names[: len(ticks)])
    axes.set(xlabel="taken for", ylabel="class")
    if len(names) <= MANY_CLASSES:
        for i, j in counts.nonzero().tolist():
            color = "white" if share[i, j] > 0.5 else "black"
            axes.text(
                j, i, str(int(counts[i, j])), ha="center", va="center", color=color, fontsize=10
            )
    return picture


def draw_mistakes(predictions: Predictions, most: int = 12) -> Picture:
    """The wrong guesses that the network was surest of, with what each image is.

    Raises:
        ValueError: there is no mistake.
    """
    wrong, class_names = predictions.guesses != predictions.labels, predictions.class_names
    shown, names = predictions.surest(wrong)[:most], drawable(class_names)
    if not shown:
        raise ValueError(f"all {len(wrong)} test images are classified correctly")
    mistakes = [
        (int(predictions.labels[i]), int(predictions.guesses[i]), float(predictions.confidence[i]))
        for i in shown
    ]
    listed = "; ".join(
        f"{class_names[label]} taken for {class_names[guess]}, {sure:.0%} sure"
        for label, guess, sure in mistakes
    )
    rows = -(-len(shown) // 3)
    picture = Picture(
        f"The surest of {int(wrong.sum())} mistakes",
        alt=f"{len(shown)} of {int(wrong.sum())} test images with wrong names, the surest guess "
        f"first: {listed}.",
        size=(WIDTH, 0.7 + 2.5 * rows),
    )
    plots = picture.axes(rows, 3)
    for axes in plots:
        axes.axis("off")
    for axes, index, (label, guess, sure) in zip(plots, shown, mistakes, strict=False):
        axes.imshow(predictions.samples[index][0].permute(1, 2, 0).numpy())
        axes.set_title(f"{names[guess]} {sure:.0%}\nis {names[label]}", fontsize=11)
    return picture


def draw_filters(filters: Tensor, layer: str) -> Picture:
    """The filters of a layer that sees pixels, (M, 3, H, W), as colors: gray is 0.

    Each is stretched to its own largest weight.
    """
    filters = filters.detach().cpu().float()
    count, _, height, width = filters.shape
    energy = filters.square().sum(dim=(1, 2, 3))
    gray = 3 * filters.mean(dim=1).square().sum(dim=(1, 2))
    colored = int((energy - gray > gray).sum())
    weakest = float((energy.min() / energy.max().clamp_min(TINY)).sqrt())
    columns = min(8, count)
    rows = -(-count // columns)
    picture = Picture(
        f"{layer}: {count} filters of {height}x{width} pixels",
        alt=f"{count} filters of {height}x{width} pixels; {colored} of them weigh color more "
        f"than brightness. The weakest is {weakest:.0%} as strong as the strongest.",
        size=(WIDTH, 0.7 + rows * WIDTH / columns),
    )
    largest = filters.abs().amax(dim=(1, 2, 3), keepdim=True).clamp_min(TINY)
    shown = (0.5 + 0.5 * filters / largest).permute(0, 2, 3, 1).numpy()
    plots = picture.axes(rows, columns)
    for axes in plots:
        axes.axis("off")
    for axes, each in zip(plots, shown, strict=False):
        axes.imshow(each)
    return picture


def drawable(class_names: Sequence[str]) -> list[str]:
    """The names as matplotlib can draw them: short, no formulas, numbers for foreign letters."""
    known = get_font(findfont(FontProperties())).get_charmap()
    names = []
    for i, name in enumerate(class_names):
        if any(ord(letter) not in known for letter in name):
            name = f"class {i}"
        if len(name) > LETTERS:
            name = name[: LETTERS - 1] + "…"
        names.append(name.replace("$", r"\$"))
    return names
