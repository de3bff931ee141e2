"""Explanations of a prediction: the likely classes, and the part of the image behind each."""

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lecture_nets.visualize.attribution import grad_cam
from lecture_nets.visualize.figures import BLUE, ORANGE, Picture
from lecture_nets.visualize.report import drawable

BARS, MAPS = 5, 2  # the likeliest classes that are shown


def save_explanations(
    module: Any, images: Tensor, probabilities: Tensor, files: Sequence[str], folder: Path
) -> Iterator[Path]:
    """Draw each picture's explanation, write it to ``<name>.explained.png``, yield the path.

    None of the pictures is overwritten, nor one explanation by the next.

    Args:
        module: which knows class names, mean and std.
        images: normalized, (N, 3, H, W).
        probabilities: that the module gives them, (N, K).
        files: where the pictures come from, N.
        folder: made if there is none.

    Raises:
        ModuleNotFoundError: captum is not installed.
        ValueError: the network has no map to look at.
    """
    facts = module.data_facts
    mean, std = (torch.tensor(facts[name]).view(3, 1, 1) for name in ("mean", "std"))
    folder.mkdir(parents=True, exist_ok=True)
    taken = {Path(file).resolve() for file in files}
    for file, image, row in zip(files, images, probabilities, strict=True):
        values, classes = row.topk(min(BARS, len(row)))
        shown = classes[:MAPS]
        maps = grad_cam(module.net, image.expand(len(shown), -1, -1, -1), shown)
        names = [facts["class_names"][index] for index in classes.tolist()]
        pixels = (image * std + mean).clamp(0, 1)
        path = free_path(folder, Path(file).stem, taken)
        taken.add(path.resolve())
        yield draw_explanation(pixels, maps, names, values.tolist()).save(path)


def free_path(folder: Path, stem: str, taken: set[Path]) -> Path:
    """``<stem>.explained.png``, with the first number that makes it none of ``taken``."""
    numbers = itertools.chain([""], (f"-{number}" for number in itertools.count(2)))
    paths = (folder / f"{stem}{number}.explained.png" for number in numbers)
    return next(path for path in paths if path.resolve() not in taken)


def draw_explanation(
    pixels: Tensor, maps: Tensor, class_names: Sequence[str], probabilities: Sequence[float]
) -> Picture:
    """The picture, what speaks for its likeliest classes, and how likely these are.

    Args:
        pixels: (3, H, W) in 0…1, as the network sees the picture.
        maps: (M, H, W) in 0…1, such as of `grad_cam`, for the first M classes.
        class_names: of the likeliest classes, the likeliest first.
        probabilities: of the same.
    """
    _, height, width = pixels.shape
    shares = [f"{share:.1%}" for share in probabilities]
    listed = ", ".join(f"{name} {share}" for name, share in zip(class_names, shares, strict=True))
    places = "; ".join(
        f"what speaks for {name} lies {where(heat)}"
        for name, heat in zip(class_names, maps, strict=False)
    )
    names = drawable(class_names)
    picture = Picture(
        f"Taken for {names[0]}, {shares[0]}",
        alt=f"A picture of {width}x{height} pixels. In it, {places}. Probabilities: {listed}.",
        size=(3.4 * (len(maps) + 2), 4.2),
    )
    photo, *overlays, bars = picture.axes(1, len(maps) + 2)
    photo.imshow(pixels.permute(1, 2, 0).numpy())
    photo.set_title("what the network sees", fontsize=13)
    for axes, name, heat in zip(overlays, names, maps.numpy(), strict=False):
        axes.imshow(pixels.mean(dim=0).numpy(), cmap="gray", vmin=0, vmax=1)
        axes.imshow(heat, cmap="inferno", vmin=0, vmax=1, alpha=0.75 * heat)
        axes.set_title(f"speaks for {name}", fontsize=13)
    for axes in (photo, *overlays):
        axes.axis("off")
    rows = range(len(names))
    drawn = bars.barh(rows, probabilities, color=[ORANGE if i < len(maps) else BLUE for i in rows])
    bars.bar_label(drawn, shares, padding=3, fontsize=11)
    bars.set_yticks(rows, names)
    bars.set(xlim=(0, 1.3), xticks=[])  # room for the words behind a full bar
    bars.spines["bottom"].set_visible(False)
    bars.invert_yaxis()
    return picture


def where(heat: Tensor) -> str:
    """The position of a map's center of gravity in words: (H, W) -> text."""
    if not heat.any():
        return "nowhere"
    y, x = (
        float((torch.linspace(0, 1, len(line)) * line).sum() / line.sum())
        for line in (heat.sum(dim=1), heat.sum(dim=0))
    )
    return f"{x:.0%} from the left and {y:.0%} from the top"
