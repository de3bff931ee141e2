"""Stopping before a loss that is not a number spoils the weights."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor

from lecture_nets.checkpoints import newest, non_finite_keys


class NonFiniteError(RuntimeError):
    """A loss, a weight, a buffer or a monitored score is NaN or infinite."""


def describe_input(batch: Any) -> str:
    """One sentence about the numbers in the first floating-point tensor of a batch."""
    parts = list(batch.values()) if isinstance(batch, Mapping) else batch
    for part in parts if isinstance(parts, list | tuple) else [parts]:
        if isinstance(part, Tensor) and part.is_floating_point() and part.numel() and part.ndim:
            rows = (~part.isfinite()).reshape(len(part), -1).any(1).nonzero().flatten().tolist()
            if rows:
                return f"Samples {rows} of the batch hold NaN or infinite values. "
            return f"The input is finite, its largest magnitude {part.abs().max().item():.3g}. "
    return ""


def check_finite_logits(logits: Tensor, batch: Any) -> None:
    """A `NonFiniteError` where a network gives anything but numbers; names samples or weights."""
    bad = (~logits.isfinite()).any(dim=1)
    if bad.any():
        raise NonFiniteError(
            f"The logits of {int(bad.sum())} of {len(logits)} images are NaN or infinite, first "
            f"that of sample {int(bad.nonzero()[0])} in its batch. {describe_input(batch)}Cure: "
            "where the input is finite, another checkpoint, since its weights are not; otherwise "
            "look at these images."
        )


class FiniteGuard(Callback):
    """Ends the run with `NonFiniteError` before NaN or infinity reaches weights or checkpoints.

    Lightning trains on through a NaN loss: all later steps are lost, and so are the "best" and the
    last checkpoint. The guard looks

    - at the loss before every backward pass, so before the optimizer can spoil the weights;
    - at weights and buffers at the start of fit, before each validation, at each epoch's end and
      before each save: a NaN image in a batch norm spoils no more than its running statistics;
    - at the scores that a checkpoint callback monitors, after each validation.

    The price: it waits for the device once a step, so Python cannot run ahead of a GPU by more
    than one backward pass; several processes also share one number a step, so that they all stop.
    A finite loss with a NaN gradient is met one step later, or at the next save;
    ``Trainer(detect_anomaly=True)`` then finds the operation. Buffers that are infinite by design,
    such as attention masks, are left alone.

    Together with ``ModelCheckpoint(save_on_exception=True)`` the good weights are saved as well.

    Example::

        Trainer(callbacks=[FiniteGuard()]).fit(InceptionV3Module(lr=1e3))
    """

    def __init__(self) -> None:
        self._batch: Any = None
        self._batch_idx = 0
        self._infinite_by_design: set[str] = set()

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        weights = pl_module.state_dict()
        buffers = {name for name, _ in pl_module.named_buffers()}
        suspects = buffers.intersection(non_finite_keys(weights))
        self._infinite_by_design = {name for name in suspects if not weights[name].isnan().any()}
        self._check_weights(trainer, weights)

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        self._batch, self._batch_idx = batch, batch_idx

    def on_before_backward(
        self, trainer: Trainer, pl_module: LightningModule, loss: Tensor
    ) -> None:
        bad = (~loss.detach().isfinite()).any().float()
        if trainer.world_size > 1:
            torch.distributed.all_reduce(bad)
        if bad == 0:
            return
        groups = [group for optimizer in trainer.optimizers for group in optimizer.param_groups]
        rates = ", ".join(sorted({format(float(group["lr"]), "g") for group in groups}))
        elsewhere = " here, not finite on another process," if loss.isfinite().all() else ""
        raise NonFiniteError(
            f"The loss is {loss.item():g}{elsewhere} in epoch "
            f"{trainer.current_epoch}, batch {self._batch_idx} (global step {trainer.global_step}, "
            f"learning rate {rates}). {describe_input(self._batch)}The weights are those from "
            "before this step. Cure: a lower learning rate, Trainer(gradient_clip_val=1.0), "
            "Trainer(precision=32), or look at that batch."
        )

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        self._batch = None  # or its memory would last until the next batch is there

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.state.fn == "fit":
            self._check_weights(trainer, pl_module.state_dict())

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.state.fn != "fit" or trainer.sanity_checking:
            return
        names = {str(getattr(part, "monitor", None)) for part in trainer.checkpoint_callbacks}
        scores = {name: trainer.callback_metrics.get(name) for name in sorted(names)}
        for name in non_finite_keys(scores):
            raise NonFiniteError(
                f"The monitored score {name} is {scores[name]} in epoch {trainer.current_epoch}: "
                "no checkpoint can be called the best. The weights are finite. Cure: look for NaN "
                "in the validation images, or for a metric that divides by zero."
            )

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._check_weights(trainer, pl_module.state_dict())

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        self._check_weights(trainer, checkpoint["state_dict"])

    def _check_weights(self, trainer: Trainer, weights: Mapping[str, Any]) -> None:
        bad = [key for key in non_finite_keys(weights) if key not in self._infinite_by_design]
        if not bad:
            return
        folder = getattr(trainer.checkpoint_callback, "dirpath", None)
        raise NonFiniteError(
            f"{len(bad)} of {len(weights)} weights and buffers are NaN or infinite, the first is "
            f"{bad[0]}, in epoch {trainer.current_epoch} (global step {trainer.global_step}). They "
            f"are not saved; the last good file: {newest(Path(folder)) if folder else 'none'}. "
            "Cure: go on from there; look for NaN among the training images where a batch norm's "
            "running statistics are hit, lower the learning rate where weights are."
        )
