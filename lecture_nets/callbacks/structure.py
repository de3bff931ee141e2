"""Callbacks that change the structure of a network, so that nothing else notices."""

from abc import ABC, abstractmethod
from typing import Any

from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.strategies.launchers.multiprocessing import _MultiProcessingLauncher
from lightning.pytorch.trainer.states import TrainerFn
from lightning.pytorch.utilities import rank_zero_info
from torch import nn


class StructureCallback(Callback, ABC):
    """Gives layers that lack a norm one, before there is an optimizer or a copy of the module.

    On an `ImageClassifier` it stands anywhere in the Trainer's list, before or behind EMA and SWA.
    The module records what was done to it in every checkpoint, so these load without the callback.

    Another's module is changed in `setup`. Its checkpoints load where the callback is in the list,
    or after ``apply(module)``; ``load_from_checkpoint`` knows neither and finds unexpected keys.

    Attributes:
        changed: names of the layers that got a norm from this callback.

    Raises:
        TypeError: at `setup`, the module has no layers of the kind.
        MisconfigurationException: at `setup` of another's module, where a callback in front holds
            a copy of it already, or the strategy trains in processes that cannot change it here.
    """

    option: str  # of those constructors that build the same structure

    def __init__(self) -> None:
        self.changed: list[str] = []

    @staticmethod
    @abstractmethod
    def find(net: nn.Module) -> list[str]:
        """Names of the layers that lack a norm."""

    @staticmethod
    @abstractmethod
    def alter(net: nn.Module) -> list[str]:
        """Give those layers a norm, and return their names."""

    def apply(self, module: Any) -> list[str]:
        """Change a module now, unless it has been changed; no Trainer needed.

        Returns:
            Names of the layers that got a norm; none the second time.
        """
        name, names = type(self).__name__, self.alter(module)
        self.changed += names
        records = getattr(module, "alterations", None)  # of an `ImageClassifier`
        needed = (
            f" Its checkpoints load where {name} is among the Trainer's callbacks, or after "
            f"{name}().apply(module)."
        )
        if names:
            rank_zero_info(
                f"{name} gave {len(names)} layers of {type(module).__name__} a batch norm."
                + ("" if records is not None else needed)
            )
        if records is not None and name not in records:
            module.alterations = (*records, name)
        if isinstance(module, LightningModule) and self.option in module.hparams:
            module.save_hyperparameters({self.option: True})  # for loggers and constructors
        return names

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        fitting = stage == TrainerFn.FITTING
        if fitting and self.find(pl_module):
            self.check_can_change(trainer, pl_module)
        self.apply(pl_module)
        if fitting and not self.changed:
            rank_zero_info(
                f"{type(self).__name__} changes nothing: the layers of {type(pl_module).__name__} "
                "that it looks after have a norm already."
            )

    def check_can_change(self, trainer: Any, pl_module: LightningModule) -> None:
        name, module = type(self).__name__, type(pl_module).__name__
        for other in trainer.callbacks[: trainer.callbacks.index(self)]:
            if copies_of(pl_module, other):
                raise MisconfigurationException(
                    f"{type(other).__name__} copied {module} before {name} could change it. "
                    f"Put {name} first in Trainer(callbacks=[...])."
                )
        if isinstance(trainer.strategy.launcher, _MultiProcessingLauncher):
            raise MisconfigurationException(
                f"{name} would change {module} in the worker processes only, and the trained "
                f"weights would not fit yours. Call {name}().apply(module) before fit."
            )


def copies_of(module: nn.Module, callback: Callback) -> list[nn.Module]:
    """Copies of ``module`` that a callback holds, such as the averages of EMA and SWA."""
    return [
        part
        for held in vars(callback).values()
        if isinstance(held, nn.Module)
        for part in held.modules()
        if type(part) is type(module) and part is not module
    ]
