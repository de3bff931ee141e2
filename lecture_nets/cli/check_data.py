"""`lecture-nets check-data ROOT`: check a folder or zip for what training needs."""

import argparse
import shlex
import statistics
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from PIL import Image
from rich.table import Table

from lecture_nets.cli.table import empty_sheet, show
from lecture_nets.cli.usage import printable
from lecture_nets.data.image_files import FORMATS, image_fault
from lecture_nets.data.image_folder import ImageFile, ImageFolderDataModule
from lecture_nets.data.image_source import ImageSource
from lecture_nets.progress import progress

LISTED = 10  # names of one kind, unless all are asked for
Splits = Mapping[str, Sequence[ImageFile]]


def check_data(args: list[str]) -> None:
    """Say what a folder of photos holds, and fail where a training would."""
    parser = argparse.ArgumentParser(
        "lecture-nets check-data",
        description="Look at every file before a training does: classes, splits, sizes, files that "
        "are no usable images, copies. The exit code is 3 where a training would not start.",
    )
    parser.add_argument("root", help="a folder, or a zip of it, that holds a folder for each class")
    parser.add_argument("--all", action="store_true", help=f"list all names, not {LISTED}")
    given = parser.parse_args(args)
    data = ImageFolderDataModule(given.root, on_bad="skip")
    source = data.source
    listed, left_out = data.list_files()
    files = [file for files in listed.values() for file in files]
    faults, sizes = look_at(source, files)
    splits = data.draw_splits(
        {split: [f for f in files if f.path not in faults] for split, files in listed.items()}
    )
    show(sheet(data.class_names, splits, source.root.name))
    say(sizes_in_words(sizes))
    if data.drawn:
        drawn = ", ".join(split for split in splits if split in data.drawn)
        say(f"drawn from each class of train, by a hash of each path: {drawn}")
    if warning := data.of_test_images(splits):
        say(warning)
    if left_out:
        say(f"left out: {left_out}")
    limit = None if given.all else LISTED
    groups = list(copies(source, splits))
    for kind, some in (
        ("in two splits, so that scores are too good", [g for g in groups if differ(g, 0)]),
        ("in two classes, so that one label is wrong", [g for g in groups if differ(g, 1)]),
    ):
        equal = [" = ".join(file.path for _, _, file in group) for group in some]
        if equal:
            say(f"equal byte by byte, {kind}: {len(equal):,}", equal, limit)
    if faults:
        unusable = [f"{path}: {reason}" for path, reason in faults.items()]
        say(f"no usable images: {len(faults):,}", unusable, limit)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of copies: they were listed
        data.check_splits(splits)
    if faults:
        raise ValueError(
            f"{given.root}: {len(faults):,} of {len(files):,} files are no usable images. "
            "Replace or delete them, or train with --data.on_bad skip."
        )
    say(
        "ready: lecture-nets fit --data ImageFolderDataModule "
        f"--data.root {shlex.quote(given.root)} --data.image_size 96 "
        "--model InceptionV3Module --model.width 0.25 --model.recipe quick --trainer.max_epochs 45"
    )


def say(what: str, names: Sequence[str] = (), limit: int | None = None) -> None:
    print(printable(what))
    for name in names[:limit]:
        print(f"  {printable(name)}")
    if limit is not None and len(names) > limit:
        print(f"  … and {len(names) - limit:,} more; --all lists them")


def look_at(
    source: ImageSource, files: Sequence[ImageFile]
) -> tuple[dict[str, str], list[tuple[int, int]]]:
    """Path and reason of each file that cannot be used; width and height of the others."""
    faults: dict[str, str] = {}
    sizes: list[tuple[int, int]] = []
    for file in progress(files, f"checking {source.root.name}"):
        try:
            with source.open(file.path) as opened:
                fault = image_fault(opened)
                if fault is None:
                    opened.seek(0)
                    sizes.append(Image.open(opened, formats=FORMATS).size)
        except OSError as error:
            fault = f"cannot be read: {error.strerror or error}"
        if fault:
            faults[file.path] = fault
    return faults, sizes


Copy = tuple[str, int, ImageFile]  # its split, its class, the file


def copies(source: ImageSource, splits: Splits) -> Iterator[list[Copy]]:
    """Groups of files with the same bytes. Only equal sizes are compared."""
    by_size: dict[int, list[Copy]] = defaultdict(list)
    for split, files in splits.items():
        for file in files:
            by_size[source.size(file.path)].append((split, file.label, file))
    for some in by_size.values():
        by_bytes: dict[object, list[Copy]] = defaultdict(list)
        for copy in some if len(some) > 1 else []:
            by_bytes[source.digest(copy[2].path)].append(copy)
        yield from (group for group in by_bytes.values() if len(group) > 1)


def differ(group: list[Copy], column: int) -> bool:
    return len({copy[column] for copy in group}) > 1


def sheet(class_names: Sequence[str], splits: Splits, title: str) -> Table:
    """Count the usable images of each class in each split."""
    table = empty_sheet(title, "class", *splits, "all")
    counted = {split: Counter(file.label for file in files) for split, files in splits.items()}
    for label, name in enumerate(class_names):
        table.add_row(printable(name), *row([count[label] for count in counted.values()]))
    table.add_section()
    totals = [count.total() for count in counted.values()]
    table.add_row("all", *row(totals), style="bold")
    return table


def row(numbers: Iterable[int]) -> list[str]:
    numbers = list(numbers)
    return [f"{number:,}" for number in (*numbers, sum(numbers))]


def sizes_in_words(sizes: Sequence[tuple[int, int]]) -> str:
    if not sizes:
        return "short sides: none"
    short = sorted(map(min, sizes))
    middle = round(statistics.median(short))
    return f"short sides: {short[0]} to {short[-1]} pixels, half of them {middle} or more"
