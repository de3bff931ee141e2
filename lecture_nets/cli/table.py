"""`lecture-nets table`: reads which networks are asked for, and prints what they cost."""

import argparse
import dataclasses
import inspect
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from jsonargparse import ArgumentParser
from rich import box
from rich.console import Console
from rich.table import Table

from lecture_nets.analysis import Cost, cost
from lecture_nets.cli.usage import UsageError
from lecture_nets.names import choose
from lecture_nets.nets import NETS, Network

EXAMPLES = """\
examples:
  lecture-nets table                                         all networks
  lecture-nets table --net googlenet                         row by row
  lecture-nets table --net googlenet googlenet variant=torchvision aux_heads=false
  lecture-nets table --net inception_v2 stem=7x7 num_factorized=4 --json

--json prints a list with one object a network: network, options, image_size, min_size, and all of
lecture_nets.analysis.Cost (whose rows are of RowCost) under the names it has there."""
WIDE = 200  # where the output is no terminal, nothing folds


@dataclass(frozen=True)
class Entry:
    """A network as it was asked for, and what it costs."""

    name: str
    options: dict[str, str]
    net: Network
    image_size: int
    cost: Cost

    @property
    def words(self) -> list[str]:
        """The words after ``--net`` that ask for it."""
        return [self.name, *(f"{option}={value}" for option, value in self.options.items())]


def table(args: list[str]) -> None:
    """Print the costs of some networks, or the rows of a single one."""
    parser = argparse.ArgumentParser(
        "lecture-nets table",
        description="Count parameters, MACs, depth, paths and receptive field.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--net",
        nargs="+",
        action="extend",
        metavar=("NAME", "OPTION=VALUE"),
        help=f"networks, each with any options of its own behind it: {', '.join(NETS)}",
    )
    parser.add_argument(
        "--image-size", type=int, metavar="N", help="side of the images in pixels (the paper's)"
    )
    parser.add_argument("--json", action="store_true", help="exact numbers for programs")
    given = parser.parse_args(args)
    entries = [
        count(name, options, given.image_size) for name, options in asked_for(given.net or NETS)
    ]
    if given.json:
        print(json.dumps([as_json(entry) for entry in entries], indent=2))
        return
    sheet = rows_sheet(entries[0]) if len(entries) == 1 else overview(entries)
    show(sheet)


def asked_for(words: Iterable[str]) -> list[tuple[str, dict[str, str]]]:
    """``["alexnet", "variant=2014", "zfnet"]`` -> ``[("alexnet", {"variant": "2014"}), …]``."""
    asked: list[tuple[str, dict[str, str]]] = []
    for word in words:
        option, is_option, value = word.partition("=")
        if not is_option:
            asked.append((word, {}))
        elif asked:
            asked[-1][1][option] = value
        else:
            raise UsageError(f"--net {word}: the network comes first, then its options.")
    return asked


def count(name: str, options: dict[str, str], image_size: int | None) -> Entry:
    net = build(name, options)
    size = net.paper_size if image_size is None else image_size
    return Entry(name, options, net, size, cost(net, size))


def build(name: str, options: dict[str, str]) -> Network:
    """The network without values, its options read by the types in its signature."""
    choose("network", name, NETS)
    known = inspect.signature(NETS[name]).parameters
    for option in options:
        choose(f"option of {name}", option, known)
    reader = ArgumentParser(exit_on_error=False)
    reader.add_class_arguments(NETS[name])
    try:
        values = reader.parse_args([f"--{option}={value}" for option, value in options.items()])
    except argparse.ArgumentError as error:
        raise UsageError(f"{name}: {' '.join(str(error).split())}") from None
    with torch.device("meta"):
        return NETS[name](**vars(values))


def as_json(entry: Entry) -> dict[str, object]:
    return {
        "network": entry.name,
        "options": entry.options,
        "image_size": entry.image_size,
        "min_size": entry.net.min_size,
        **dataclasses.asdict(entry.cost),
    }


def show(sheet: Table) -> None:
    """Print a sheet, as wide as it needs where the output is no terminal."""
    Console(width=None if sys.stdout.isatty() else WIDE).print(sheet)


def empty_sheet(title: str, *columns: str, caption: str | None = None) -> Table:
    """A sheet whose first column may fold and whose numbers never do."""
    sheet = Table(
        title=title,
        caption=caption,
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        show_edge=False,
    )
    name, *numbers = columns
    sheet.add_column(name, overflow="fold")
    for column in numbers:
        sheet.add_column(column, justify="right", no_wrap=True)
    return sheet


def overview(entries: list[Entry]) -> Table:
    """One line a network."""
    sheet = empty_sheet(
        "The networks of the lecture, and one that answers its last question",
        *("network", "image\npx", "parameters", "aux\nheads", "MACs", "depth"),
        *("recep-\ntive\nfield", "min\npx"),
        caption="1000 classes if not asked otherwise. Auxiliary heads are not in parameters, MACs "
        "or depth. MACs: multiply-accumulate operations. Receptive field: of the trunk's last map, "
        "in pixels. Min: smallest image.",
    )
    for entry in entries:
        counted = entry.cost
        numbers = (
            entry.image_size,
            counted.parameters,
            counted.aux_parameters,
            counted.macs,
            counted.depth,
            counted.receptive_field,
            entry.net.min_size,
        )
        sheet.add_row("\n  ".join(entry.words), *(f"{number:,}" for number in numbers))
    return sheet


def rows_sheet(entry: Entry) -> Table:
    """One line a row of the network's table, and the totals."""
    counted = entry.cost
    sheet = empty_sheet(
        f"{' '.join(entry.words)}, {entry.image_size} px",
        *("row", "output", "parameters", "MACs", "depth", "paths", "recep-\ntive\nfield"),
        caption="Parameters, MACs (multiply-accumulate operations) and depth add up, paths "
        "multiply. Receptive field: so far, in pixels."
        + " Auxiliary heads are not in the total."
        * bool(entry.net.aux_heads),
    )
    for row in counted.rows:
        sheet.add_row(
            "  aux head" if row.aux_head else row.name,
            "x".join(map(str, row.output)),
            *(f"{number:,}" for number in (row.parameters, row.macs, row.depth, row.paths)),
            "all" if row.receptive_field is None else f"{row.receptive_field:,}",
            style="dim" if row.aux_head else None,
        )
    sheet.add_section()
    totals = (counted.parameters, counted.macs, counted.depth, counted.paths)
    sheet.add_row("total", "", *(f"{number:,}" for number in totals), "", style="bold")
    return sheet
