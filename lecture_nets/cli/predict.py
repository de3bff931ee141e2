"""`lecture-nets predict CHECKPOINT IMAGE [IMAGE ...]`: the likeliest classes of each image."""

import argparse
from pathlib import Path

import torch

from lecture_nets.checkpoints import CheckpointError
from lecture_nets.cli.usage import UsageError, check_positive, printable
from lecture_nets.data.image_files import load_image
from lecture_nets.training import load
from lecture_nets.training.quiet import quiet_lightning


@quiet_lightning()
def predict(args: list[str]) -> None:
    """Print the five likeliest classes of each image."""
    parser = argparse.ArgumentParser(
        "lecture-nets predict", description="Classify images by a checkpoint of yours."
    )
    parser.add_argument("checkpoint", help="a .ckpt file, or a folder of save_pretrained")
    parser.add_argument("images", nargs="+", metavar="image", help="JPEG, PNG, WebP, …")
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
    check_positive("--top", options.top)
    module = load(options.checkpoint).eval().cpu()
    names = module.data_facts.get("class_names")
    if not names:
        raise CheckpointError(
            f"{options.checkpoint} does not say what its classes are called: it was trained on "
            "loaders, not on a data module. Use module.predict_step in Python."
        )
    batch = torch.stack([module.preprocess(load_image(path)) for path in options.images])
    with torch.inference_mode():
        probabilities = module(batch).softmax(dim=1)
    likeliest = probabilities.topk(min(options.top, module.num_classes))
    for path, values, indices in zip(options.images, *likeliest, strict=True):
        print(printable(path))
        for value, index in zip(values.tolist(), indices.tolist(), strict=True):
            print(f"  {value:6.1%}  {printable(names[index])}")
    if options.explain:
        from lecture_nets.visualize.explain import save_explanations

        folder = options.output or Path()
        try:
            for path in save_explanations(module, batch, probabilities, options.images, folder):
                print(f"explained: {path}")
        except ModuleNotFoundError as error:  # captum
            raise UsageError(str(error)) from None
