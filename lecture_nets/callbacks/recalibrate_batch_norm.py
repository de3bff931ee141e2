"""Fresh batch norm statistics: those of the weights that are, not of the weights that were."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.utilities.seed import isolate_rng
from torch import Tensor, nn

from lecture_nets.callbacks.freeze_batch_norm import FreezeBatchNorm, batch_norms
from lecture_nets.nets.layers import keep_modes


@torch.no_grad()
def recalibrate_batch_norm(net: nn.Module, images: Iterable[Tensor]) -> list[str]:
    """Set the statistics of batch norms to those of batches (N, C, H, W): names of those set.

    ``running_mean`` and ``running_var`` become the plain average over the batches' means and
    variances, as in `torch.optim.swa_utils.update_bn`. Unlike there, auxiliary heads are run too,
    norms that no batch reached keep their statistics, and random numbers and each layer's mode are
    left as they were.
    """
    norms = {name: norm for name, norm in batch_norms(net).items() if norm.running_mean is not None}
    before = {
        name: (norm.momentum, {key: value.clone() for key, value in norm.state_dict().items()})
        for name, norm in norms.items()
    }
    forward: Callable[[Tensor], Any] = getattr(net, "forward_with_aux", net)
    for norm in norms.values():
        norm.reset_running_stats()
        norm.momentum = None  # PyTorch's sign for a plain average
    try:
        with isolate_rng(), keep_modes(net):
            net.train()
            for batch in images:
                forward(batch)
    finally:
        for name, norm in norms.items():
            norm.momentum, values = before[name]
            if not norm.num_batches_tracked:
                norm.load_state_dict(values)
    return [name for name, norm in norms.items() if norm.num_batches_tracked]


class RecalibrateBatchNorm(Callback):
    """Validation, and the end of a fit, see batch norm statistics of the weights as they are.

    ``running_mean = 1/B Σ mean_b`` and ``running_var = 1/B Σ var_b`` over the last B training
    batches, run through the present weights. The usual running averages lag behind weights that
    change fast, and those of averaged weights (EMA, SWA) belong to no network that ever ran
    (arXiv 1803.05407, section 3.2).

    Example::

        callbacks = [EMAWeightAveraging(decay=0.999), RecalibrateBatchNorm(batches=20)]
        Trainer(callbacks=callbacks).fit(module, loader, val_loader)

    What it needs: a batch norm, and batches whose first (or only) element the module's ``forward``
    takes. It keeps the images of the last B batches in memory. Training itself stays the same bit
    for bit. Its checkpoints load without it and hold the fresh statistics if they are saved after a
    validation. Each process of several uses its own batches; the first one's are saved.

    Args:
        batches: B, how many training batches.

    Raises:
        ValueError: ``batches`` is below 1; at ``setup``, `FreezeBatchNorm` is there too.
        TypeError: at ``setup``, the module has no batch norm.
    """

    def __init__(self, batches: int = 20) -> None:
        if batches < 1:
            raise ValueError(f"RecalibrateBatchNorm(batches={batches}): at least 1 is needed.")
        self.batches = batches
        self._images: deque[Tensor] = deque(maxlen=batches)

    def setup(self, trainer: Any, pl_module: LightningModule, stage: str) -> None:
        if stage != "fit":
            return
        if not batch_norms(pl_module):
            raise TypeError(
                f"RecalibrateBatchNorm found no batch norm in {type(pl_module).__name__}. "
                "Leave it out."
            )
        if any(isinstance(callback, FreezeBatchNorm) for callback in trainer.callbacks):
            raise ValueError(
                "FreezeBatchNorm keeps the statistics that RecalibrateBatchNorm would replace. "
                "Leave one of the two out."
            )

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        self._images.append(batch[0] if isinstance(batch, list | tuple) else batch)

    def on_validation_batch_start(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        # Here, since an average of the weights is swapped in by the hook before this one.
        if batch_idx == dataloader_idx == 0:
            self.recalibrate(trainer, pl_module)

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.recalibrate(trainer, pl_module)
        self._images.clear()

    def recalibrate(self, trainer: Any, pl_module: LightningModule) -> None:
        net: Any = getattr(pl_module, "net", None)
        with trainer.precision_plugin.forward_context():
            recalibrate_batch_norm(
                net if hasattr(net, "forward_with_aux") else pl_module, self._images
            )

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        self._images.clear()
