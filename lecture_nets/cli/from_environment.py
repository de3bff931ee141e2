"""Callbacks named in an environment variable, added to a Trainer that knows nothing of them."""

import inspect
import warnings
from typing import Any

from lightning.pytorch import Callback, LightningModule

from lecture_nets import callbacks
from lecture_nets.names import unknown


def from_environment(variable: str, names: list[str]) -> list[Callback]:
    """The callbacks of these names, with their defaults; a warning lists them for unknown ones."""
    known: dict[str, type[Callback]] = {
        name: kind
        for name, kind in vars(callbacks).items()
        if isinstance(kind, type) and issubclass(kind, Callback) and not inspect.isabstract(kind)
    }
    for name in names:
        if name not in known:
            warnings.warn(f"{variable}: {unknown('callback', name, known)}", stacklevel=2)
    asked = [known[name]() for name in dict.fromkeys(names) if name in known]
    return [StandBack(variable, asked), *asked] if asked else []


class StandBack(Callback):
    """Takes out of a Trainer those of ``asked`` that its user has given too, or that do not fit.

    A variable of the shell must not stop another project's training, so what does not fit its
    module says so in a warning and does nothing.
    """

    def __init__(self, variable: str, asked: list[Callback]) -> None:
        self.variable = variable
        self.asked = asked

    def setup(self, trainer: Any, pl_module: LightningModule, stage: str) -> None:
        # Lightning is walking through this very list; those that may go stand behind this one.
        for callback in [one for one in self.asked if one in trainer.callbacks]:
            if sum(isinstance(other, type(callback)) for other in trainer.callbacks) > 1:
                trainer.callbacks.remove(callback)
                continue
            try:
                callback.setup(trainer, pl_module, stage)
            except Exception as error:
                warnings.warn(f"{self.variable}: {error} It does nothing here.", stacklevel=2)
                trainer.callbacks.remove(callback)
