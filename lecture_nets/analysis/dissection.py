"""Network dissection: the strongest activations of each unit, compared with true masks.

    data = PartsWorldDataModule(test_size=1000, return_truth=True)
    data.setup("test")
    units = dissect(net, data.test_dataloader())
    count_detectors(units)["conv_5"]      # {"texture": 3, "part": 20, "class": 5}

After Bau et al., "Network Dissection" (CVPR 2017, arXiv 1704.05796), section 2.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lecture_nets.analysis.capture import as_maps, capture, device_of
from lecture_nets.analysis.probes import (
    QUESTIONS,
    Batches,
    main_layers,
    truth_of,
)
from lecture_nets.data.parts_world import CLASS_NAMES, OCCLUDER, PARTS, TEXTURES
from lecture_nets.nets.layers import evaluating
from lecture_nets.progress import progress

CONCEPTS = [(kind, name) for kind, names in QUESTIONS.items() for name in names]


@dataclass(frozen=True)
class UnitMeaning:
    """The concept that one unit fits best.

    Attributes:
        layer: name of the layer.
        unit: which of its channels, from 0.
        kind: ``"texture"``, ``"part"`` or ``"class"``.
        concept: such as ``"bricks"``, ``"wheel"`` or ``"bus"``.
        iou: pixels in both the unit's and the concept's masks, of those in at least one.
    """

    layer: str
    unit: int
    kind: str
    concept: str
    iou: float


@dataclass
class Overlap:
    """The counts of one layer.

    Attributes:
        top: the largest activations of each unit, in falling order, (C, n).
        rest: the smallest activation of each unit, (C,).
        both: pixels where unit and concept meet, (C, concepts).
        area: pixels of each unit, (C,).
    """

    top: Tensor
    rest: Tensor
    both: Tensor
    area: Tensor


@torch.no_grad()
def dissect(
    net: nn.Module,
    batches: Batches,
    layers: Iterable[str] | None = None,
    *,
    quantile: float = 0.02,
) -> tuple[UnitMeaning, ...]:
    """Name each unit after the texture, part or class whose true masks it covers best.

    A unit's mask is where its map, stretched to the images' size (bilinear), reaches the threshold
    that a share ``quantile`` of its activations reach over all images, and is above rest. Masks of
    parts are all in sight, loose ones too; masks of a class are the objects of that class.

    The paper's quantile of 0.005 is for photographs of hundreds of concepts. Here a part fills 0.1
    to 2 % of all pixels, the objects of a class 2 % and a texture 12 %: at 0.005 a perfect texture
    unit would have an IoU of 0.04 and miss the paper's bar. At 0.02 it has 0.16, and a unit that
    fires at random 0.02.

    Args:
        net: any network; it runs in evaluation mode, on its device, and stays as it was.
        batches: of images (N, C, H, W), labels (N,) and truth, as for `probe`; gone through thrice.
        layers: names as `find_layer` takes them; by default all of `main_layers` with places:
            ``fc_6``, or a map of one cell, is strong in whole images and names no part of them.
        quantile: share of a unit's activations that count as strong.

    Returns:
        Each unit of each layer, in order.

    Raises:
        ValueError: there is no such layer, it has no places, the batches hold no truth or can be
            gone through once only, or ``quantile`` is no share.
    """
    if not 0 < quantile < 1:
        raise ValueError(f"dissect: found quantile={quantile}, allowed is a share between 0 and 1.")
    if iter(batches) is batches:
        raise ValueError("dissect: found batches that can be gone through once; pass a list.")
    read_at = main_layers(net) if layers is None else {name: name for name in layers}
    device = device_of(net)
    images = sum(len(batch[0]) for batch in batches)
    counted: dict[str, Overlap] = {}
    concept_area = torch.zeros(len(CONCEPTS), dtype=torch.float64, device=device)
    with evaluating(net), capture(net, read_at.values()) as captured:
        for batch in progress(batches, "Finding thresholds"):
            net(batch[0].to(device))
            for layer, name in list(read_at.items()):
                maps = as_maps(captured[name], layer)
                if maps[0, 0].numel() == 1:
                    if layers is not None:
                        raise ValueError(
                            f"dissect: layer {layer!r} outputs one number per channel, and so has "
                            "no places to compare with masks; choose another, or `probe` it."
                        )
                    del read_at[layer]
                    continue
                values = maps.transpose(0, 1).flatten(1)
                keep = math.ceil(quantile * images * maps.shape[2] * maps.shape[3])
                keep_largest(counted, layer, values, keep)
        for batch in progress(batches, "Comparing masks"):
            net(batch[0].to(device))
            masks = masks_of(batch).to(device)
            concept_area += masks.sum((0, 2, 3))
            for layer, name in read_at.items():
                compare(counted[layer], as_maps(captured[name], layer), masks)
    return tuple(
        unit for layer, each in counted.items() for unit in name_units(layer, each, concept_area)
    )


def count_detectors(units: Iterable[UnitMeaning], bar: float = 0.04) -> dict[str, dict[str, int]]:
    """Units of each layer that fit a concept of each kind with an IoU above the paper's bar."""
    counts: dict[str, Counter[str]] = {}
    for unit in units:
        counts.setdefault(unit.layer, Counter())[unit.kind] += unit.iou > bar
    return {layer: {kind: count[kind] for kind in QUESTIONS} for layer, count in counts.items()}


def keep_largest(counted: dict[str, Overlap], layer: str, values: Tensor, keep: int) -> None:
    """Merge (C, n) new activations of each unit into its ``keep`` largest."""
    if layer not in counted:
        both = values.new_zeros(len(values), len(CONCEPTS), dtype=torch.float64)
        counted[layer] = Overlap(values[:, :0], values.amin(1), both, both[:, 0].clone())
    each = counted[layer]
    all_values = torch.cat((each.top, values), 1)
    each.top = all_values.topk(min(keep, all_values.shape[1])).values
    each.rest = torch.minimum(each.rest, values.amin(1))


def masks_of(batch: Sequence) -> Tensor:
    """True masks of all `CONCEPTS`: (N, concepts, S, S), 0 or 1."""
    truth = truth_of(batch, "dissect")
    parts, texture = truth["parts"][:, None], truth["texture"][:, None]
    of_object = (parts != 0) & (parts != OCCLUDER) & ~truth["loose"][:, None]
    own_class = F.one_hot(torch.as_tensor(batch[1]), len(CLASS_NAMES))[..., None, None].bool()
    kinds = (
        texture == torch.arange(len(TEXTURES)).view(-1, 1, 1),
        parts == torch.arange(1, len(PARTS) + 1).view(-1, 1, 1),
        of_object & own_class,
    )
    return torch.cat(kinds, 1).float()


def compare(each: Overlap, maps: Tensor, masks: Tensor) -> None:
    """Count the pixels of a batch where units are strong, and where they meet concepts."""
    above_rest = each.rest.nextafter(each.rest.new_tensor(math.inf))
    strong_from = torch.maximum(each.top[:, -1], above_rest)[:, None]
    size, pixels = masks.shape[2:], masks.flatten(2)
    # Image by image: all at once would take gigabytes in wide layers.
    for image, concepts in zip(maps, pixels, strict=True):
        stretched = F.interpolate(image[None], size, mode="bilinear", align_corners=False)
        strong = (stretched[0].flatten(1) >= strong_from).float()
        each.both += strong @ concepts.T
        each.area += strong.sum(1)


def name_units(layer: str, each: Overlap, concept_area: Tensor) -> Iterable[UnitMeaning]:
    union = each.area[:, None] + concept_area - each.both
    best = (each.both / union.clamp(min=1)).max(1)
    for unit, (iou, concept) in enumerate(zip(*map(Tensor.tolist, best), strict=True)):
        yield UnitMeaning(layer, unit, *CONCEPTS[int(concept)], iou)
