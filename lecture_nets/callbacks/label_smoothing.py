"""Label smoothing: what smoothed labels are, and when training sees them."""

from collections.abc import Sequence
from typing import Any

import torch
from lightning.pytorch import Callback, Trainer
from torch import Tensor, nn
from torch.nn.functional import one_hot
from torch.utils.hooks import RemovableHandle

NO_CLASS = -100  # PyTorch's default for the class to ignore


def smooth_labels(
    targets: Tensor, num_classes: int, epsilon: float, prior: Sequence[float] | None = None
) -> Tensor:
    """Class indices (N,) or distributions (N, K) to smoothed distributions: -> (N, K).

    ``q'(k) = (1 − ε)·q(k) + ε·u(k)`` with a ``prior`` u over the classes, ``1/K`` each if left out
    (arXiv 1512.00567, section 7). With K = 1000 and ε = 0.1 the true class has 0.9001 and each
    other class 0.0001. Further axes, as in segmentation, stay: (N, H, W) -> (N, K, H, W).

    Raises:
        ValueError: ``epsilon`` is not in [0, 1), there are fewer than two classes, ``prior`` is no
            distribution over ``num_classes`` classes, or ``targets`` have another number of them.
    """
    check_epsilon(epsilon)
    check_classes(num_classes, prior)
    if not targets.is_floating_point():
        targets = one_hot(targets, num_classes).movedim(-1, 1).to(torch.get_default_dtype())
    elif targets.ndim < 2 or targets.shape[1] != num_classes:
        raise ValueError(
            f"smooth_labels: found {targets.dtype} targets of shape {tuple(targets.shape)}; "
            f"distributions have shape (N, {num_classes}), class indices are integers."
        )
    shares = targets.new_tensor([1 / num_classes] * num_classes if prior is None else prior)
    return (1 - epsilon) * targets + epsilon * shares.view(-1, *[1] * (targets.ndim - 2))


def check_epsilon(epsilon: float) -> None:
    if not 0 <= epsilon < 1:  # NaN fails this too
        raise ValueError(f"epsilon={epsilon}: label smoothing needs 0 <= epsilon < 1, say 0.1.")


def check_prior(prior: Sequence[float]) -> None:
    total = sum(prior)
    if min(prior, default=0) < 0 or not abs(total - 1) < 1e-3:
        raise ValueError(
            f"prior={list(prior)}: its sum is {total:.4g} and its smallest share "
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

    ``q'(k) = (1 − ε)·q(k) + ε·u(k)`` (arXiv 1512.00567, section 7), in the module's cross-entropy,
    so auxiliary heads that share it are smoothed too. Class weights, ignored labels and reduction
    count as in PyTorch's own ``label_smoothing``; soft labels (mixup, CutMix) are smoothed further.

    Example::

        Trainer(callbacks=[LabelSmoothing(0.1)]).fit(module, loader)

    What it needs: ``module.criterion``, an ``nn.CrossEntropyLoss`` that training steps call. Its
    checkpoints load without it. `InceptionV3Module` brings it along.

    Args:
        epsilon: probability taken from the true class and spread over all, in [0, 1); 0 for none.
        prior: share u(k) of each class in what is spread; evenly if left out.

    Raises:
        ValueError: ``epsilon`` is outside [0, 1) or ``prior`` is no distribution; at ``setup``, the
            criterion smooths already; at the first loss, ``prior`` has another number of classes
            than the logits or there is but one.
        TypeError: at ``setup``, the module has no ``criterion`` that is an ``nn.CrossEntropyLoss``.
    """

    def __init__(self, epsilon: float = 0.1, prior: list[float] | None = None) -> None:
        check_epsilon(epsilon)
        if prior is not None:
            check_prior(prior)
        self.epsilon = epsilon
        self.prior = prior
        self._in_training_step = False
        self._ignore_index: int | None = None
        self._hooks: list[RemovableHandle] = []

    def setup(self, trainer: Trainer, pl_module: Any, stage: str) -> None:
        if stage != "fit" or not self.epsilon:
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
        if isinstance(classes := getattr(pl_module, "num_classes", None), int):
            check_classes(classes, self.prior)

    def on_fit_start(self, trainer: Trainer, pl_module: Any) -> None:
        if self.epsilon:
            criterion: nn.CrossEntropyLoss = pl_module.criterion
            self._hooks = [
                criterion.register_forward_pre_hook(self.smooth, with_kwargs=True),
                criterion.register_forward_hook(self.restore, always_call=True),
            ]

    def smooth(
        self, criterion: nn.CrossEntropyLoss, args: tuple, kwargs: dict[str, Any]
    ) -> tuple[tuple, dict[str, Any]] | None:
        """Before a loss: the same logits, smoothed labels."""
        if not self._in_training_step:
            return None
        given: dict[str, Tensor] = dict(zip(("input", "target"), args, strict=False)) | kwargs
        logits, targets = given["input"], given["target"]
        if targets.is_floating_point():
            return (logits, smooth_labels(targets, logits.shape[1], self.epsilon, self.prior)), {}
        counts = targets != criterion.ignore_index
        labels = targets.where(counts, 0)
        smoothed = smooth_labels(labels, logits.shape[1], self.epsilon, self.prior)
        smoothed = smoothed * counts.unsqueeze(1)
        if criterion.reduction == "mean":  # over the weights of the labels, as with class indices
            weights = counts if criterion.weight is None else criterion.weight[labels] * counts
            smoothed = smoothed * (counts.numel() / weights.sum())
        if criterion.ignore_index >= 0:  # done with, and torch refuses it beside distributions
            self._ignore_index, criterion.ignore_index = criterion.ignore_index, NO_CLASS
        return (logits, smoothed), {}

    def restore(self, criterion: nn.CrossEntropyLoss, args: tuple, loss: Any) -> None:
        """After a loss, or its failure: the criterion as it was."""
        if self._ignore_index is not None:
            criterion.ignore_index, self._ignore_index = self._ignore_index, None

    def on_train_batch_start(self, *args: Any, **options: Any) -> None:
        self._in_training_step = True

    def on_train_batch_end(self, *args: Any, **options: Any) -> None:
        self._in_training_step = False

    def on_exception(self, trainer: Trainer, pl_module: Any, exception: BaseException) -> None:
        self.teardown(trainer, pl_module, "fit")

    def teardown(self, trainer: Trainer, pl_module: Any, stage: str) -> None:
        self._in_training_step = False
        while self._hooks:
            self._hooks.pop().remove()
