"""A bound on the weights of every filter, as in ZFNet."""

from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import nn
from torch.utils.hooks import RemovableHandle


def convolutions(net: nn.Module) -> list[nn.Conv2d]:
    return [part for part in net.modules() if isinstance(part, nn.Conv2d)]


@torch.no_grad()
def cap_filter_norms(net: nn.Module, radius: float = 0.1) -> int:
    """Shrink each filter whose root mean square is above ``radius`` to it: how many were.

    ``w ← w · min(1, radius / RMS(w))``, a filter w being the weights (in, H, W) of one output of a
    convolution. Filters below keep every bit.
    """
    shrunk = []
    for conv in convolutions(net):
        weight = conv.weight
        # The norm of n weights is √n times their root mean square.
        capped = torch.renorm(weight, p=2, dim=0, maxnorm=radius * weight[0].numel() ** 0.5)
        shrunk.append((capped != weight).flatten(1).any(dim=1).sum())
        weight.copy_(capped)
    return int(torch.stack(shrunk).sum()) if shrunk else 0


class FilterNormCap(Callback):
    """After every step of the optimizer, no filter's root mean square is above ``radius``.

    ``w ← w · min(1, radius / RMS(w))`` for each filter of each convolution. Zeiler and Fergus: "a
    few of them dominate" otherwise, above all in the first layer (arXiv 1311.2901, section 3).

    Example::

        Trainer(callbacks=[FilterNormCap(0.1)]).fit(ZFNetModule(recipe="paper"), datamodule=data)

    What it needs: an ``nn.Conv2d``. It follows the optimizer's own step, so gradients may be
    accumulated and weights averaged, in any order. Its checkpoints load without it.

    Args:
        radius: largest root mean square of a filter; 0.1 in the paper, for pixels of -128 to 128.

    Raises:
        ValueError: ``radius`` is not above 0.
        TypeError: at ``setup``, the module has no convolution.
    """

    def __init__(self, radius: float = 0.1) -> None:
        if not radius > 0:  # NaN fails this too
            raise ValueError(f"FilterNormCap(radius={radius}): a number above 0 is needed.")
        self.radius = radius
        self._hooks: list[RemovableHandle] = []

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        if stage == "fit" and not convolutions(pl_module):
            raise TypeError(
                f"FilterNormCap found no nn.Conv2d in {type(pl_module).__name__}. Leave it out."
            )

    def on_train_start(self, trainer: Any, pl_module: LightningModule) -> None:
        def cap(*_: Any) -> None:
            cap_filter_norms(pl_module, self.radius)

        self._hooks = [optimizer.register_step_post_hook(cap) for optimizer in trainer.optimizers]

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        self.teardown(trainer, pl_module, "fit")

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        for hook in self._hooks:
            hook.remove()
        self._hooks = []
