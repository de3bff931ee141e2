"""Whether early layers adapt to what comes behind them: trained along with it, or frozen before it.

    frozen, free = (
        relearn(net, build, ["conv_1", "conv_2"], data, 8, lr=0.1, frozen=frozen)
        for frozen in (True, False)
    )
    free.accuracy - frozen.accuracy       # what it is worth that early layers may change
    free.change                           # by how much they did

The early layers come from a network that was trained with other parts behind them; the rest is new
(Yosinski et al., arXiv 1411.1792, transplant layers so). That free layers gain shows little: they
were trained for longer. So compare the gain with that in front of the parts they come from.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from lecture_nets.analysis.depth import mistakes
from lecture_nets.data.base import ImageDataModule
from lecture_nets.nets.network import Network
from lecture_nets.training.plain_sgd import fit_plainly


@dataclass(frozen=True)
class Relearned:
    """A network with early layers of another, trained again.

    Attributes:
        accuracy: on the test images, 0…1.
        change: ‖after − before‖ / ‖before‖ over the weights of the early layers.
    """

    accuracy: float
    change: float


def relearn(
    donor: Network,
    build: Callable[[], Network],
    early: Sequence[str],
    data: ImageDataModule,
    epochs: int,
    *,
    lr: float,
    frozen: bool,
    seed: int = 0,
) -> Relearned:
    """Train a new network whose early layers start as those of ``donor``, which stays as it is.

    Args:
        donor: where the early layers come from.
        build: makes the new network, after the seed is set; its early layers have the same shapes.
        early: names of rows in both trunks.
        data: what it learns from and is tested on, set up.
        epochs: passes over the training images.
        lr: peak of the learning rate; the schedule is one cycle.
        frozen: keep the weights of the early layers. Their batch norms still follow the images.
        seed: of the other layers and of the order of images.
    """
    old = [donor.trunk.get_submodule(name) for name in early]

    def transplanted() -> Network:
        net = build()
        for name, layer in zip(early, old, strict=True):
            new = net.trunk.get_submodule(name)
            new.load_state_dict(layer.state_dict())
            new.requires_grad_(not frozen)
        return net

    module = fit_plainly(transplanted, data, epochs, lr=lr, schedule="one_cycle", seed=seed)
    wrong, images = mistakes(module, data.test_dataloader())
    new = [module.net.get_submodule(f"trunk.{name}") for name in early]
    return Relearned(1 - wrong / images, change(old, new))


@torch.no_grad()
def change(before: Sequence[torch.nn.Module], after: Sequence[torch.nn.Module]) -> float:
    """The distance that weights moved, as a share of their norm."""
    old, new = (
        torch.cat([weight.flatten() for layer in layers for weight in layer.parameters()]).cpu()
        for layers in (before, after)
    )
    return float((new - old).norm() / old.norm())
