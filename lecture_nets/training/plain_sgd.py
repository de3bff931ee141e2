"""Plain training, so that nothing but the question differs between two runs."""

from collections.abc import Callable, Sequence
from typing import Literal

import torch
from lightning.pytorch import Callback, LightningDataModule
from lightning.pytorch.utilities.seed import isolate_rng
from torch import nn

from lecture_nets.callbacks.label_smoothing import LabelSmoothing
from lecture_nets.training.classifier import ImageClassifier
from lecture_nets.training.quiet import quiet_trainer
from lecture_nets.training.recipes import Recipe


def fit_plainly(
    build: Callable[[], nn.Module],
    data: LightningDataModule,
    epochs: int,
    *,
    lr: float,
    weight_decay: float = 0.0,
    epsilon: float = 0.0,
    schedule: Literal["constant", "one_cycle"] = "constant",
    seed: int = 0,
    callbacks: Sequence[Callback] = (),
) -> ImageClassifier:
    """Train a new network by SGD with a momentum of 0.9; the module, in evaluation mode.

    Nothing is written, validated, clipped or averaged. Weight decay acts on every parameter. The
    state of the random generators is restored afterwards.

    Args:
        build: makes the network, after the seed is set.
        data: what it learns from.
        epochs: passes over the training images.
        lr: learning rate, or its peak.
        weight_decay: λ of the gradient's ``+ λ·w``.
        epsilon: of `LabelSmoothing`; 0 for none.
        schedule: ``"one_cycle"`` as in `Recipe`.
        seed: of the network, the order of images, augmentation and dropout.
        callbacks: of the Trainer.
    """
    with isolate_rng():
        torch.manual_seed(seed)
        recipe = Recipe(
            source="the call of fit_plainly",
            optimizer="sgd",
            lr=lr,
            options={"momentum": 0.9, "weight_decay": weight_decay},
            schedule="one_cycle" if schedule == "one_cycle" else "step",
            gamma=1.0,  # a step that changes nothing
        )
        module = ImageClassifier(build(), recipe=recipe)
        trainer = quiet_trainer(
            max_epochs=epochs,
            limit_val_batches=0,
            callbacks=[*callbacks, LabelSmoothing(epsilon)],
        )
        trainer.fit(module, datamodule=data)
    return module.eval()
