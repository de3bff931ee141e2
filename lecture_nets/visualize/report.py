"""How did a training run go, on one page? Curves, confusion matrix, hits and misses."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lecture_nets.data.base import ImageDataModule
from lecture_nets.visualize.figures import BLUE, GREEN, ORANGE, VERMILION, Picture


@dataclass(frozen=True)
class Predictions:
    """Of a set: samples that begin with the image (3, H, W), labels (N,), probabilities (N, K)."""

    samples: Any
    labels: Tensor
    probabilities: Tensor

    @property
    def guesses(self) -> Tensor:
        return self.probabilities.argmax(dim=1)


@torch.inference_mode()
def predict_test_set(module: Any, data: ImageDataModule) -> Predictions:
    """Run ``module`` over the test images of ``data``."""
    was_training = module.training
    module.eval()
    labels, probabilities = [], []
    for batch in data.test_dataloader():
        probabilities.append(module(batch[0].to(module.device)).softmax(dim=1).float().cpu())
        labels.append(batch[1])
    module.train(was_training)
    # The few pictures that are shown come from the set again; a large one would not fit twice.
    return Predictions(data.test_set, torch.cat(labels), torch.cat(probabilities))


def read_curves(metrics_csv: Path) -> dict[str, list[tuple[int, float]]]:
    """Lightning's metrics file as ``{name: [(epoch, value), …]}``."""
    curves: dict[str, list[tuple[int, float]]] = {}
    with metrics_csv.open(newline="") as file:
        for row in csv.DictReader(file):
            for name, value in row.items():
                if value and name not in ("epoch", "step"):
                    curves.setdefault(name, []).append((int(row["epoch"]), float(value)))
    return curves


def confusion(labels: Tensor, guesses: Tensor, num_classes: int) -> Tensor:
    """How often class i (row) was taken for class j (column): (N,), (N,) -> (K, K)."""
    pairs = labels * num_classes + guesses
    return torch.bincount(pairs, minlength=num_classes**2).view(num_classes, num_classes)


def draw_report(
    title: str,
    curves: dict[str, list[tuple[int, float]]],
    predictions: Predictions,
    class_names: Sequence[str],
) -> Picture:
    """One page: loss and accuracy over epochs, the confusion matrix, 12 hits and 12 misses."""
    picture = Picture(title, alt=f"{title}: curves, confusion, examples", size=(16, 10))
    figure: Any = picture.figure
    left, right = figure.subfigures(1, 2, width_ratios=(1, 1.05))
    plots = left.subplots(3, 1, height_ratios=(1, 1, 2.4))
    draw_curves(plots[0], curves, "loss", "loss")
    plots[0].set_yscale("log")  # the first validation of a batch-normed network can be far off
    draw_curves(plots[1], curves, "acc", "top-1 accuracy")
    draw_confusion(plots[2], predictions, class_names)
    hits, misses = right.subfigures(2, 1)
    right_guess = predictions.guesses == predictions.labels
    draw_images(
        hits, "Hits, the surest of each class", GREEN, predictions, right_guess, class_names
    )
    draw_images(
        misses,
        "Misses, the surest of each class",
        VERMILION,
        predictions,
        ~right_guess,
        class_names,
    )
    return picture


def draw_curves(
    axes: Any, curves: dict[str, list[tuple[int, float]]], kind: str, label: str
) -> None:
    for split, colour, style in (("train", BLUE, "-o"), ("val", ORANGE, "-s")):
        points = curves.get(f"{split}_{kind}", [])
        if points:
            epochs, values = zip(*points, strict=True)
            axes.plot([e + 1 for e in epochs], values, style, color=colour, ms=3, label=split)
    axes.set(xlabel="epoch", ylabel=label)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(alpha=0.3)
    if axes.lines:
        axes.legend()


def draw_confusion(axes: Any, predictions: Predictions, class_names: Sequence[str]) -> None:
    counts = confusion(predictions.labels, predictions.guesses, len(class_names))
    share = counts / counts.sum(dim=1, keepdim=True).clamp_min(1)
    axes.imshow(share.numpy(), cmap="Blues", vmin=0, vmax=1)
    ticks = range(len(class_names))
    axes.set_xticks(ticks, class_names, rotation=45, ha="right")
    axes.set_yticks(ticks, class_names)
    axes.set(xlabel="taken for", ylabel="class", title="Test images")
    if len(class_names) <= 20:  # more numbers than that nobody reads
        for i, row in enumerate(counts.tolist()):
            for j, count in enumerate(row):
                if count:
                    colour = "white" if share[i, j] > 0.5 else "black"
                    axes.text(j, i, count, ha="center", va="center", color=colour, fontsize=8)


def surest_of_each_class(confidence: Tensor, labels: Tensor, chosen: Tensor) -> list[int]:
    """Indices of ``chosen`` images, (N,) each: first the surest of every class, then the second…"""
    turn: dict[int, int] = {}
    order = []
    for index in confidence.argsort(descending=True).tolist():
        if chosen[index]:
            label = int(labels[index])
            turn[label] = turn.get(label, 0) + 1
            order.append((turn[label], index))
    return [index for _, index in sorted(order, key=lambda pair: pair[0])]


def draw_images(
    figure: Any,
    title: str,
    colour: str,
    predictions: Predictions,
    chosen: Tensor,
    class_names: Sequence[str],
) -> None:
    figure.suptitle(f"{title} ({int(chosen.sum())} of {len(chosen)})", color=colour)
    confidence = predictions.probabilities.amax(dim=1)
    order = surest_of_each_class(confidence, predictions.labels, chosen)[:12]
    for axes, index in zip(figure.subplots(3, 4).flat, [*order, *[None] * 12], strict=False):
        axes.axis("off")
        if index is None:
            continue
        axes.imshow(predictions.samples[index][0].permute(1, 2, 0).numpy())
        guess, label = int(predictions.guesses[index]), int(predictions.labels[index])
        text = f"{class_names[guess]} {confidence[index]:.0%}"
        if guess != label:
            text += f"\nis {class_names[label]}"
        axes.set_title(text, fontsize=9, color=colour)


def write_report(folder: Path, module: Any, data: ImageDataModule) -> Path:
    """Draw ``folder/report.png`` from the run's metrics and the test images.

    Returns:
        The picture's path.
    """
    predictions = predict_test_set(module, data)
    accuracy = (predictions.guesses == predictions.labels).float().mean().item()
    title = f"{type(module).__name__} on {type(data).__name__}: {accuracy:.1%} of the test images"
    curves = read_curves(folder / "metrics.csv")
    return draw_report(title, curves, predictions, data.class_names).save(folder / "report.png")
