"""`lecture-nets ladder [NET ...]`: networks trained alike, from shallow to deep, and a chart."""

import argparse
import dataclasses
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from lightning.pytorch import seed_everything

from lecture_nets.analysis.ladder import ladder as train
from lecture_nets.cli.table import empty_sheet, show
from lecture_nets.cli.usage import UsageError
from lecture_nets.data import (
    HierarchyWorldDataModule,
    ImageFolderDataModule,
    PartsWorldDataModule,
)
from lecture_nets.names import choose
from lecture_nets.nets import NETS
from lecture_nets.training import MODULES, ImageClassifier
from lecture_nets.training.quiet import quiet_lightning
from lecture_nets.visualize.ladder import draw_ladder

EMBEDDED = {"parts_world": PartsWorldDataModule, "hierarchy_world": HierarchyWorldDataModule}


@quiet_lightning()
def ladder(args: list[str]) -> None:
    """Train networks for the same epochs on the same images, test them, draw their errors."""
    parser = argparse.ArgumentParser(
        "lecture-nets ladder",
        description="Train networks for the same epochs on the same images, by their quick "
        "recipes, and draw their test errors from shallow to deep. Writes ladder.png and "
        "ladder.json.",
    )
    parser.add_argument("nets", nargs="*", metavar="net", help=f"{', '.join(NETS)} (all)")
    images = parser.add_mutually_exclusive_group()
    images.add_argument("--root", help="photos, a folder or a zip (default: embedded images)")
    images.add_argument(
        "--data",
        metavar="NAME",
        help=f"embedded images: {', '.join(EMBEDDED)} (default: parts_world)",
    )
    parser.add_argument("--image-size", type=int, default=96, metavar="N", help="default 96")
    parser.add_argument("--epochs", type=int, default=6, metavar="N", help="default 6")
    parser.add_argument(
        "--width", type=float, default=0.25, help="share of each network's channels (default 0.25)"
    )
    parser.add_argument(
        "--output", type=Path, default=Path(), metavar="FOLDER", help="default: the current folder"
    )
    given = parser.parse_args(args)
    names = given.nets or list(NETS)
    for name in names:
        choose("network", name, NETS)
    if given.epochs < 1:
        raise UsageError(f"--epochs {given.epochs}: at least 1.")
    for name in names:
        if NETS[name].min_size > given.image_size:
            raise UsageError(
                f"--image-size {given.image_size}: {name} needs {NETS[name].min_size} or more."
            )
    embedded = choose("embedded images", given.data or "parts_world", EMBEDDED)
    given.output.mkdir(parents=True, exist_ok=True)  # fails before the training, not after it
    if given.root:
        data = ImageFolderDataModule(given.root, image_size=given.image_size)
    else:
        data = embedded(image_size=given.image_size)
    seed_everything(0, verbose=False)  # also of the weights, which are drawn here
    kinds = [MODULES[f"{NETS[name].__name__}Module"] for name in names]
    modules = [
        kind(data.num_classes, width=given.width, recipe="quick")  # pyright: ignore
        for kind in kinds
    ]
    rungs = train(announced(modules), data, given.epochs, enable_progress_bar=True)
    source = given.root or embedded.__name__.removesuffix("DataModule")
    learned = f"{source}: {len(data.train_set)} images"  # pyright: ignore
    caption = (
        f"{learned} of {given.image_size} pixels, epochs: {given.epochs}; "
        f"{rungs[0].test_images} test images. {given.width:g} of the channels; one seed."
    )
    picture = draw_ladder(
        rungs, "Test error by depth", guessing=1 - 1 / data.num_classes, caption=caption
    )
    picture.save(given.output / "ladder.png")
    record = {"caption": caption, "rungs": [dataclasses.asdict(rung) for rung in rungs]}
    (given.output / "ladder.json").write_text(json.dumps(record, indent=2) + "\n")
    table = empty_sheet(picture.title, "network", "depth", "parameters", "error", "seconds")
    for rung in rungs:
        numbers = (f"{rung.depth}", f"{rung.parameters:,}", f"{rung.test_error:.1%}")
        table.add_row(rung.name, *numbers, f"{rung.seconds:.0f}")
    show(table)
    print(caption)
    print(f"chart: {given.output / 'ladder.png'}")


def announced(modules: Sequence[ImageClassifier]) -> Iterator[ImageClassifier]:
    """Each module, once it is said which one the progress bars to come are of."""
    for number, module in enumerate(modules, start=1):
        name = type(module.net).__name__
        print(f"{name}, {number} of {len(modules)}", file=sys.stderr)
        yield module
