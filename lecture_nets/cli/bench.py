"""`lecture-nets bench [NET ...]`: how many images a second, and how much faster than before."""

import argparse
import dataclasses
import json

import torch
from rich.table import Table

from lecture_nets.cli.table import empty_sheet, show
from lecture_nets.cli.usage import UsageError
from lecture_nets.inference.speed import COMPILED, ONNXRUNTIME, PLAIN, Speed, forms, speeds
from lecture_nets.names import choose
from lecture_nets.nets import NETS
from lecture_nets.progress import progress


def bench(args: list[str]) -> None:
    """Measure networks as built, optimized, and as torchvision has them."""
    parser = argparse.ArgumentParser(
        "lecture-nets bench",
        description="Measure how many images a second networks classify on this CPU: as they are "
        "built, as lecture_nets.inference.optimize makes them, and as torchvision has them. "
        "OMP_NUM_THREADS=1 in front of the command takes one core.",
    )
    parser.add_argument("nets", nargs="*", metavar="net", help=f"{', '.join(NETS)} (all)")
    parser.add_argument(
        "--image-size", type=int, metavar="N", help="side of the images in pixels (the paper's)"
    )
    parser.add_argument("--batch-size", type=int, default=1, metavar="N", help="default 1")
    parser.add_argument("--rounds", type=int, default=7, metavar="N", help="default 7")
    parser.add_argument(
        "--also",
        nargs="+",
        default=[],
        choices=[COMPILED, ONNXRUNTIME],
        help="compiled takes minutes to prepare; onnxruntime needs the extra export",
    )
    parser.add_argument("--json", action="store_true", help="seconds of each round, for programs")
    given = parser.parse_args(args)
    names = given.nets or list(NETS)
    for name in names:
        choose("network", name, NETS)
    for option in ("batch_size", "rounds"):
        if getattr(given, option) < 1:
            raise UsageError(f"--{option.replace('_', '-')} {getattr(given, option)}: at least 1.")
    runs = speeds(
        names,
        image_size=given.image_size,
        batch_size=given.batch_size,
        rounds=given.rounds,
        also=given.also,
    )
    try:
        measured = list(progress(runs, "running", total=len(forms(names))))
    except ModuleNotFoundError as error:  # the extra
        raise UsageError(str(error)) from None
    if given.json:
        print(json.dumps([dataclasses.asdict(speed) for speed in measured], indent=2))
        return
    show(sheet(measured))
    print(
        f"{given.batch_size} at a time, threads: {torch.get_num_threads()}. In brackets: times as "
        f"fast as {PLAIN}, the median of rounds in turns."
    )


def sheet(measured: list[Speed]) -> Table:
    """One line a network: images a second of each way, and how much that is of the first."""
    ways = list(dict.fromkeys(way for speed in measured for way in speed.seconds))
    table = empty_sheet("Images a second", "network", "image\npx", *ways)
    for speed in measured:
        cells = [in_words(speed, way) if way in speed.seconds else "" for way in ways]
        table.add_row(speed.network, str(speed.image_size), *cells)
    return table


def in_words(speed: Speed, way: str) -> str:
    rate = f"{speed.images_per_second(way):.3g}"
    return rate if way == PLAIN else f"{rate} ({speed.times_as_fast(way):.2f})"
