"""`lecture-nets report RUN`: one HTML page of what a run left behind, which opens anywhere."""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import torch
from torch import Tensor, nn

from lecture_nets.analysis.cost import cost
from lecture_nets.analysis.depth import wilson_interval
from lecture_nets.analysis.predictions import (
    Predictions,
    most_confused,
    predict_test_set,
    score_classes,
)
from lecture_nets.cli.page import Embedded, Rows, Shown, render, thumbnail
from lecture_nets.cli.run_folder import (
    BEST,
    CONFIG,
    METRICS,
    build_data,
    load_best,
    read_curves,
    read_record,
)
from lecture_nets.cli.table import Entry, rows_sheet
from lecture_nets.cli.usage import UsageError
from lecture_nets.data.base import ImageDataModule
from lecture_nets.nets import Network
from lecture_nets.training.checks import check_num_classes
from lecture_nets.training.quiet import quiet_lightning
from lecture_nets.visualize.figures import Picture
from lecture_nets.visualize.report import (
    draw_confusion,
    draw_filters,
    draw_learning_curves,
    draw_mistakes,
)

PAIRS, EXAMPLES = 8, 3  # shown on the page


@quiet_lightning()
def report(args: list[str]) -> None:
    """Write the page of a run folder and say where it is."""
    parser = argparse.ArgumentParser(
        "lecture-nets report",
        description="Write a page about a training run, RUN/report.html, and its pictures into "
        "RUN/report/. Paths in the run's configuration count from the current folder, as in fit.",
    )
    parser.add_argument("run", type=Path, help="a folder that fit wrote: runs/AlexNetModule-1")
    folder = parser.parse_args(args).run
    check_run(folder)
    print(f"report: {write_report(folder)}")


def check_run(folder: Path) -> None:
    """A `UsageError` where ``folder`` is none that `fit` wrote."""
    if any((folder / name).exists() for name in (METRICS, CONFIG, BEST)):
        return
    fault = f"it has no {METRICS}, {CONFIG} or {BEST}" if folder.is_dir() else "no such folder"
    runs = sorted(str(file.parent) for file in Path().glob(f"runs/*/{CONFIG}"))
    listed = ", ".join(runs) or "none in runs/"
    raise UsageError(f"{folder} is no run of lecture-nets fit: {fault}. There are: {listed}.")


def write_report(folder: Path, module: Any = None, data: ImageDataModule | None = None) -> Path:
    """Write ``folder/report.html``, and its pictures into ``folder/report/``.

    Where a file is missing or broken, the sections that need it say so, and so does one line on
    standard error.

    Args:
        folder: of a run.
        module: the trained module; if left out, read from the run's checkpoint.
        data: what it is tested on; if left out, built as the run's configuration says.

    Returns:
        The page's path.
    """
    config = attempt((folder / CONFIG).read_text, "utf-8")
    if module is None:
        module = attempt(load_best, folder)
        if torch.cuda.is_available() and not isinstance(module, Missing):
            module.cuda()
    data = data or attempt(build_data, config)
    predictions = attempt(predict, module, data)
    record = read_record(folder)
    plan: list[tuple[str, str, Callable[[Any], Picture | Shown], Any]] = [
        ("curves", "Learning curves", draw_learning_curves, attempt(read_curves, folder)),
        ("confusion", "Confusion matrix", draw_confusion, predictions),
        ("pairs", "Most confused pairs", show_pairs, predictions),
        ("mistakes", "Worst mistakes", show_mistakes, predictions),
        ("filters", "Filters of the first layer", show_filters, attempt(first_filters, module)),
        ("classes", "Class by class", show_classes, predictions),
        ("cost", "Cost", show_cost, attempt(count_cost, module)),
        ("configuration", "Configuration", show_configuration, config),
        ("versions", "Date and versions", show_record, record),
    ]
    for reason in {thing.reason: None for *_, thing in plan if isinstance(thing, Missing)}:
        print(f"left out of the report: {reason}", file=sys.stderr)
    title, lead = folder.resolve().name, f"Training started: {record['started']}."
    if isinstance(predictions, Predictions):
        title = f"{type(module).__name__} on {type(data).__name__}"
        images = len(predictions.labels)
        interval = wilson_interval(predictions.hits, images)
        lead = (
            f"Of {images:,} test images, {predictions.hits:,} are classified correctly: "
            f"{predictions.accuracy:.1%} (95% interval {interval.low:.1%} to {interval.high:.1%}). "
            f"{lead}"
        )
    pictures = folder / "report"
    pictures.mkdir(exist_ok=True)
    sections = [
        {"name": name, "title": heading, **body(pictures / f"{name}.png", show, thing)}
        for name, heading, show, thing in plan
    ]
    path = folder / "report.html"
    path.write_text(render(title, lead, sections), encoding="utf-8")
    return path


def body(png: Path, show: Callable[[Any], Picture | Shown], thing: Any) -> Shown:
    """The content below a heading; a picture is saved to ``png`` too."""
    if isinstance(thing, Missing):
        return {"missing": thing.reason}
    shown = show(thing)
    if isinstance(shown, Picture):
        png.write_bytes(data := shown.png)  # drawn once: it takes a second
        return {"figure": Embedded(data, shown.alt)}
    return shown


# What there is to show


@dataclass(frozen=True)
class Missing:
    """In place of something that cannot be had: why."""

    reason: str


def attempt(read: Callable[..., Any], *needed: Any) -> Any:
    """The result of ``read`` for ``needed``, or `Missing` where something is or cannot be read."""
    for thing in needed:
        if isinstance(thing, Missing):
            return thing
    try:
        return read(*needed)
    except (ValueError, TypeError, OSError, RuntimeError, ImportError) as error:
        return Missing(" ".join(str(error).split()))


def predict(module: Any, data: ImageDataModule) -> Predictions:
    names = type(module).__name__, type(data).__name__
    check_num_classes(names[0], module.num_classes, names[1], data.num_classes)
    data.prepare_data()
    data.setup("test")
    return predict_test_set(module, data)


def first_filters(module: Any) -> tuple[Tensor, str]:
    """Weights (M, 3, H, W) and name of the convolution that sees the pixels."""
    for name, layer in getattr(module.net, "trunk", module.net).named_modules():
        if isinstance(layer, nn.Conv2d):
            return layer.weight, name.partition(".")[0]
    raise ValueError(f"{type(module.net).__name__} has no convolution that learns.")


def count_cost(module: Any) -> Entry:
    net = module.net
    if not isinstance(net, Network):
        raise ValueError(f"{type(net).__name__} is none of the lecture's networks.")
    size = module.data_facts.get("image_size", net.paper_size)
    return Entry(type(net).__name__, {}, net, size, cost(net, size))


# How it is shown


def show_pairs(predictions: Predictions) -> Shown:
    pairs = most_confused(predictions.confusion, PAIRS)
    if not pairs:
        return all_right(predictions)
    names, images = predictions.class_names, predictions.confusion.sum(dim=1).tolist()
    rows = [
        (names[i], names[j], f"{count} of {images[i]}", examples(predictions, i, j))
        for i, j, count in pairs
    ]
    caption = "How often one class was taken for another, with the surest examples"
    return {"table": Rows(caption, ("class", "taken for", "images", "examples"), rows)}


def examples(predictions: Predictions, label: int, guess: int) -> list[Embedded]:
    """A few images of one class that were taken for another."""
    chosen = (predictions.labels == label) & (predictions.guesses == guess)
    names = predictions.class_names
    return [
        thumbnail(
            predictions.samples[index][0],
            f"{names[label]}, taken for {names[guess]}, {predictions.confidence[index]:.0%} sure",
        )
        for index in predictions.surest(chosen)[:EXAMPLES]
    ]


def show_mistakes(predictions: Predictions) -> Picture | Shown:
    if predictions.hits == len(predictions.labels):
        return all_right(predictions)
    return draw_mistakes(predictions)


def all_right(predictions: Predictions) -> Shown:
    return {"text": f"None: all {len(predictions.labels):,} test images are classified correctly."}


def show_filters(found: tuple[Tensor, str]) -> Picture:
    return draw_filters(*found)


def show_classes(predictions: Predictions) -> Shown:
    scores = score_classes(predictions.confusion)
    rows = [
        (name, f"{score.images:,}", *map(share, (score.precision, score.recall, score.f1)))
        for name, score in zip(predictions.class_names, scores, strict=True)
    ]
    means = [
        share(mean([value for score in scores if (value := getattr(score, name)) is not None]))
        for name in ("precision", "recall", "f1")
    ]
    caption = (
        "Precision: share of the images classified so that are of the class. Recall: share of the "
        "class's images that are classified so. F1: harmonic mean of both. Last row: means."
    )
    columns = ("class", "images", "precision", "recall", "F1")
    rows.append(("all", f"{len(predictions.labels):,}", *means))
    return {"table": Rows(caption, columns, rows, numbers=True)}


def share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def show_cost(entry: Entry) -> Shown:
    counted, sheet = entry.cost, rows_sheet(entry)
    text = (
        f"{counted.parameters:,} parameters, {counted.macs:,} multiply-adds for an image of "
        f"{entry.image_size} pixels, {counted.depth} layers deep. The receptive field of the "
        f"trunk's last map is {counted.receptive_field:,} pixels across."
    )
    columns = [str(column.header) for column in sheet.columns]
    rows = list(zip(*(column.cells for column in sheet.columns), strict=True))
    return {"text": text, "table": Rows(str(sheet.caption), columns, rows, numbers=True)}


def show_configuration(config: str) -> Shown:
    return {"code": config}


def show_record(record: dict[str, str]) -> Shown:
    return {"table": Rows("When and on what it was trained", ("what", "which"), record.items())}
