"""The places in a set of images that drive a channel most, and the patches there.

    found = top_patches(net, images, "conv_3", channel=17)
    found[0]                  # Patch(image=412, row=5, column=7, value=9.1, box=(40, 24, 107, 91))

Image 412 holds the strongest place, and the box says which of its pixels the unit sees.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from lecture_nets.analysis.capture import as_maps, capture, device_of
from lecture_nets.analysis.receptive_boxes import Box, seen_boxes
from lecture_nets.nets.layers import evaluating
from lecture_nets.progress import progress

BATCH = 64
SLOW = 8  # steps, from which on a bar is shown


class Patch(NamedTuple):
    """The place where one image drives a channel most.

    Attributes:
        image: index of the image.
        row: of the unit in the layer's map; 0 in a layer without a map.
        column: likewise.
        value: the unit's activation.
        box: x0, y0, x1, y1 of the pixels that the unit sees, cut off at the image's edges; like a
            slice it ends before x1 and y1.
    """

    image: int
    row: int
    column: int
    value: float
    box: Box


def top_patches(
    net: nn.Module, images: Tensor | Iterable[Any], layer: str, channel: int, k: int = 9
) -> tuple[Patch, ...]:
    """The ``k`` images that drive a channel most, strongest first; see `top_patches_of`."""
    return top_patches_of(net, images, layer, [channel], k)[channel]


def top_patches_of(
    net: nn.Module,
    images: Tensor | Iterable[Any],
    layer: str,
    channels: Sequence[int],
    k: int = 9,
) -> dict[int, tuple[Patch, ...]]:
    """The ``k`` images that drive each channel most, strongest first, in one pass over the images.

    Each image takes part with its strongest position alone, so that one image of many edges does
    not fill all places (arXiv 1311.2901, figure 2).

    Args:
        net: any network; it evaluates, and is left as it was.
        images: normalized, (N, 3, H, W), or batches of them as a loader yields; what else is in a
            batch, such as labels, is left aside. All images have one size.
        layer: a name as `find_layer` takes it.
        channels: of the layer, from 0.
        k: how many; fewer where there are fewer images.

    Raises:
        ValueError: no such layer or channel, no images or of several sizes, ``k`` below 1.
    """
    if k < 1:
        raise ValueError(f"top_patches(k={k}): at least 1 is needed.")
    values, places = [], []
    example, width = None, 1
    with evaluating(net), capture(net, [layer]) as captured:
        for batch in batches_of(images, f"Looking at {layer}"):
            example = batch[0] if example is None else example
            check_shape(batch[0], example)
            net(batch.to(device_of(net)))
            maps = as_maps(captured[layer], layer)
            check_channels(layer, channels, maps.shape[1])
            width = maps.shape[3]
            value, place = maps[:, list(channels)].flatten(2).max(dim=2)
            values.append(value.cpu())
            places.append(place.cpu())
    if example is None:
        raise ValueError("top_patches: got no images; give one or more.")

    # Of equal values the first image comes first.
    strongest, order = torch.cat(values).sort(dim=0, descending=True, stable=True)
    strongest, order = strongest[:k], order[:k]
    chosen = torch.cat(places).gather(0, order)
    units = [divmod(place, width) for place in chosen.unique().tolist()]
    boxes = dict(zip(units, seen_boxes(net, example.to(device_of(net)), layer, units), strict=True))

    def patch(image: int, place: int, value: float) -> Patch:
        row, column = divmod(place, width)
        return Patch(image, row, column, value, boxes[row, column])

    lists = zip(channels, order.T.tolist(), chosen.T.tolist(), strongest.T.tolist(), strict=True)
    return {channel: tuple(map(patch, *columns)) for channel, *columns in lists}


def batches_of(images: Tensor | Iterable[Any], description: str) -> Iterator[Tensor]:
    """The images of each batch, with a bar where it takes long."""
    batches: Any = images
    if isinstance(images, Tensor):
        batches = images.split(BATCH) if len(images) else []
    for batch in progress(batches, description, bar_from=SLOW):
        yield batch if isinstance(batch, Tensor) else batch[0]


def check_channels(layer: str, channels: Iterable[int], found: int) -> None:
    for channel in channels:
        if not 0 <= channel < found:
            raise ValueError(
                f"layer {layer!r} has the channels 0 to {found - 1}, got {channel}; "
                "choose one of them."
            )


def check_shape(image: Tensor, example: Tensor) -> None:
    if image.shape != example.shape:
        raise ValueError(
            f"top_patches: found images of the shapes {tuple(example.shape)} and "
            f"{tuple(image.shape)}; resize them to one size."
        )
