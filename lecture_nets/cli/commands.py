"""The commands of the shell: `lecture-nets fit | validate | test | report | …`."""

import errno
import sys
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from typing import NamedTuple

from lecture_nets import __version__
from lecture_nets.cli.usage import UsageError, printable
from lecture_nets.names import UnknownNameError, choose


class Command(NamedTuple):
    """A command: its function, imported when it is asked for, and what it does."""

    function: str
    summary: str


COMMANDS = {
    "fit": Command("lightning.run", "train a network, test it, and write a report"),
    "validate": Command("lightning.run", "measure a checkpoint on the validation images"),
    "test": Command("lightning.run", "measure a checkpoint on the test images"),
    "report": Command("report.report", "write the report of a run again: lecture-nets report RUN"),
    "predict": Command(
        "predict.predict",
        "classify images of yours: lecture-nets predict CHECKPOINT IMAGE [IMAGE ...]",
    ),
    "table": Command(
        "table.table", "what networks cost: parameters, MACs, depth, row by row if asked"
    ),
    "bench": Command(
        "bench.bench", "how many images a second, beside torchvision: lecture-nets bench [NET ...]"
    ),
    "ladder": Command(
        "ladder.ladder", "train networks alike and draw their errors: lecture-nets ladder [NET ...]"
    ),
    "check-data": Command(
        "check_data.check_data",
        "look at photos before a training does: lecture-nets check-data ROOT",
    ),
    "export": Command(
        "export.export", "write ONNX or torch.export: lecture-nets export CHECKPOINT FILE"
    ),
    "explorer": Command(
        "explorer.explorer",
        "write the data of the architecture explorer: lecture-nets explorer FOLDER",
    ),
    "student": Command(
        "student.student", "write a notebook without its solutions: lecture-nets student NOTEBOOK"
    ),
}
USAGE = """\
usage: lecture-nets COMMAND [options]

{commands}

lecture-nets COMMAND --help tells the options of a command. For example:

  lecture-nets fit --model InceptionV3Module --model.width 0.25 --data PartsWorldDataModule
"""
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# What the exit code says, beside 0.
BAD_USAGE, BAD_DATA, BAD_CHECKPOINT, NOT_FINITE, INTERRUPTED = 2, 3, 4, 5, 130


def main(args: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    args = sys.argv[1:] if args is None else args
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # an ASCII terminal ends no training
    name, rest = (args[0], args[1:]) if args else ("--help", [])
    if name in ("-h", "--help"):
        lines = (f"  {name:<10} {command.summary}" for name, command in COMMANDS.items())
        print(USAGE.format(commands="\n".join(lines)))
        return 0
    if name == "--version":
        print(f"lecture-nets {__version__}")
        return 0
    try:
        command = choose("command", name, COMMANDS)
        file, function = command.function.split(".")
        run = getattr(import_module(f"lecture_nets.cli.{file}"), function)
        run(args if file == "lightning" else rest)
    except KeyboardInterrupt:
        print("lecture-nets: stopped by Ctrl+C", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:
        code = exit_code(error)
        if code is None:
            raise
        said = "\n".join(map(printable, str(error).splitlines()))
        if isinstance(error, OSError) and error.errno in NO_ROOM and error.filename is None:
            said = (
                f"{error.strerror}: nothing more can be written below {Path.cwd()}. What was whole "
                "is whole. Make room (df -h, ulimit -f, quota), or start in another folder."
            )
        print(f"lecture-nets: error: {said}", file=sys.stderr)
        return code
    return 0


def exit_code(error: Exception) -> int | None:
    """The exit code for an error of ours, or of the user's input; ``None`` for a bug."""
    if isinstance(error, UsageError | UnknownNameError):
        return BAD_USAGE
    from lightning.fabric.utilities.exceptions import MisconfigurationException

    from lecture_nets.checkpoints import CheckpointError
    from lecture_nets.training import NonFiniteError

    for kind, code in (
        (MisconfigurationException, BAD_USAGE),
        (CheckpointError, BAD_CHECKPOINT),
        (NonFiniteError, NOT_FINITE),
        ((ValueError, TypeError, OSError), BAD_DATA),
    ):
        if isinstance(error, kind):
            return code
    return None
