"""How much faster is a network that is only used? Writes docs/results/inference.json.

    python tests/benchmarks/inference.py                # all, about 15 minutes on one core
    python tests/benchmarks/inference.py alexnet        # measures this one again

One thread, one image at a time, as many pixels as in the paper; all ways in turns in one process.
Also writes the table of docs/inference.md. Nothing else should run meanwhile.
"""

import json
import platform
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from lecture_nets.inference.speed import (
    COMPILED,
    ONNXRUNTIME,
    OPTIMIZED,
    PLAIN,
    TORCHVISION,
    Speed,
    speeds,
)
from lecture_nets.nets import NETS

DOCS = Path(__file__).parents[2] / "docs"
RESULTS, PAGE = DOCS / "results" / "inference.json", DOCS / "inference.md"
BEGIN, END = "<!-- tests/benchmarks/inference.py writes this table -->", "<!-- its end -->"
ROUNDS = 15
WAYS = (OPTIMIZED, COMPILED, ONNXRUNTIME, TORCHVISION)


def row_of(speed: Speed) -> dict[str, Any]:
    """Images a second as built, and how many times as many each other way gives."""
    ways = [way for way in WAYS if way in speed.seconds]
    row: dict[str, Any] = {
        "network": speed.network,
        "image_size": speed.image_size,
        "images_per_second": float(f"{speed.images_per_second(PLAIN):.3g}"),
        **{way: round(speed.times_as_fast(way), 2) for way in ways},
    }
    if TORCHVISION in ways:
        row["optimized_to_torchvision"] = round(speed.times_as_fast(OPTIMIZED, TORCHVISION), 2)
    return row


def table(record: dict[str, Any]) -> str:
    """The record as a table in Markdown; bare numbers are times as fast as the network as built."""
    lines = [
        "| network | px | images/s | " + " | ".join(WAYS) + " |",
        "| --- " * (3 + len(WAYS)) + "|",
    ]
    for row in record["networks"]:
        cells = [row["network"], row["image_size"], row["images_per_second"]]
        cells += [f"{row[way]:.2f}×" if way in row else "" for way in WAYS]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def fill_page(record: dict[str, Any]) -> None:
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n\n{table(record)}\n\n{END}{after}", "utf-8")


def main() -> None:
    torch.set_num_threads(1)
    known = json.loads(RESULTS.read_text())["networks"] if RESULTS.exists() else []
    rows = {row["network"]: row for row in known}
    for speed in speeds(sys.argv[1:] or NETS, rounds=ROUNDS, also=(COMPILED, ONNXRUNTIME)):
        rows[speed.network] = row_of(speed)
        print(rows[speed.network], flush=True)
        record = {
            "command": "python tests/benchmarks/inference.py",
            "measured": "images a second of the network as built, one image at a time; then times "
            f"as fast as that, the median of {ROUNDS} rounds in turns",
            "machine": f"{platform.machine()}, {torch.get_num_threads()} threads",
            **{name: version(name) for name in ("torch", "torchvision", "onnxruntime")},
            # In the order of the lecture, whichever were measured again.
            "networks": sorted(rows.values(), key=lambda row: place(row["network"])),
        }
        RESULTS.write_text(json.dumps(record, indent=2) + "\n")
        if PAGE.exists():
            fill_page(record)


def place(words: str) -> tuple[int, str]:
    return list(NETS).index(words.split()[0]), words


if __name__ == "__main__":
    main()
