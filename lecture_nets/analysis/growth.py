"""The growth of logits and weights while a network trains: slide 6's claim, recorded."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor, nn

from lecture_nets.callbacks.label_smoothing import check_classes, check_epsilon
from lecture_nets.nets.layers import evaluating
from lecture_nets.training.checks import hard_labels

WEIGHED = (nn.Conv2d, nn.Linear)


def logit_gap(logits: Tensor) -> float:
    """By how much the largest logit is above the second largest, on average: (N, K) -> gap.

    Raises:
        ValueError: there are fewer than two classes.
    """
    check_has_others("logit_gap", logits)
    largest = logits.detach().double().topk(2, dim=1).values
    return (largest[:, 0] - largest[:, 1]).mean().item()


def label_margin(logits: Tensor, labels: Tensor) -> float:
    """By how much the label's logit is above the best other, on average: (N, K), (N,) -> margin.

    Below 0 where labels lose; equal to `logit_gap` where every label wins.

    Raises:
        ValueError: there are fewer than two classes.
    """
    check_has_others("label_margin", logits)
    logits, labels = logits.detach().double(), labels.long().unsqueeze(1)
    others = logits.scatter(1, labels, -math.inf).amax(dim=1)
    return (logits.gather(1, labels)[:, 0] - others).mean().item()


def check_has_others(function: str, logits: Tensor) -> None:
    if logits.shape[1] < 2:
        raise ValueError(
            f"{function}: found logits of shape {tuple(logits.shape)}, allowed are at least 2 "
            "classes (columns), since it compares two."
        )


def best_gap(epsilon: float, num_classes: int) -> float:
    """The gap that labels smoothed by ``epsilon`` ask for; beyond it the loss rises again.

    ``ln((1 − ε + ε/K) / (ε/K))``: where softmax equals the smoothed label. Infinite for ε = 0,
    which is why logits never come to rest (arXiv 1512.00567, section 7).

    Raises:
        ValueError: ``epsilon`` is not in [0, 1), or there are fewer than two classes.
    """
    check_epsilon(epsilon)
    check_classes(num_classes, None)
    share = epsilon / num_classes
    return math.log((1 - epsilon + share) / share) if share else math.inf


def weight_norm(module: nn.Module) -> float:
    """Euclidean norm of the weights of all convolutions and linear layers in ``module``.

    Biases and norms are left out. A layer that batch norm follows computes the same at any scale of
    its weights, so only layers without one say something about the size of logits.
    """
    weights = [layer.weight for layer in module.modules() if isinstance(layer, WEIGHED)]
    squares = sum(weight.detach().double().square().sum().item() for weight in weights)
    return math.sqrt(squares)


def last_layer(module: nn.Module) -> nn.Module:
    """The last convolution or linear layer: in ours, and as a rule, that of the logits.

    Raises:
        TypeError: there is none.
    """
    layers = [layer for layer in module.modules() if isinstance(layer, WEIGHED)]
    if not layers:
        raise TypeError(
            f"{type(module).__name__} has no convolution and no linear layer, so no weights grow."
        )
    return layers[-1]


@dataclass(frozen=True)
class Moment:
    """The measurements before one step of the optimizer, or at the end.

    Attributes:
        step: how many steps were behind it.
        logit_gap: largest minus second largest logit, mean over images.
        label_margin: the label's logit minus the best other, mean over images.
        weight_norm: of all convolutions and linear layers.
        last_layer_norm: of the layer that returns the logits.
    """

    step: int
    logit_gap: float
    label_margin: float
    weight_norm: float
    last_layer_norm: float


class RecordGrowth(Callback):
    """Records the gap between logits and the norm of weights, before every so many steps.

    Example::

        growth = RecordGrowth(every=10)
        Trainer(callbacks=[growth]).fit(module, loader)
        growth.moments[-1].logit_gap

    What it needs: batches of images and labels first (class indices, or soft labels, of which the
    largest counts), and a ``forward`` that returns logits (N, K).
    Logits are those of evaluation: no dropout, batch norm by its running statistics. Training stays
    the same bit for bit. What is written goes to the Trainer's loggers too.

    Args:
        every: steps of the optimizer from one moment to the next; the end of the fit is one more.
        batch: images (N, C, H, W) and labels (N,) to look at; left out, the batch of the step.

    Attributes:
        moments: of the present or last fit, in order.

    Raises:
        ValueError: ``every`` is below 1.
        TypeError: at ``setup``, the module has no convolution and no linear layer.
    """

    def __init__(self, every: int = 10, batch: tuple[Tensor, Tensor] | None = None) -> None:
        if every < 1:
            raise ValueError(f"RecordGrowth(every={every}): at least 1 is needed.")
        self.every = every
        self.batch = batch
        self.moments: list[Moment] = []
        self._latest: Any = None

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        if stage == "fit":
            last_layer(pl_module)
            self.moments = []

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        self._latest = batch
        if trainer.global_step % self.every == 0:
            self.record(trainer, pl_module)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if self._latest is not None:
            self.record(trainer, pl_module)
        self._latest = None

    @torch.no_grad()
    def record(self, trainer: Any, pl_module: LightningModule) -> None:
        step = trainer.global_step
        if self.moments and self.moments[-1].step == step:
            return  # gradients are being accumulated: the weights have not moved
        images, labels, *_ = self.batch or self._latest
        with evaluating(pl_module), trainer.precision_plugin.forward_context():
            logits = pl_module(images.to(pl_module.device))
        moment = Moment(
            step,
            logit_gap(logits),
            label_margin(logits, hard_labels(labels).to(logits.device)),
            weight_norm(pl_module),
            weight_norm(last_layer(pl_module)),
        )
        self.moments.append(moment)
        numbers = asdict(moment)
        del numbers["step"]
        for logger in trainer.loggers:
            logger.log_metrics(numbers, step)

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        self._latest = None
