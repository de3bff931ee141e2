"""Depth alone: networks that differ in nothing but depth or width, trained and tested alike.

    data = HierarchyWorldDataModule(image_size=32, batch_size=64, synonyms=4)
    runs = train_alike({f"{n} layers": partial(HierarchyStack, n) for n in (3, 4, 5, 6)}, data, 8)
    [(run.depth, run.train_error, run.test_error) for run in runs]

Drawn by `lecture_nets.visualize.depth.draw_depth`.
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

import torch
from lightning.pytorch import Trainer
from lightning.pytorch.utilities.seed import isolate_rng
from torch.utils.data import DataLoader

from lecture_nets.analysis.cost import cost
from lecture_nets.analysis.label_noise import Interval
from lecture_nets.data.base import ImageDataModule
from lecture_nets.nets.layers import evaluating
from lecture_nets.nets.network import Network
from lecture_nets.training.classifier import ImageClassifier

Z_975 = 1.96  # of the normal distribution


@dataclass(frozen=True)
class DepthPoint:
    """One point of a curve of error by depth.

    Attributes:
        depth: convolutions and linear layers on the longest path.
        parameters: of trunk and head.
        test_error: mean and interval, 0…1.
    """

    depth: int
    parameters: int
    test_error: Interval


@dataclass(frozen=True)
class TrainedAlike:
    """One network that was trained as the others were.

    Attributes:
        name: what it is called.
        depth: convolutions and linear layers on the longest path.
        parameters: of trunk and head.
        train_error: share of the training images that it misclassifies afterwards, 0…1.
        test_images: how many it was tested on.
        wrong: how many of these it misclassified.
        seconds: that the fit took.
        net: the network, in evaluation mode.
    """

    name: str
    depth: int
    parameters: int
    train_error: float
    test_images: int
    wrong: int
    seconds: float
    net: Network

    @property
    def test_error(self) -> float:
        """Share of the test images that it misclassifies, 0…1."""
        return self.wrong / self.test_images

    @property
    def interval(self) -> Interval:
        """The 95 % interval of the test error, for this network on further images."""
        return wilson_interval(self.wrong, self.test_images)

    @property
    def point(self) -> DepthPoint:
        """The network as a point of `lecture_nets.visualize.depth.draw_depth`."""
        return DepthPoint(self.depth, self.parameters, self.interval)


def wilson_interval(hits: int, tests: int) -> Interval:
    """The 95 % interval of Wilson for a share, which stays within 0…1.

    Raises:
        ValueError: no tests, or more hits than tests.
    """
    if not 0 <= hits <= tests or not tests:
        raise ValueError(
            f"wilson_interval: found {hits} hits in {tests} tests; allowed are 0 to as many hits "
            "as there are tests, of which one at least is needed."
        )
    share, square = hits / tests, Z_975**2
    half = Z_975 * math.sqrt(share * (1 - share) / tests + square / (4 * tests**2))
    scale = 1 + square / tests
    return Interval((share + square / (2 * tests)) / scale, half / scale)


def train_alike(
    builds: Mapping[str, Callable[[], Network]],
    data: ImageDataModule,
    epochs: int,
    *,
    seed: int = 0,
) -> tuple[TrainedAlike, ...]:
    """Train networks on the same images in the same order by the quick recipe, and test them.

    Nothing is written, and random numbers come afterwards as if nothing had been.

    Args:
        builds: by name, what makes a network, after the seed is set.
        data: what all learn from and are tested on.
        epochs: passes over the training images; 0 for untrained networks.
        seed: of the weights and of the order of images.

    Returns:
        One result for each network, in order.
    """
    data.setup("fit")
    data.setup("test")
    return tuple(train_one(name, build, data, epochs, seed) for name, build in builds.items())


def train_one(
    name: str, build: Callable[[], Network], data: ImageDataModule, epochs: int, seed: int
) -> TrainedAlike:
    with isolate_rng():
        torch.manual_seed(seed)
        net = build()
        count = cost(net, data.image_size)  # refuses images that are too small, before the training
        module = ImageClassifier(net, recipe="quick")
        trainer = Trainer(
            max_epochs=epochs,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            limit_val_batches=0,
        )
        start = time.perf_counter()
        if epochs:
            trainer.fit(module, datamodule=data)
        seconds = time.perf_counter() - start
        module.eval()
        train_wrong, train_images = mistakes(module, data.loader(data.train_set))
        wrong, tests = mistakes(module, data.test_dataloader())
    return TrainedAlike(
        name=name,
        depth=count.depth,
        parameters=count.parameters,
        train_error=train_wrong / train_images,
        test_images=tests,
        wrong=wrong,
        seconds=round(seconds, 1),
        net=cast(Network, module.net),
    )


def mistakes(module: ImageClassifier, loader: DataLoader) -> tuple[int, int]:
    """Count misclassified images of a loader, and all images."""
    wrong = tests = 0
    with evaluating(module):
        for images, labels, *_ in loader:
            guesses = module(images.to(module.device)).argmax(1).cpu()
            wrong += int((guesses != labels).sum())
            tests += len(labels)
    return wrong, tests
