"""Accuracy by any recipe, as a search for the best learning rate needs it: on either split.

sgd = Recipe(optimizer="sgd", lr=0.1, options={"momentum": 0.9})
accuracy_by_recipe(build, data, 6, sgd).validation
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from lightning.pytorch import Trainer
from lightning.pytorch.utilities.seed import isolate_rng
from torch import nn

from lecture_nets.analysis.depth import mistakes
from lecture_nets.data.base import ImageDataModule
from lecture_nets.training.classifier import ImageClassifier
from lecture_nets.training.finite_guard import NonFiniteError
from lecture_nets.training.recipes import Recipe


class Accuracy(NamedTuple):
    """Share of images classified correctly, 0…1: choose by the first, report the second."""

    validation: float
    test: float


def accuracy_by_recipe(
    build: Callable[[], nn.Module],
    data: ImageDataModule,
    epochs: int,
    recipe: Recipe,
    *,
    seed: int = 0,
) -> Accuracy:
    """Train a new network and measure it; one that diverges has the accuracy of guessing.

    Nothing is written, and the state of the random generators is restored afterwards.

    Args:
        build: makes the network, after the seed is set.
        data: set up.
        epochs: passes over the training images.
        recipe: optimizer, rate and schedule.
        seed: of the first weights and of the order of images.
    """
    with isolate_rng():
        torch.manual_seed(seed)
        module = ImageClassifier(build(), recipe=recipe)
        trainer = Trainer(
            max_epochs=epochs,
            gradient_clip_val=recipe.gradient_clip,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            limit_val_batches=0,
        )
        try:
            trainer.fit(module, datamodule=data)
        except NonFiniteError:
            return Accuracy(1 / data.num_classes, 1 / data.num_classes)
        module.eval()
        found = [mistakes(module, each) for each in (data.val_dataloader(), data.test_dataloader())]
    return Accuracy(*(1 - wrong / images for wrong, images in found))
