"""Attribution: three maps of the pixels that speak for a class, and drawings of them.

All are computed by captum, in evaluation mode. What they can show, and what not: saliency and
Grad-CAM depend on what was learned; guided backpropagation draws the edges of the image almost
whatever the network has learned (arXiv 1810.03292).
"""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from lecture_nets.analysis.capture import capture, device_of, find_layer
from lecture_nets.analysis.receptive_field import centers_of, lay_over
from lecture_nets.analysis.with_captum import captum_on, check_relus, leaf
from lecture_nets.nets.layers import ConvBlock, Residual
from lecture_nets.nets.network import Network
from lecture_nets.visualize.figures import BLUE, Picture

FINE = 7  # positions a side of the coarsest last map in the papers, GoogLeNet's
COLORS = "viridis"  # told apart with any kind of color vision, and without any
COVER = 0.8  # how much of the image the full color hides
FULL = 0.99  # share of the values below full color, so that a few pixels do not pale all others
Classes = Tensor | Sequence[int] | None


def saliency(net: nn.Module, images: Tensor, classes: Classes = None) -> Tensor:
    """Saliency: how strongly each pixel changes a logit: (N, 3, H, W) -> (N, H, W), 0 or more.

    The gradient's magnitude, the largest over the colors (arXiv 1312.6034, section 3.1).

    Args:
        net: any classifier; it is left as it was.
        images: normalized.
        classes: (N,), one for each image; the likeliest if not given.

    Raises:
        ModuleNotFoundError: captum is not installed.
        ValueError: classes that the network does not have, or not one for each image.
    """
    with captum_on(net) as captum:
        images = leaf(images, device_of(net))
        classes = choose_classes(net(images), classes)
        return captum.Saliency(net).attribute(images, classes).amax(dim=1)


def guided_backprop(net: nn.Module, images: Tensor, classes: Classes = None) -> Tensor:
    """The gradient of a logit that only positive influence passes: (N, 3, H, W) -> (N, 3, H, W).

    At each ReLU both what was negative on the way up and what is negative on the way down is left
    out (arXiv 1412.6806, section 3.4). ReLUs that are called as functions keep their own gradient.

    Args:
        net: a classifier of `nn.ReLU`; it is left as it was.
        images: normalized.
        classes: (N,), one for each image; the likeliest if not given.

    Raises:
        ModuleNotFoundError: captum is not installed.
        ValueError: as for `saliency`, or the network has no `nn.ReLU`.
    """
    check_relus(net, "guided_backprop")
    with captum_on(net) as captum:
        images = leaf(images, device_of(net))
        classes = choose_classes(net(images), classes)
        return captum.GuidedBackprop(net).attribute(images, classes)


def grad_cam(
    net: nn.Module, images: Tensor, classes: Classes = None, *, layer: str | None = None
) -> Tensor:
    """Grad-CAM, a coarse map of the evidence for a class: (N, 3, H, W) -> (N, H, W), 0…1.

    The maps of a layer, each weighed by how much it raises the logit on average; what lowers it is
    left out (arXiv 1610.02391, section 3). Enlarged to the images' size, in our networks
    with each unit where it looks; the largest value is 1,
    or all are 0 where nothing raises the logit.

    Args:
        net: any classifier; it is left as it was.
        images: normalized.
        classes: (N,), one for each image; the likeliest if not given.
        layer: a name as `find_layer` takes it; if not given, in our networks the last
            convolution or Inception module with a map of 7x7 or more, for the smallest images with
            more than one position.

    Raises:
        ModuleNotFoundError: captum is not installed.
        ValueError: as for `saliency`; no such layer, one without a map, or none named for a network
            that is not ours.
    """
    with captum_on(net) as captum:
        images = leaf(images, device_of(net))
        layer = last_map(net, images[:1]) if layer is None else layer
        with capture(net, [layer]) as captured:
            classes = choose_classes(net(images), classes)
        if captured[layer].ndim != 4:
            raise ValueError(
                f"grad_cam: layer {layer!r} outputs {tuple(captured[layer].shape[1:])} for an image"
                ", which is no map; name a convolution or a pool."
            )
        named = find_layer(net, layer)
        maps = captum.LayerGradCam(net, named).attribute(images, classes, relu_attributions=True)
        maps = maps.detach()[:, 0]
        height, width = images.shape[2:]
        rows = centers_of(net, named, 0, height, maps.shape[1])
        columns = centers_of(net, named, 1, width, maps.shape[2])
        maps = lay_over(maps, (height, width), rows, columns)
        return maps / maps.amax(dim=(1, 2), keepdim=True).clamp_min(torch.finfo(maps.dtype).tiny)


def choose_classes(logits: Tensor, classes: Classes) -> Tensor:
    """``classes`` on the device of the ``logits`` (N, K), or the most likely: (N,)."""
    if classes is None:
        return logits.argmax(dim=1)
    chosen = torch.as_tensor(classes, device=logits.device)
    images, known = logits.shape
    if chosen.shape != (images,):
        raise ValueError(
            f"classes have the shape {tuple(chosen.shape)}, but there are {images} images; give "
            f"one class for each: ({images},)."
        )
    wrong = chosen[(chosen < 0) | (chosen >= known)].tolist()
    if wrong:
        raise ValueError(f"class {wrong[0]} is none of the network's, which are 0 to {known - 1}.")
    return chosen


def last_map(net: nn.Module, images: Tensor) -> str:
    """The last convolution or Inception module whose map is not too coarse to tell where."""
    if not isinstance(net, Network):
        raise ValueError(
            f"grad_cam: {type(net).__name__} is none of our networks; name its last map, layer=…"
        )
    names = list(convolutions(net.trunk, "trunk"))
    with capture(net, names) as captured, torch.no_grad():
        net(images)
    sides = {name: min(captured[name].shape[2:]) for name in names}
    fine = [name for name, side in sides.items() if side >= FINE]
    coarse = [name for name, side in sides.items() if side > 1]
    if not coarse:
        raise ValueError(
            f"grad_cam: no convolution of {type(net).__name__} outputs more than one position for "
            f"images of {images.shape[2]}x{images.shape[3]} pixels; take larger images, or name a "
            "layer=…"
        )
    return (fine or coarse)[-1]


def convolutions(chain: nn.Module, path: str) -> Iterator[str]:
    """Paths of the steps of a chain that convolve, in order; VGG-19's blocks are chains too."""
    for name, step in chain.named_children():
        if isinstance(step, nn.Sequential) and not isinstance(step, ConvBlock | Residual):
            yield from convolutions(step, f"{path}.{name}")
        elif any(isinstance(part, nn.Conv2d) for part in step.modules()):
            yield f"{path}.{name}"


def draw_attributions(
    image: Tensor,
    maps: Mapping[str, Tensor],
    *,
    title: str = "What the network looks at",
    bars: Mapping[str, float] | None = None,
) -> Picture:
    """The image, each map over it, and bars if there are any, side by side.

    Where a map is small the image shows in gray; where it is large, the map's color does.

    Args:
        image: pixels, ``uint8`` (3, H, W).
        maps: (H, W) by name, 0 or more; the largest hundredth of each has the full color.
        title: of the picture.
        bars: probabilities by class name, drawn in their order.

    Raises:
        ValueError: no maps, or a map of another size than the image.
    """
    if not maps:
        raise ValueError("draw_attributions: found no maps, allowed are one or more; pass some.")
    for name, values in maps.items():
        if values.shape != image.shape[1:]:
            raise ValueError(
                f"draw_attributions: the map {name!r} is {tuple(values.shape)}, the image "
                f"{tuple(image.shape[1:])}; enlarge the map to the image's size."
            )
    words = [in_words(name, values) for name, values in maps.items()]
    if bars:
        words.append("Bars: " + ", ".join(f"{name} {value:.0%}" for name, value in bars.items()))
    panels = 1 + len(maps) + bool(bars)
    picture = Picture(
        title,
        alt=f"An image and {len(maps)} times the same under a map. " + " ".join(words),
        size=(max(6.0, 3.6 * panels), 4.4),
    )
    plots = picture.axes(1, panels)
    pixels = image.cpu().permute(1, 2, 0).numpy()
    gray = image.cpu().float().mean(dim=0).numpy()
    plots[0].imshow(pixels)
    plots[0].set_title("image", fontsize=12)
    for axes, (name, values) in zip(plots[1:], maps.items(), strict=False):
        full = values.flatten().quantile(FULL).clamp_min(torch.finfo(values.dtype).tiny)
        share = (values / full).clamp_max(1).cpu().numpy()
        axes.imshow(gray, cmap="gray", vmin=0, vmax=255)
        axes.imshow(share, cmap=COLORS, vmin=0, vmax=1, alpha=COVER * share**0.5)
        axes.set_title(name, fontsize=12)
    for axes in plots[: 1 + len(maps)]:
        axes.set_axis_off()
    if bars:
        draw_bars(plots[-1], bars)
    return picture


def in_words(name: str, values: Tensor) -> str:
    """A sentence on where a map (H, W) is largest, and how much of the picture holds half of it."""
    if not values.any():
        return f"{name}: zero everywhere."
    row, column = divmod(int(values.argmax()), values.shape[1])
    x, y = column / (values.shape[1] - 1), row / (values.shape[0] - 1)
    mass = values.flatten().sort(descending=True).values.cumsum(0)
    half = int((mass < mass[-1] / 2).sum()) + 1
    return (
        f"{name}: largest at {x:.0%} of the width and {y:.0%} of the height from the top left; "
        f"half of it lies on {half / values.numel():.1%} of the picture."
    )


def draw_bars(axes: Any, bars: Mapping[str, float]) -> None:
    """Probabilities as bars, the first on top, each with its name and number."""
    places = range(len(bars))
    axes.barh(places, list(bars.values()), color=BLUE, height=0.35)
    for place, (name, value) in zip(places, bars.items(), strict=True):
        words = f"{textwrap.shorten(name, 36, placeholder='…')} {value:.1%}"
        axes.text(0.015, place - 0.25, words, va="bottom", fontsize=11)
    axes.set(xlim=(0, 1), ylim=(len(bars) - 0.5, -0.7), yticks=[], xlabel="probability")
