"""Label smoothing: what smoothed labels are, and when training sees them."""

from collections.abc import Sequence
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle


def smooth_labels(
    targets: Tensor, num_classes: int, epsilon: float, prior: Sequence[float] | None = None
) -> Tensor:
    """Class indices to smoothed distributions: (N,) -> (N, num_classes).

    ``q'(k) = (1 − ε)·δ(k, y) + ε·u(k)`` with a ``prior`` u over the classes, ``1/K`` each if left
    out (arXiv 1512.00567, section 7). With K = 1000 and ε = 0.1 the true class has 0.9001 and each
    other class 0.0001.

    Raises:
        ValueError: ``epsilon`` is not in [0, 1), there are fewer than two classes, or ``prior`` is
            no distribution over ``num_classes`` classes.
    """
    check_epsilon(epsilon)
    check_classes(num_classes, prior)
    one_hot = nn.functional.one_hot(targets, num_classes).to(torch.get_default_dtype())
    shares = 1 / num_classes if prior is None else one_hot.new_tensor(prior)
    return (1 - epsilon) * one_hot + epsilon * shares


def check_epsilon(epsilon: float) -> None:
    if not 0 <= epsilon < 1:  # NaN fails this too
        raise ValueError(f"epsilon={epsilon}: label smoothing needs 0 <= epsilon < 1, say 0.1.")


def check_prior(prior: Sequence[float]) -> None:
    total = sum(prior)
    if min(prior, default=0) < 0 or not abs(total - 1) < 1e-3:
        raise ValueError(
            f"prior={list(prior)}: its sum is {total:.4g} and its least share "
            f"{min(prior, default=0):.4g}. A distribution over classes has none below 0 and sum 1."
        )


def check_classes(num_classes: int, prior: Sequence[float] | None) -> None:
    if num_classes < 2:
        raise ValueError(f"Label smoothing needs at least 2 classes, found {num_classes}.")
    if prior is not None:
        check_prior(prior)
        if len(prior) != num_classes:
            raise ValueError(
                f"prior has {len(prior)} shares for {num_classes} classes. Give one to each class."
            )


class LabelSmoothing(Callback):
    """Training steps see smoothed labels; validation, test and metrics never do.

    ``q'(k) = (1 − ε)·δ(k, y) + ε·u(k)`` (arXiv 1512.00567, section 7), in the module's
    cross-entropy, so auxiliary heads that share it are smoothed too.

    Example::

        Trainer(callbacks=[LabelSmoothing(0.1)]).fit(module, loader)

    What it needs: ``module.criterion``, an ``nn.CrossEntropyLoss`` that training steps call with
    logits and class indices. Its checkpoints load without it. `InceptionV3Module` brings it along.

    Args:
        epsilon: probability taken from the true class and spread over all, in [0, 1).
        prior: share u(k) of each class in what is spread; evenly if left out.

    Raises:
        ValueError: ``epsilon`` is outside [0, 1) or ``prior`` is no distribution; at ``setup``, the
            criterion smooths already, or weighs or ignores a class beside a ``prior``; at the
            first loss, ``prior`` has another number of classes than the logits or there is but one;
            at a loss, the targets are no class indices (mixup and CutMix make such).
        TypeError: at ``setup``, the module has no ``criterion`` that is an ``nn.CrossEntropyLoss``.
    """

    def __init__(self, epsilon: float = 0.1, prior: list[float] | None = None) -> None:
        check_epsilon(epsilon)
        if prior is not None:
            check_prior(prior)
        self.epsilon = epsilon
        self.prior = prior
        self._smoothing = False
        self._hook: RemovableHandle | None = None

    def setup(self, trainer: Trainer, pl_module: Any, stage: str) -> None:
        if stage != "fit":
            return
        name, criterion = type(pl_module).__name__, getattr(pl_module, "criterion", None)
        if not isinstance(criterion, nn.CrossEntropyLoss):
            raise TypeError(
                f"LabelSmoothing needs {name}.criterion to be an nn.CrossEntropyLoss, found "
                f"{type(criterion).__name__}, which compares no distributions. "
                "Define `self.criterion = nn.CrossEntropyLoss()` and use it in training_step."
            )
        if criterion.label_smoothing:
            raise ValueError(
                f"{name}.criterion smooths labels by {criterion.label_smoothing} already, in "
                "validation too. Leave one of the two out."
            )
        if self.prior is not None and (criterion.weight is not None or criterion.ignore_index >= 0):
            raise ValueError(
                f"LabelSmoothing(prior=...): {name}.criterion has class weights or a class to "
                "ignore, which torch does not combine with smoothing by a prior. Leave one out."
            )
        if isinstance(classes := getattr(pl_module, "num_classes", None), int):
            check_classes(classes, self.prior)

    def on_fit_start(self, trainer: Trainer, pl_module: Any) -> None:
        hook = self.before_a_loss
        self._hook = pl_module.criterion.register_forward_pre_hook(hook, with_kwargs=True)

    def before_a_loss(
        self, criterion: nn.CrossEntropyLoss, args: tuple, kwargs: dict[str, Any]
    ) -> tuple[tuple, dict[str, Any]] | None:
        if not self._smoothing:
            return None
        given: dict[str, Tensor] = dict(zip(("input", "target"), args, strict=False)) | kwargs
        logits, targets = given["input"], given["target"]
        if targets.is_floating_point():
            raise ValueError(
                f"LabelSmoothing: the targets are {targets.dtype} of shape {tuple(targets.shape)}, "
                "soft already (by mixup or CutMix?); class indices of shape (N,) are needed. "
                "Leave one of the two out."
            )
        check_classes(logits.shape[1], self.prior)
        if self.prior is None:
            return None  # `label_smoothing` does it
        counted = targets != criterion.ignore_index
        smoothed = smooth_labels(
            targets.where(counted, 0), logits.shape[1], self.epsilon, self.prior
        ) * counted.unsqueeze(1)
        if criterion.reduction == "mean":  # over those that count, as with class indices
            smoothed = smoothed * (counted.numel() / counted.sum())
        return (logits, smoothed), {}

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: Any, batch: Any, batch_idx: int
    ) -> None:
        self._smoothing = True
        if self.prior is None:
            pl_module.criterion.label_smoothing = self.epsilon

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        self.stop_smoothing(pl_module)

    def on_exception(self, trainer: Trainer, pl_module: Any, exception: BaseException) -> None:
        self.teardown(trainer, pl_module, "fit")

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        self.stop_smoothing(pl_module)
        if self._hook is not None:
            self._hook.remove()
            self._hook = None

    def stop_smoothing(self, pl_module: Any) -> None:
        if self._smoothing:
            self._smoothing = False
            pl_module.criterion.label_smoothing = 0.0  # as `setup` found it
