"""Full grids of the pictures that drive the units of a layer most, and whether they really do.

grid = preferred(net, [f"conv_3:{i}" for i in range(16)], images, mean=mean, std=std)
grid.beats_images                     # 16 of the 16 beat the best of the real images
draw_preferred(grid, "conv_3")
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lecture_nets.analysis.capture import device_of, out_of_place
from lecture_nets.nets.layers import evaluating
from lecture_nets.visualize import maximize
from lecture_nets.visualize.figures import Picture
from lecture_nets.visualize.objectives import capture_output, read_objective, values
from lecture_nets.visualize.sheets import draw_sheets

BATCH = 64


@dataclass(frozen=True)
class Preferred:
    """Pictures that were made to drive units, and what drives the same units besides.

    Attributes:
        objectives: what each picture was made for, as `maximize_activations` takes them.
        pictures: (N, 3, S, S), 0…1.
        reached: what each picture reaches, (N,).
        best_image: the most that a real image reaches, (N,).
        noise: the most that one of N pictures of noise reaches, (N,).
        table: what each picture reaches in each unit, (pictures, units).
    """

    objectives: tuple[str, ...]
    pictures: Tensor
    reached: Tensor
    best_image: Tensor
    noise: Tensor
    table: Tensor

    @property
    def living(self) -> Tensor:
        """Whether any real image drives the unit above zero: (N,) of truth values."""
        return self.best_image > 0

    @property
    def alive(self) -> int:
        """Units that answer to some real image. The others prefer nothing."""
        return int(self.living.sum())

    @property
    def beats_images(self) -> int:
        """Living units that their picture drives more than every real image does."""
        return int((self.living & (self.reached > self.best_image)).sum())

    @property
    def beats_noise(self) -> int:
        """Living units that their picture drives more than twice as much as noise does."""
        return int((self.living & (self.reached > 2 * self.noise)).sum())

    @property
    def own(self) -> int:
        """Living units that no other picture of the grid drives more than their own."""
        best = self.table.argmax(0) == torch.arange(len(self.table))
        return int((self.living & best).sum())


def preferred(
    net: nn.Module,
    objectives: Sequence[str],
    images: Tensor,
    *,
    mean: Sequence[float],
    std: Sequence[float],
    image_size: int = 64,
    steps: int = 32,
    seed: int = 0,
) -> Preferred:
    """Make a picture for each objective, and compare it with real images and noise.

    Args:
        net: any network of RGB images; it evaluates, and is left as it was.
        objectives: of one layer, such as ``"conv_3:17"`` or ``"class:5"``.
        images: real ones, normalized, (N, 3, H, W).
        mean: of each color, for pixels in 0…1, as the network's data is normalized.
        std: likewise the standard deviation.
        image_size: side of the pictures, in pixels.
        steps: of the search.
        seed: of the search and the noise.

    Raises:
        ValueError: as `maximize_activations`, or objectives of several layers.
    """
    layers = {read_objective(name).layer for name in objectives}
    if len(layers) > 1:
        raise ValueError(
            f"preferred: found objectives of the layers {', '.join(sorted(layers))}; allowed is "
            "one layer; call it once for each."
        )
    pictures = maximize.maximize_activations(
        net, objectives, image_size=image_size, steps=steps, seed=seed, mean=mean, std=std
    )
    generator = torch.Generator().manual_seed(seed)
    noise = torch.rand(pictures.shape, generator=generator)
    shift, scale = (torch.tensor(x).view(3, 1, 1) for x in (mean, std))
    table = reached_by(net, objectives, (pictures.cpu() - shift) / scale)
    return Preferred(
        tuple(objectives),
        pictures,
        reached=table.diagonal(),
        best_image=reached_by(net, objectives, images).amax(0),
        noise=reached_by(net, objectives, (noise - shift) / scale).amax(0),
        table=table,
    )


@torch.no_grad()
def reached_by(net: nn.Module, objectives: Sequence[str], images: Tensor) -> Tensor:
    """Values of each objective in each image: (images, objectives), on the CPU."""
    read = [read_objective(name) for name in objectives]
    rows = []
    with evaluating(net), out_of_place(net):
        for batch in images.split(BATCH):
            outputs = capture_output(net, read[0], batch.to(device_of(net)))
            rows += [values(read, output.expand(len(read), -1, -1, -1)) for output in outputs]
    return torch.stack(rows).cpu()


def draw_preferred(grids: Mapping[str, Preferred], *, title: str = "Preferred images") -> Picture:
    """A sheet of pictures for each layer, side by side.

    Args:
        grids: from `preferred`, by name of the layer.
        title: of the whole.

    Raises:
        ValueError: no grids.
    """
    told = " ".join(
        f"{name}: {len(each.objectives)} pictures; {each.alive} units answer to real images at "
        f"all. Their picture drives {each.beats_images} of them more than every real image, "
        f"{each.beats_noise} more than twice as much as noise, and {each.own} more than any other "
        "of the pictures."
        for name, each in grids.items()
    )
    return draw_sheets(
        {name: each.pictures for name, each in grids.items()},
        title=title,
        alt=f"Pictures found by gradients, each to drive one unit. {told}",
        caption="Activation maximization: Erhan et al. 2009; Olah et al. 2017, "
        "doi 10.23915/distill.00007.",
    )
