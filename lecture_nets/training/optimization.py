"""Optimizer, schedule and average of the weights, made from a recipe."""

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau, StepLR

from lecture_nets.training.recipes import Recipe


def learned_tensors(net: nn.Module) -> list[nn.Parameter]:
    """The parameters that an optimizer gets, or a `ValueError` where none is left to train."""
    parameters = [parameter for parameter in net.parameters() if parameter.requires_grad]
    if not parameters:
        raise ValueError(f"{type(net).__name__} has no trainable parameters: was it frozen?")
    return parameters


def ema_with_warm_up(decay: float, average: Tensor, current: Tensor, updates: Tensor) -> Tensor:
    """One step of TensorFlow's moving average: its decay grows to ``decay`` as ``updates`` do.

    ``d = min(decay, (1 + n)/(10 + n))``. Without it a short run would be judged by first weights.
    """
    n = updates.to(torch.float32)
    d = torch.clamp((1 + n) / (10 + n), max=decay).to(average.device)
    return average + (1 - d) * (current - average)


def build_optimizer(recipe: Recipe, parameters: Iterable[Tensor], lr: float) -> Optimizer:
    if recipe.optimizer == "rmsprop_tf":
        from timm.optim.rmsprop_tf import RMSpropTF

        return RMSpropTF(parameters, lr=lr, **recipe.options)
    kinds: dict[str, Any] = {"sgd": torch.optim.SGD, "adamw": torch.optim.AdamW}
    return kinds[recipe.optimizer](parameters, lr=lr, **recipe.options)


def one_cycle(steps: int, step: int) -> float:
    """Factor of the learning rate at ``step`` of ``steps``: up in a line, down along a cosine."""
    rise = max(1, steps // 5)
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - rise + 1) / (steps - rise + 1))))


class OneCycle(LRScheduler):
    """Multiplies the rate of every group so that it follows `one_cycle`.

    From step to step, not from a rate noted at the start as in ``LambdaLR``: groups that callbacks
    such as Lightning's ``BaseFinetuning`` add later, and rates that they set, then follow too.
    """

    def __init__(self, optimizer: Optimizer, steps: int) -> None:
        self.steps = steps
        super().__init__(optimizer)

    def get_lr(self) -> list[float | Tensor]:
        step = self.last_epoch
        before = one_cycle(self.steps, step - 1) if step else 1.0
        factor = one_cycle(self.steps, step) / before if before else 0.0
        return [group["lr"] * factor for group in self.optimizer.param_groups]


def channels_last(images: Tensor) -> Tensor:
    """Images (N, C, H, W) in the layout in which convolutions are faster, and so are their maps.

    The compact Inception V3 trains a quarter faster so on a CPU, measured. Weights in this layout
    too would gain nothing more, and what flattens them (L-BFGS, pruning) would fail.
    """
    return images.to(memory_format=torch.channels_last) if images.ndim == 4 else images


def build_schedule(
    recipe: Recipe, optimizer: Optimizer, *, steps: float = 0, monitor: str = "val_loss"
) -> dict[str, Any]:
    """A scheduler in the form of Lightning's ``lr_scheduler``.

    ``steps`` is the length of the whole training, which ``"one_cycle"`` needs; ``monitor`` the loss
    that ``"plateau"`` watches.
    """
    if recipe.schedule == "one_cycle":
        if not 0 < steps < float("inf"):
            raise ValueError(
                "A one-cycle schedule must know its end: set Trainer(max_epochs=...) or max_steps, "
                "and give it at least one batch."
            )
        return {"scheduler": OneCycle(optimizer, int(steps)), "interval": "step"}
    if recipe.schedule == "plateau":
        scheduler = ReduceLROnPlateau(optimizer, factor=recipe.gamma, patience=recipe.patience)
        return {"scheduler": scheduler, "monitor": monitor}
    return {"scheduler": StepLR(optimizer, recipe.step_size, recipe.gamma)}
