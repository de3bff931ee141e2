"""The time of building Inception V3 beside torchvision's, both with their start values.

    python tests/benchmarks/construction.py [--rounds 15]

Builds the two in turns in one process and writes medians and their ratio to
docs/results/construction.json.
"""

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
import torchvision

from lecture_nets.nets import InceptionV3

RESULTS = Path(__file__).parents[2] / "docs" / "results" / "construction.json"


def seconds(build: Callable[[], object]) -> float:
    start = time.perf_counter()
    build()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds

    def theirs() -> object:
        return torchvision.models.inception_v3(weights=None, init_weights=True)

    first = seconds(InceptionV3)
    theirs()
    pairs = [(seconds(InceptionV3), seconds(theirs)) for _ in range(rounds)]
    result = {
        "command": f"python tests/benchmarks/construction.py --rounds {rounds}",
        "machine": f"{platform.machine()}, {torch.get_num_threads()} threads",
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "first_seconds": round(first, 4),
        "ours_seconds": round(statistics.median(ours for ours, _ in pairs), 4),
        "torchvision_seconds": round(statistics.median(theirs for _, theirs in pairs), 4),
        "ratio": round(statistics.median(ours / theirs for ours, theirs in pairs), 3),
    }
    RESULTS.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
