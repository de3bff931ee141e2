"""Activation maximization: the image that drives a unit most, found by gradients.

    picture = maximize_activation(net, "conv_3:17", mean=data.mean, std=data.std)
    picture                   # (3, 128, 128), 0…1

What one may ask for: `lecture_nets.visualize.objectives`. How pictures stay readable:
`lecture_nets.visualize.fourier`. What one may conclude: the unit answers to such a picture; it may
answer to others as well.
"""

import sys
from collections.abc import Mapping, Sequence

import torch
from rich.progress import track
from torch import Tensor, nn

from lecture_nets.analysis.capture import device_of, out_of_place
from lecture_nets.data.base import IMAGENET_MEAN, IMAGENET_STD
from lecture_nets.nets.layers import evaluating
from lecture_nets.visualize.figures import Picture
from lecture_nets.visualize.fourier import random_spectrum, random_view, to_pixels
from lecture_nets.visualize.grid import draw_grid
from lecture_nets.visualize.objectives import Objective, capture_output, read_objective, values

AT_ONCE = 16  # pictures
LEARNING_RATE = 0.05  # Lucid's


def maximize_activation(
    net: nn.Module,
    objective: str,
    *,
    image_size: int = 128,
    steps: int = 64,
    seed: int = 0,
    mean: Sequence[float] = IMAGENET_MEAN,
    std: Sequence[float] = IMAGENET_STD,
) -> Tensor:
    """The picture that drives one objective most: (3, H, W), 0…1; see `maximize_activations`."""
    return maximize_activations(
        net, [objective], image_size=image_size, steps=steps, seed=seed, mean=mean, std=std
    )[0]


def maximize_activations(
    net: nn.Module,
    objectives: Sequence[str],
    *,
    image_size: int = 128,
    steps: int = 64,
    seed: int = 0,
    mean: Sequence[float] = IMAGENET_MEAN,
    std: Sequence[float] = IMAGENET_STD,
) -> Tensor:
    """The picture that drives each objective most: (number of objectives, 3, H, W), 0…1.

    All start from the same noise and are seen in the same views, so they differ by what they were
    asked for alone. Objectives of one layer run together, and no further than that layer.

    Args:
        net: any network of RGB images; it evaluates, and is left as it was.
        objectives: such as ``"conv_3:17"`` or ``"class:5"``, at least one.
        image_size: side of the pictures, in pixels.
        steps: of Adam.
        seed: of the noise that they start from, and of the views.
        mean: of each color, for pixels in 0…1, as the network's data is normalized.
        std: likewise the standard deviation.

    Raises:
        ValueError: an objective that cannot be read; no such layer, channel, unit or class; images
            too small for the network; an objective that no gradient leads to.
    """
    for option, found in dict(
        objectives=len(objectives), image_size=image_size, steps=steps
    ).items():
        if found < 1:
            raise ValueError(f"maximize_activations: {option} is {found}, allowed is 1 or more.")
    read = {name: read_objective(name) for name in objectives}
    device = device_of(net)
    dtype = next((weight.dtype for weight in net.parameters()), torch.float32)
    pictures: dict[str, Tensor] = {}
    with evaluating(net, gradients=True), out_of_place(net):
        shift, scale = (torch.tensor(x, device=device).view(3, 1, 1) for x in (mean, std))

        def answers(batch: Sequence[str], pixels: Tensor) -> Tensor:
            """The output of the layer that all objectives of the batch are about."""
            return capture_output(net, read[batch[0]], ((pixels - shift) / scale).to(dtype))

        batches = in_batches(read)
        gray = torch.full((1, 3, image_size, image_size), 0.5, device=device)
        for batch in batches:  # mistakes come to light before the work begins
            maps = answers(batch, gray)
            for name in batch:
                read[name].check(maps)
        for batch in batches:
            generator = torch.Generator().manual_seed(seed)
            start = random_spectrum(image_size, generator).to(device)
            spectrum = start.repeat(len(batch), 1, 1, 1, 1).requires_grad_()
            # Gradients of an untrained network are so small that Adam's usual eps would hide them.
            adam = torch.optim.Adam([spectrum], lr=LEARNING_RATE, eps=1e-16)
            bar = f"Drawing {batch[0]}" + (f" to {batch[-1]}" if batch[1:] else "")
            for _ in track(range(steps), bar, transient=True, disable=not sys.stdout.isatty()):
                maps = answers(batch, random_view(to_pixels(spectrum), generator))
                reached = values([read[name] for name in batch], maps)
                spectrum.grad = gradient(reached, spectrum, batch)
                adam.step()
            pictures |= zip(batch, to_pixels(spectrum.detach()), strict=True)
    return torch.stack([pictures[name] for name in objectives])


def in_batches(read: Mapping[str, Objective]) -> list[list[str]]:
    """Names that are about the same layer, not too many at once."""
    groups: dict[tuple[str, bool], list[str]] = {}
    for name, objective in read.items():
        groups.setdefault((objective.layer, bool(objective.unit)), []).append(name)
    return [
        names[first : first + AT_ONCE]
        for names in groups.values()
        for first in range(0, len(names), AT_ONCE)
    ]


def gradient(reached: Tensor, spectrum: Tensor, names: Sequence[str]) -> Tensor:
    """The way down from minus what is reached, (N,), to the waves of each picture.

    Raises:
        ValueError: no way leads there from one of them.
    """
    found = None
    if reached.requires_grad:
        (found,) = torch.autograd.grad(-reached.sum(), spectrum, allow_unused=True)
    if found is None:
        raise ValueError(
            f"objective {names[0]!r}: the network lets no gradient through to its pixels, as the "
            "codebook of a ShallowSVM; name a layer in front of that."
        )
    for name, own in zip(names, found, strict=True):
        if not own.isfinite().all() or not own.any():
            kind = "no gradient" if own.isfinite().all() else "an infinite gradient"
            raise ValueError(
                f"objective {name!r}: {kind} arrives at the pixels, because ReLUs on the way are "
                "shut or values are not finite; take another seed, or the convolution in front."
            )
    return found


def draw_activations(
    pictures: Tensor, objectives: Sequence[str], *, title: str = "What drives each unit most"
) -> Picture:
    """Pictures of `maximize_activations`, each below the name of its objective.

    Args:
        pictures: (N, 3, H, W), 0…1.
        objectives: their names, or better ones: N of them.
        title: of the whole.
    """
    return draw_grid(
        pictures,
        objectives,
        title=title,
        alt="Pictures found by gradients; each drives one objective most: "
        f"{', '.join(objectives)}.",
    )
