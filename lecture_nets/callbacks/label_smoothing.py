"""Label smoothing: what smoothed labels are, and when training sees them."""

from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor, nn


def smooth_labels(targets: Tensor, num_classes: int, epsilon: float) -> Tensor:
    """Class indices to smoothed distributions: (N,) -> (N, num_classes).

    ``q'(k) = (1 − ε)·δ(k, y) + ε/K``: the true class keeps ``1 − ε + ε/K``, each other class gets
    ``ε/K``. With K = 1000 and ε = 0.1 that is 0.9001 and 0.0001 (arXiv 1512.00567, section 7).

    Raises:
        ValueError: ``epsilon`` is not in [0, 1), or there are fewer than two classes.
    """
    check_epsilon(epsilon)
    if num_classes < 2:
        raise ValueError(f"smooth_labels(num_classes={num_classes}): at least 2 are needed.")
    one_hot = nn.functional.one_hot(targets, num_classes).to(torch.get_default_dtype())
    return (1 - epsilon) * one_hot + epsilon / num_classes


def check_epsilon(epsilon: float) -> None:
    if not 0 <= epsilon < 1:  # NaN fails this too
        raise ValueError(f"epsilon={epsilon}: label smoothing needs 0 <= epsilon < 1, say 0.1.")


class LabelSmoothing(Callback):
    """Training steps see smoothed labels; validation, test and metrics never do.

    ``q'(k) = (1 − ε)·δ(k, y) + ε/K`` (arXiv 1512.00567, section 7), through the
    ``label_smoothing`` of the module's cross-entropy, so side heads that share it are smoothed too.

    Example::

        Trainer(callbacks=[LabelSmoothing(0.1)]).fit(module, loader)

    Args:
        epsilon: probability taken from the true class and spread evenly over all, in [0, 1).

    Raises:
        ValueError: ``epsilon`` is outside [0, 1).
        TypeError: at ``setup``, the module has no ``criterion`` that is an ``nn.CrossEntropyLoss``.
    """

    def __init__(self, epsilon: float = 0.1) -> None:
        check_epsilon(epsilon)
        self.epsilon = epsilon
        self._before: float | None = None

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        criterion = getattr(pl_module, "criterion", None)
        if not isinstance(criterion, nn.CrossEntropyLoss):
            raise TypeError(
                f"LabelSmoothing needs {type(pl_module).__name__}.criterion to be an "
                f"nn.CrossEntropyLoss, found {type(criterion).__name__}. "
                "Define `self.criterion = nn.CrossEntropyLoss()` and use it in training_step."
            )

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: Any, batch: Any, batch_idx: int
    ) -> None:
        self._before = pl_module.criterion.label_smoothing
        pl_module.criterion.label_smoothing = self.epsilon

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        self.restore(pl_module)

    def on_exception(self, trainer: Trainer, pl_module: Any, exception: BaseException) -> None:
        self.restore(pl_module)

    def restore(self, pl_module: Any) -> None:
        if self._before is not None:
            pl_module.criterion.label_smoothing = self._before
            self._before = None
