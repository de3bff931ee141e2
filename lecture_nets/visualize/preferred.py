"""Full grids of the pictures that drive the units of a layer most, and whether they really do.

grid = preferred(net, [f"conv_3:{i}" for i in range(16)], images, mean=mean, std=std)
grid.beats_images                     # 16 of the 16 beat the best of the real images
draw_preferred(grid, "conv_3")
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lecture_nets.analysis.capture import device_of, out_of_place
from lecture_nets.nets.layers import evaluating
from lecture_nets.visualize import maximize
from lecture_nets.visualize.figures import Picture
from lecture_nets.visualize.grid import draw_grid
from lecture_nets.visualize.objectives import capture_output, read_objective, values

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
    def beats_images(self) -> int:
        """Pictures that drive their unit more than every real image does."""
        return int((self.reached > self.best_image).sum())

    @property
    def beats_noise(self) -> int:
        """Pictures that drive their unit more than noise does."""
        return int((self.reached > self.noise).sum())

    @property
    def own(self) -> int:
        """Units that are driven most by the picture made for them, of all in the grid."""
        return int((self.table.argmax(0) == torch.arange(len(self.table))).sum())


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
    """What each image reaches in each objective: (images, objectives), on the CPU."""
    read = [read_objective(name) for name in objectives]
    rows = []
    with evaluating(net), out_of_place(net):
        for batch in images.split(BATCH):
            outputs = capture_output(net, read[0], batch.to(device_of(net)))
            rows += [values(read, output.expand(len(read), -1, -1, -1)) for output in outputs]
    return torch.stack(rows).cpu()


def draw_preferred(found: Preferred, title: str, names: Sequence[str] = ()) -> Picture:
    """The grid of all pictures, as square as can be.

    Args:
        found: from `preferred`.
        title: of the whole.
        names: of the units; by default as in the objectives.
    """
    count = len(found.objectives)
    return draw_grid(
        found.pictures,
        names or [name.split(":", 1)[1] for name in found.objectives],
        title=title,
        alt=f"{count} pictures, each found by gradients to drive one unit of "
        f"{found.objectives[0].split(':')[0]}. Of {count}, {found.beats_images} drive their unit "
        f"more than every real image, and {found.beats_noise} more than noise. "
        f"{found.own} units are driven most by their own picture.",
        caption="Activation maximization: Erhan et al. 2009; Olah et al., Feature Visualization, "
        "2017, doi 10.23915/distill.00007.",
    )
