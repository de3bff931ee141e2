"""Deeper against better: train networks alike, and compare their test errors.

    data = PartsWorldDataModule(image_size=96, difficulty="hard")
    rungs = ladder([ShallowSVMModule(), AlexNetModule(width=0.25)], data, epochs=5)
    [(rung.name, rung.depth, rung.test_error) for rung in rungs]

The same as a chart: `lecture_nets.visualize.ladder`.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

from lightning.pytorch import seed_everything

from lecture_nets.analysis.cost import cost
from lecture_nets.data.base import ImageDataModule
from lecture_nets.nets.network import Network
from lecture_nets.training.classifier import ImageClassifier
from lecture_nets.training.quiet import quiet_trainer


@dataclass(frozen=True)
class Rung:
    """One trained network.

    Attributes:
        name: of the network's class.
        depth: convolutions and linear layers on the longest path, as in `lecture_nets.analysis`.
        parameters: of trunk and head.
        test_images: how many were classified.
        wrong: how many of these were given a class that is not theirs.
        seconds: that the fit took.
    """

    name: str
    depth: int
    parameters: int
    test_images: int
    wrong: int
    seconds: float

    @property
    def test_error(self) -> float:
        """Top-1 error, 0…1."""
        return self.wrong / self.test_images


def ladder(
    modules: Iterable[ImageClassifier],
    data: ImageDataModule,
    epochs: int,
    *,
    seed: int = 0,
    **options: Any,
) -> tuple[Rung, ...]:
    """Train each module for the same epochs on the same images and test it; write no files.

    A module sees the images in an order that does not depend on the modules before it. It learns
    by its own recipe: on images of your own, build it with ``recipe="quick"`` unless you have days.

    Args:
        modules: with networks of `lecture_nets.nets`; trained in place.
        data: what all learn from and are tested on.
        epochs: passes over the training images.
        seed: of the order of images, their augmentation, and dropout. Weights are drawn before,
            when a module is built.
        options: of the Trainer, such as ``enable_progress_bar=True``.

    Returns:
        A rung for each module, in the order given.
    """
    return tuple(climb(module, data, epochs, seed, options) for module in modules)


def climb(
    module: ImageClassifier, data: ImageDataModule, epochs: int, seed: int, options: dict[str, Any]
) -> Rung:
    """The rung of one module."""
    net = cast(Network, module.net)
    count = cost(net, data.image_size)  # before training: it refuses images that are too small
    trainer = quiet_trainer(**(dict(max_epochs=epochs, limit_val_batches=0) | options))
    seed_everything(seed, verbose=False)
    start = time.perf_counter()
    trainer.fit(module, datamodule=data)
    seconds = time.perf_counter() - start
    (results,) = trainer.test(module, datamodule=data, verbose=False)
    images = len(cast(Any, data.test_set))
    return Rung(
        name=type(net).__name__,
        depth=count.depth,
        parameters=count.parameters,
        test_images=images,
        wrong=round((1 - results["test_acc"]) * images),
        seconds=round(seconds, 1),
    )
