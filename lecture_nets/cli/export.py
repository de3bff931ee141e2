"""`lecture-nets export CHECKPOINT FILE`: one file that needs nothing of this package."""

import argparse

from lecture_nets import inference
from lecture_nets.cli.usage import UsageError, check_positive, printable
from lecture_nets.inference.export import INPUT, OUTPUT
from lecture_nets.training import load
from lecture_nets.training.quiet import quiet_lightning


@quiet_lightning()
def export(args: list[str]) -> None:
    """Write the network of a checkpoint as ONNX or torch.export, and check what was written."""
    parser = argparse.ArgumentParser(
        "lecture-nets export",
        description="Write a trained network for use without this package, and compare the file's "
        "logits with the network's.",
    )
    parser.add_argument("checkpoint", help="a .ckpt file, or a folder of save_pretrained")
    parser.add_argument("file", help="NAME.onnx for ONNX, NAME.pt2 for torch.export")
    parser.add_argument(
        "--image-size", type=int, metavar="N", help="side of the images in pixels (the training's)"
    )
    given = parser.parse_args(args)
    check_positive("--image-size", given.image_size)
    try:
        written = inference.export(load(given.checkpoint), given.file, given.image_size)
    except ModuleNotFoundError as error:  # the extra
        raise UsageError(str(error)) from None
    facts = written.facts
    side, channels = facts["image_size"], facts["in_channels"]
    classes = ", ".join(map(printable, facts.get("class_names", []))) or "without names"
    print(f"file:       {written.path} ({written.path.stat().st_size:,} bytes)")
    print(f"takes:      {INPUT}, float32 N x {channels} x {side} x {side}, normalized")
    print(f"gives:      {OUTPUT}, float32 N x {facts['num_classes']}: {classes}")
    print(f"difference: {written.difference:.0e} of the largest logit, at most")
