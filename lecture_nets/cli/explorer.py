"""`lecture-nets explorer FOLDER`: the data of the architecture explorer."""

import argparse
from pathlib import Path

from lecture_nets.analysis.blueprint import write_networks


def explorer(args: list[str]) -> None:
    """Write what the page of docs/explorer knows about the networks."""
    parser = argparse.ArgumentParser(
        "lecture-nets explorer",
        description="Write networks.js, the data of the architecture explorer (docs/explorer).",
    )
    parser.add_argument("folder", type=Path, help="where the explorer's index.html lies")
    print(write_networks(parser.parse_args(args).folder))
