"""The weight of auxiliary heads as training goes on."""

import math
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer


def scheduled_weight(start: float, end: float, progress: float) -> float:
    """A line from ``start`` at ``progress`` 0 to ``end`` at 1 and after."""
    return start + (end - start) * min(progress, 1.0)


class AuxiliaryWeightSchedule(Callback):
    """The weight of the auxiliary heads' losses goes in a line from the first step to the last.

    ``w(t) = start + (end − start)·t/(T − 1)`` for the steps t = 0 … T − 1 of the optimizer. Szegedy
    et al. find that auxiliary heads do nothing early in training and help at its end (arXiv
    1512.00567, section 4): ``start=0.0, end=0.4`` tries that; the defaults fade them out.

    Example::

        Trainer(max_epochs=90, callbacks=[AuxiliaryWeightSchedule(0.4, 0.0)]).fit(module, loader)

    What it needs: ``module.aux_weight``, a number that each training step reads, and an end of
    training (``max_epochs`` or ``max_steps``). The weight follows from the step alone, so that a
    resumed fit goes on exactly; after the fit the module has its own weight again. Its checkpoints
    load without it. Under ``torch.compile`` the number is a constant that changes with every step:
    compile the network, not the module.

    Args:
        start: weight at the first step.
        end: weight at the last step.

    Raises:
        ValueError: a weight is negative or not finite; when training starts, it has no end.
        TypeError: at ``setup``, the module has no ``aux_weight``, or its network no auxiliary
            heads.
    """

    def __init__(self, start: float = 0.4, end: float = 0.0) -> None:
        for name, weight in (("start", start), ("end", end)):
            if not 0 <= weight < math.inf:  # NaN fails this too
                raise ValueError(
                    f"AuxiliaryWeightSchedule({name}={weight}): a weight is 0 or more, and finite."
                )
        self.start = start
        self.end = end
        self._own: float | None = None

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        if stage != "fit":
            return
        name = type(pl_module).__name__
        if not isinstance(getattr(pl_module, "aux_weight", None), int | float):
            raise TypeError(
                f"AuxiliaryWeightSchedule needs {name}.aux_weight, a number. "
                "Define `self.aux_weight = 0.3` and use it in training_step."
            )
        if len(getattr(getattr(pl_module, "net", None), "aux_heads", "unknown")) == 0:
            raise TypeError(
                f"AuxiliaryWeightSchedule: the network of {name} has no auxiliary heads. Leave it "
                "out."
            )

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        if math.isinf(trainer.estimated_stepping_batches):
            raise ValueError(
                "AuxiliaryWeightSchedule must know the end of training: set Trainer(max_epochs=...)"
                " or max_steps."
            )
        self._own = pl_module.aux_weight

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: Any, batch: Any, batch_idx: int
    ) -> None:
        last = max(trainer.estimated_stepping_batches - 1, 1)
        pl_module.aux_weight = scheduled_weight(self.start, self.end, trainer.global_step / last)

    def on_exception(self, trainer: Trainer, pl_module: Any, exception: BaseException) -> None:
        self.teardown(trainer, pl_module, "fit")

    def teardown(self, trainer: Trainer, pl_module: Any, stage: str) -> None:
        if self._own is not None:
            pl_module.aux_weight, self._own = self._own, None
