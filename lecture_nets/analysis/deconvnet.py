"""Deconvnets: ZFNet's way back from a unit to the pixels it answers to.

From "Visualizing and Understanding Convolutional Networks" (arXiv 1311.2901, section 2.1): all
other units of the layer are set to zero, and the unit's output goes down the network through

- unpooling: each value returns to where the maximum was (the switches); where windows overlap, the
  values add up,
- rectification: negative values are left out,
- filtering: the same kernels, transposed.

Autograd's way back through a pool and a convolution is just that; at a ReLU it lets pass what was
positive on the way up, the deconvnet what is positive on the way down (arXiv 1312.6034, section 4;
arXiv 1412.6806, section 3.4). So captum's ``Deconvolution``, which changes ReLUs alone, is exact
for chains of convolutions, ReLUs and maximum pools: AlexNet, ZFNet and VGG-19. As nothing but that
one rule changes, any other network of `nn.ReLU` has a projection too; the paper has none for it.

The paper does not tell how to undo contrast normalization. Here its gradient is taken, as that of
batch norm and average pools. In a small trained AlexNet, values let through unchanged give the same
pictures: the cosine is 1.0000 on average for 120 units of its fifth layer.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from lecture_nets.analysis.capture import as_maps, capture, device_of
from lecture_nets.analysis.patches import SLOW, Patch, check_channels
from lecture_nets.analysis.with_captum import captum_on, check_relus, leaf
from lecture_nets.progress import progress

Unit = tuple[int, int, int]


def project(net: nn.Module, images: Tensor, layer: str, units: Sequence[Unit]) -> Tensor:
    """The deconvnet's picture of one unit for each image: (N, 3, H, W) -> (N, 3, H, W).

    Pixels that are zero have no part in the unit's answer; of a silent unit all are.

    Args:
        net: any network of `nn.ReLU`; it evaluates, and is left as it was.
        images: normalized.
        layer: a name as `find_layer` takes it.
        units: (channel, row, column) for each image; (unit, 0, 0) in a layer without a map.

    Raises:
        ModuleNotFoundError: captum is not installed.
        ValueError: no such layer or unit, not one unit for each image, a network without `nn.ReLU`.
    """
    if len(units) != len(images):
        raise ValueError(
            f"project: got {len(units)} units for {len(images)} images; give one for each image."
        )
    check_relus(net, "project")
    with captum_on(net) as captum:
        answers = Answers(net, layer, units)
        return captum.Deconvolution(answers).attribute(leaf(images, device_of(net)))


def project_patches(
    net: nn.Module, images: Tensor, layer: str, found: Mapping[int, Sequence[Patch]]
) -> dict[int, Tensor]:
    """Projections of what `top_patches_of` found in ``images``: (k, 3, H, W) for each channel."""
    return {
        channel: project(
            net,
            images[[patch.image for patch in patches]],
            layer,
            [(channel, patch.row, patch.column) for patch in patches],
        )
        for channel, patches in progress(found.items(), f"Projecting from {layer}", bar_from=SLOW)
    }


class Answers(nn.Module):
    """Half the squared output of one unit for each image: (N, 3, H, W) -> (N,).

    Its gradient is the unit's output, rectified: the value that goes down the network.
    """

    def __init__(self, net: nn.Module, layer: str, units: Sequence[Unit]) -> None:
        super().__init__()
        self.net, self.layer, self.units = net, layer, units

    def forward(self, images: Tensor) -> Tensor:
        with capture(self.net, [self.layer]) as captured:
            self.net(images)
        maps = as_maps(captured[self.layer], self.layer)
        for unit in self.units:
            check_unit(self.layer, unit, maps.shape[1:])
        channels, rows, columns = torch.tensor(self.units, device=maps.device).T
        answers = maps[torch.arange(len(maps)), channels, rows, columns]
        return answers.clamp_min(0).square() / 2


def check_unit(layer: str, unit: Unit, shape: Sequence[int]) -> None:
    check_channels(layer, unit[:1], shape[0])
    if not all(0 <= place < side for place, side in zip(unit[1:], shape[1:], strict=True)):
        raise ValueError(
            f"layer {layer!r} has a map of {shape[1]} rows and {shape[2]} columns, got row "
            f"{unit[1]}, column {unit[2]}; choose one of them, from 0."
        )
