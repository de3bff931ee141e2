"""Frozen batch norms: statistics and affine parameters of before, bit for bit."""

from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm as BatchNorm


def batch_norms(net: nn.Module) -> dict[str, BatchNorm]:
    """Every batch norm of ``net`` (any number of dimensions, synchronised or not) by its name."""
    return {name: part for name, part in net.named_modules() if isinstance(part, BatchNorm)}


def freeze_batch_norm(net: nn.Module) -> list[str]:
    """Batch norms use their stored statistics, and learn nothing: the names of those there are.

    ``y = γ·(x − running_mean)/√(running_var + ε) + β`` with none of the four changing. Calling
    ``net.train()`` afterwards lets the statistics move again.
    """
    norms = batch_norms(net)
    for norm in norms.values():
        norm.eval()
        for parameter in norm.parameters():
            parameter.requires_grad_(False)
            parameter.grad = None  # one left over would still be a step of the optimizer
    return list(norms)


class FreezeBatchNorm(Callback):
    """Batch norms stay as they were before the fit; everything else trains.

    ``y = γ·(x − running_mean)/√(running_var + ε) + β`` with none of the four changing (Ren et al.,
    arXiv 1506.01497, fine-tune a ResNet so). For fine-tuning on batches of a few images, whose own
    statistics are mostly noise.

    Example::

        module = InceptionV3Module.from_pretrained("torchvision", num_classes=10)
        Trainer(callbacks=[FreezeBatchNorm()]).fit(module, loader)

    What it needs: a batch norm that has seen data. Averages of the weights (EMA, SWA) have the same
    norms whenever they are validated, and at the end. Its checkpoints load without it; a fit of our
    modules that resumes from one needs it again, since their optimizers leave frozen tensors out.

    Raises:
        TypeError: at ``setup``, the module has no batch norm.
    """

    def __init__(self) -> None:
        self._before: list[tuple[nn.Module, bool, list[bool]]] = []
        self._norms: list[nn.Module] = []
        self._values: list[dict[str, Tensor]] = []

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        if stage != "fit":
            return
        self._before = [
            (norm, norm.training, [tensor.requires_grad for tensor in norm.parameters()])
            for norm in batch_norms(pl_module).values()
        ]
        # Here and not later: the optimizer is built next, and DDP wraps.
        if not freeze_batch_norm(pl_module):
            raise TypeError(
                f"FreezeBatchNorm found no batch norm in {type(pl_module).__name__}. Leave it out."
            )
        for norm, training, _ in self._before:
            norm.train(training)  # until the first batch: Lightning warns of layers in eval mode

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        # Not in `setup`: a checkpoint has been loaded and synchronised norms put in place since.
        self._norms = list(batch_norms(pl_module).values())
        self._values = [
            {name: value.clone() for name, value in norm.state_dict().items()}
            for norm in self._norms
        ]

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        for norm in self._norms:  # whoever called `train()` since
            norm.eval()

    def on_validation_batch_start(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        if batch_idx == 0:
            self.put_back()  # an average of the weights has been swapped in, rounded

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.put_back()  # SWA has set new statistics

    def put_back(self) -> None:
        for norm, values in zip(self._norms, self._values, strict=True):
            norm.load_state_dict(values)

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        self.teardown(trainer, pl_module, "fit")

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        for norm, training, trained in self._before:
            norm.train(training)
            for parameter, requires_grad in zip(norm.parameters(), trained, strict=True):
                parameter.requires_grad_(requires_grad)
        self._before, self._norms, self._values = [], [], []
