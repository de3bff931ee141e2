"""The folder of a training run: claimed, written, and read again."""

import csv
import json
import platform
import subprocess
from argparse import ArgumentError
from contextlib import suppress
from datetime import datetime
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import Any

import yaml
from jsonargparse import ArgumentParser

from lecture_nets.checkpoints import explained, newest
from lecture_nets.data.base import ImageDataModule
from lecture_nets.training import load

# Lightning writes the first three, `write_record` the last.
METRICS, CONFIG, BEST, RECORD = "metrics.csv", "config.yaml", "checkpoints/best.ckpt", "run.json"
PACKAGES = ("lecture-nets", "torch", "torchvision", "lightning", "torchmetrics", "timm", "numpy")
ROOT = Path(__file__).parents[1]


def claim(folder: Path, stem: str) -> str:
    """Make ``folder/stem-1``, or the first number that is free, and return its name.

    Made, not looked for: of runs started in the same moment each gets one of its own.

    Raises:
        OSError: nothing can be written there; says what to do.
    """
    with explained(folder, 1):
        folder.mkdir(parents=True, exist_ok=True)
        for number in count(1):
            with suppress(FileExistsError):
                (folder / f"{stem}-{number}").mkdir()
                return f"{stem}-{number}"
    raise AssertionError("count has no end")


def read_curves(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """The metrics as ``{name: [(epoch, value), …]}``, epochs from 0.

    Raises:
        ValueError: the file is another one, or holds none.
        OSError: there is no such file.
    """
    file = folder / METRICS
    curves: dict[str, list[tuple[int, float]]] = {}
    with file.open(newline="") as lines:
        try:
            for row in csv.DictReader(lines):
                for name, value in row.items():
                    if value and name not in ("epoch", "step"):
                        curves.setdefault(name, []).append((int(row["epoch"]), float(value)))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{file} is no metrics file of Lightning: {error!r}.") from None
    if not curves:
        raise ValueError(f"{file} is empty: no epoch was finished.")
    return curves


def load_best(folder: Path) -> Any:
    """The module of the best checkpoint or, where none has that name, of the newest good one.

    Raises:
        CheckpointError: the file is damaged, or not of this package.
        OSError: there is none.
    """
    best = folder / BEST
    found = newest(best.parent)
    return load(best if best.exists() or found == "none" else found)


def build_data(config: str) -> ImageDataModule:
    """The data module that a configuration names.

    Raises:
        ValueError: it names none, or one that cannot be built.
    """
    parser = ArgumentParser(exit_on_error=False)
    parser.add_subclass_arguments(ImageDataModule, "data", required=True)
    try:
        given = parser.parse_object({"data": yaml.safe_load(config)["data"]})
    except (yaml.YAMLError, KeyError, TypeError, ArgumentError) as error:
        raise ValueError(f"{CONFIG} does not say what the data were: {error}") from None
    return parser.instantiate_classes(given)["data"]


def write_record(folder: Path) -> None:
    """Write `circumstances` into ``folder``, when training starts."""
    text = json.dumps(circumstances(), indent=2) + "\n"
    with explained(folder / RECORD, len(text)):
        (folder / RECORD).write_text(text)


def read_record(folder: Path) -> dict[str, str]:
    """The record that `write_record` wrote; of a run without it, what is known now.

    Raises:
        ValueError: the file is damaged.
    """
    if (folder / RECORD).exists():
        try:
            return dict(json.loads((folder / RECORD).read_text()))
        except (ValueError, TypeError) as error:
            raise ValueError(f"{folder / RECORD} is damaged ({error}). Delete it.") from None
    known = [folder / name for name in (CONFIG, METRICS, BEST) if (folder / name).exists()]
    hour = datetime.fromtimestamp(known[0].stat().st_mtime).astimezone()
    return circumstances() | {
        "started": f"not recorded ({known[0].name} is of {hour.isoformat(' ', 'seconds')})",
        "commit": "not recorded (the versions below are today's)",
    }


def circumstances() -> dict[str, str]:
    """The hour, this package's commit where it is a checkout, and versions, by name."""
    return {
        "started": datetime.now().astimezone().isoformat(" ", "seconds"),
        "commit": commit() or "unknown",
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
        "machine": platform.platform(),
    }


def commit() -> str | None:
    """Of the checkout that this package runs from; ``-dirty`` where files were changed."""
    if not (ROOT / ".git").exists():
        return None
    git = ["git", "--no-optional-locks", "-C", str(ROOT)]
    command = [*git, "describe", "--always", "--dirty", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):  # no git here, or it refuses
        return None
