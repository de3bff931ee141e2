"""What can I do from the shell? `lecture-nets fit | validate | test | report | …`"""

import sys
import warnings
from pathlib import Path

from lecture_nets import __version__
from lecture_nets.usage import UsageError, check_known, unknown

USAGE = """\
usage: lecture-nets COMMAND [options]

  fit        train a network, test it, and write a report
  validate   measure a checkpoint on the validation images
  test       measure a checkpoint on the test images
  report     write the report of a run again: lecture-nets report RUN
  predict    name what is on pictures: lecture-nets predict CHECKPOINT PICTURE [PICTURE ...]
  table      what networks cost: parameters, multiply-adds, depth, row by row if asked
  bench      how many images a second, beside torchvision: lecture-nets bench [NET ...]
  ladder     train networks alike and draw their errors: lecture-nets ladder [NET ...]
  check-data look at photos before a training does: lecture-nets check-data ROOT
  export     write ONNX or torch.export: lecture-nets export CHECKPOINT FILE
  explorer   write the data of the architecture explorer: lecture-nets explorer FOLDER
  student    write a notebook without its solutions: lecture-nets student NOTEBOOK

lecture-nets COMMAND --help tells the options of a command. For example:

  lecture-nets fit --model InceptionV3Module --model.width 0.25 --data PartsWorldDataModule
"""
# What the exit code says, beside 0.
BAD_USAGE, BAD_DATA, BAD_CHECKPOINT, NOT_FINITE = 2, 3, 4, 5


def main(args: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    args = sys.argv[1:] if args is None else args
    command, rest = (args[0], args[1:]) if args else ("--help", [])
    if command in ("-h", "--help"):
        print(USAGE)
        return 0
    if command == "--version":
        print(f"lecture-nets {__version__}")
        return 0
    commands = {
        "report": report,
        "predict": predict,
        "table": table,
        "bench": bench,
        "ladder": ladder,
        "check-data": check_data,
        "export": export,
        "explorer": explorer,
        "student": student,
        **dict.fromkeys(("fit", "validate", "test"), lambda _: run_lightning(args)),
    }
    if command not in commands:
        return complain(unknown("command", command, commands), BAD_USAGE)
    try:
        commands[command](rest)
    except Exception as error:
        code = exit_code(error)
        if code is None:
            raise
        return complain(str(error), code)
    return 0


def complain(message: str, code: int) -> int:
    print(f"lecture-nets: error: {message}", file=sys.stderr)
    return code


def exit_code(error: Exception) -> int | None:
    """What an error of ours, or of the user's input, is worth; ``None`` for a bug."""
    from lecture_nets.training import CheckpointError, NonFiniteError

    for kind, code in (
        (CheckpointError, BAD_CHECKPOINT),
        (NonFiniteError, NOT_FINITE),
        (UsageError, BAD_USAGE),
        ((ValueError, TypeError, OSError), BAD_DATA),
    ):
        if isinstance(error, kind):
            return code
    return None


def quiet_lightning() -> None:
    """Leave out what no user can act on: advertisements, and warnings about Lightning itself."""
    import logging

    for name in ("lightning.pytorch.utilities.rank_zero", "lightning.pytorch"):
        logging.getLogger(name).addFilter(lambda record: "💡 Tip" not in record.getMessage())
    warnings.filterwarnings("ignore", ".*LeafSpec.*", FutureWarning)
    warnings.filterwarnings("ignore", ".*LightningCLI's args parameter.*")
    warnings.filterwarnings("ignore", ".*does not have many workers.*")


def check_short_names(args: list[str]) -> None:
    """Meet unknown short names of modules and data here: jsonargparse's answer is a page long."""
    from lecture_nets import data
    from lecture_nets.training import MODULES

    known = {
        "model": list(MODULES),
        "data": [name for name in vars(data) if name.endswith("DataModule")],
    }
    known["data"].remove("ImageDataModule")
    for flag, value in zip(args, [*args[1:], ""], strict=True):
        name, equals, given = flag.partition("=")
        kind = name.removeprefix("--")
        value = given if equals else value
        is_short_name = kind in known and name.startswith("--") and value.isidentifier()
        if is_short_name:
            check_known(kind, value, known[kind])


def run_lightning(args: list[str]) -> None:
    """`fit`, `validate` and `test`, by Lightning's own command line."""
    quiet_lightning()
    check_short_names(args)
    from lecture_nets.lightning_cli import LectureCLI

    LectureCLI.run(args)


def predict(args: list[str]) -> None:
    """Print the five likeliest classes of each picture."""
    import argparse

    parser = argparse.ArgumentParser(
        "lecture-nets predict", description="Name what is on pictures, by a checkpoint of yours."
    )
    parser.add_argument("checkpoint", help="a .ckpt file, or a folder of save_pretrained")
    parser.add_argument("pictures", nargs="+", metavar="picture", help="JPEG, PNG, WebP, …")
    parser.add_argument("--top", type=int, default=5, help="classes to print (default 5)")
    parser.add_argument(
        "--explain",
        action="store_true",
        help="draw what speaks for the likeliest two classes (Grad-CAM): NAME.explained.png",
    )
    parser.add_argument(
        "--output", type=Path, metavar="FOLDER", help="of --explain (default: the current folder)"
    )
    options = parser.parse_args(args)
    if options.output and not options.explain:
        raise UsageError("--output says where --explain writes, and --explain was not given.")
    quiet_lightning()
    import torch

    from lecture_nets.data.image_files import load_image
    from lecture_nets.training import CheckpointError, load

    module = load(options.checkpoint).eval().cpu()
    names = module.data_facts.get("class_names")
    if not names:
        raise CheckpointError(
            f"{options.checkpoint} does not say what its classes are called: it was trained on "
            "loaders, not on a data module. Use module.predict_step in Python."
        )
    batch = torch.stack([module.preprocess(load_image(path)) for path in options.pictures])
    with torch.inference_mode():
        probabilities = module(batch).softmax(dim=1)
    likeliest = probabilities.topk(min(options.top, module.num_classes))
    for path, values, indices in zip(options.pictures, *likeliest, strict=True):
        print(path)
        for value, index in zip(values.tolist(), indices.tolist(), strict=True):
            print(f"  {value:6.1%}  {names[index]}")
    if options.explain:
        from lecture_nets.visualize.explain import save_explanations

        folder = options.output or Path()
        try:
            for path in save_explanations(module, batch, probabilities, options.pictures, folder):
                print(f"explained: {path}")
        except ModuleNotFoundError as error:  # captum
            raise UsageError(str(error)) from None


def report(args: list[str]) -> None:
    """Write the page of a run."""
    quiet_lightning()
    from lecture_nets import report

    report.report(args)


def table(args: list[str]) -> None:
    """Print what the networks cost."""
    from lecture_nets import cost_table

    cost_table.table(args)


def explorer(args: list[str]) -> None:
    """Write what the page of docs/explorer knows about the networks."""
    import argparse

    parser = argparse.ArgumentParser(
        "lecture-nets explorer",
        description="Write networks.js, the data of the architecture explorer (docs/explorer).",
    )
    parser.add_argument("folder", type=Path, help="where the explorer's index.html lies")
    options = parser.parse_args(args)
    from lecture_nets.analysis.blueprint import write_networks

    print(write_networks(options.folder))


def bench(args: list[str]) -> None:
    """Measure the networks' speed."""
    from lecture_nets.commands.bench import bench

    bench(args)


def ladder(args: list[str]) -> None:
    """Train networks alike, and draw their errors."""
    quiet_lightning()
    from lecture_nets.commands.ladder import ladder

    ladder(args)


def check_data(args: list[str]) -> None:
    """Look at a folder of photos."""
    from lecture_nets.commands.check_data import check_data

    check_data(args)


def export(args: list[str]) -> None:
    """Write a network for use elsewhere."""
    quiet_lightning()
    from lecture_nets.commands.export import export

    export(args)


def student(args: list[str]) -> None:
    """Write a notebook's student edition."""
    from lecture_nets import student

    student.student(args)


if __name__ == "__main__":
    sys.exit(main())
