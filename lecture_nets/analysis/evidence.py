"""Whether a projection marks what matters: the unit's answer when only marked pixels are left.

found = top_patches_of(net, inputs, "conv_3", range(16), k=1)
kept = keep_marked(net, inputs, "conv_3", found, project_patches(net, inputs, "conv_3", found))
kept.marked, kept.chance                  # Interval(mean=0.7, …), Interval(mean=0.2, …)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lecture_nets.analysis.capture import as_maps, capture, device_of
from lecture_nets.analysis.label_noise import Interval, t_interval
from lecture_nets.analysis.patches import Patch
from lecture_nets.nets.layers import evaluating


@dataclass(frozen=True)
class Kept:
    """The share of a unit's answer that is left when most of its patch is gray.

    Attributes:
        marked: with the pixels that the projections mark most, mean over patches.
        chance: with as many pixels of the patch, picked by chance.
    """

    marked: Interval
    chance: Interval


@torch.no_grad()
def keep_marked(
    net: nn.Module,
    images: Tensor,
    layer: str,
    found: Mapping[int, Sequence[Patch]],
    projections: Mapping[int, Tensor],
    *,
    share: float = 0.25,
    seed: int = 0,
) -> Kept:
    """Gray out all but a share of each patch, and ask the unit again.

    Gray is 0, the mean of the training images. Where a projection marks nothing at all, the pixels
    are picked by chance as well.

    Args:
        net: the network; it evaluates, and is left as it was.
        images: normalized, (N, 3, H, W), in which ``found`` was found.
        layer: a name as `find_layer` takes it.
        found: patches of each channel, from `top_patches_of`; silent ones are left out.
        projections: of these, from `project_patches`.
        share: of the patch's pixels that stay.
        seed: of the pixels picked by chance.

    Raises:
        ValueError: fewer than two patches that are not silent.
    """
    generator = torch.Generator().manual_seed(seed)
    patches = [
        (channel, patch, marks)
        for channel, each in found.items()
        for patch, marks in zip(each, projections[channel], strict=True)
        if patch.value > 0
    ]
    kept: dict[str, list[float]] = {"marked": [], "chance": []}
    with evaluating(net), capture(net, [layer]) as captured:
        for channel, patch, marks in patches:
            x0, y0, x1, y1 = patch.box
            shape = (y1 - y0, x1 - x0)
            chance = torch.rand(shape, generator=generator)
            strength = marks.cpu().abs().sum(0)[y0:y1, x0:x1]
            # Chance decides among pixels that are marked alike.
            masks = [largest(strength, chance, share), largest(chance, chance, share)]
            pixels = images[patch.image].repeat(2, 1, 1, 1)
            mask = torch.zeros(2, 1, *pixels.shape[2:])
            mask[:, 0, y0:y1, x0:x1] = torch.stack(masks)
            net((pixels * mask.to(pixels)).to(device_of(net)))
            maps = as_maps(captured[layer], layer)
            answers = maps[:, channel, patch.row, patch.column] / patch.value
            for name, answer in zip(kept, answers.tolist(), strict=True):
                kept[name].append(answer)
    return Kept(**{name: t_interval(values) for name, values in kept.items()})


def largest(values: Tensor, ties: Tensor, share: float) -> Tensor:
    """1 at the largest share of values, else 0; (h, w) -> (h, w)."""
    order = ties.flatten().argsort(descending=True)
    order = order[values.flatten()[order].argsort(descending=True, stable=True)]
    chosen = torch.zeros(values.numel())
    chosen[order[: max(1, round(share * values.numel()))]] = 1
    return chosen.view_as(values)
