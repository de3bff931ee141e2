"""Predictions of a trained network for the test images, and its mistakes."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor
from torchmetrics.functional.classification import multiclass_confusion_matrix

from lecture_nets.data.base import ImageDataModule
from lecture_nets.nets.layers import evaluating
from lecture_nets.progress import progress

SLOW = 20  # batches that take about a second or more, from which on a bar is shown


@dataclass(frozen=True)
class Predictions:
    """The predictions of a network for a set.

    Attributes:
        samples: of the set; each begins with the ``uint8`` image (3, H, W).
        labels: (N,).
        probabilities: (N, K).
        class_names: what label ``i`` is called, K of them.
    """

    samples: Any
    labels: Tensor
    probabilities: Tensor
    class_names: Sequence[str]

    @cached_property
    def guesses(self) -> Tensor:
        """The likeliest class of each image: (N,)."""
        return self.probabilities.argmax(dim=1)

    @cached_property
    def confidence(self) -> Tensor:
        """The probability of each guess: (N,)."""
        return self.probabilities.amax(dim=1)

    @cached_property
    def confusion(self) -> Tensor:
        """Counts of how often class i (row) was taken for class j (column): (K, K)."""
        classes = self.probabilities.shape[1]
        return multiclass_confusion_matrix(self.guesses, self.labels, classes)

    @property
    def hits(self) -> int:
        """The number of images that are classified correctly."""
        return int(self.confusion.trace())

    @property
    def accuracy(self) -> float:
        return self.hits / len(self.labels)

    def surest(self, chosen: Tensor) -> list[int]:
        """Indices of the images that ``chosen`` (N,) holds true for, the surest guess first."""
        order = self.confidence.argsort(descending=True, stable=True)
        return order[chosen[order]].tolist()


def predict_test_set(module: Any, data: ImageDataModule) -> Predictions:
    """Run ``module`` over the test images of ``data``, which is set up for them."""
    labels, probabilities = [], []
    batches = data.test_dataloader()
    with evaluating(module):
        for batch in progress(batches, "Classifying the test images", bar_from=SLOW):
            probabilities.append(module(batch[0].to(module.device)).softmax(dim=1).float().cpu())
            labels.append(batch[1])
    # The few pictures that are shown come from the set again; a large one would not fit twice.
    return Predictions(data.test_set, torch.cat(labels), torch.cat(probabilities), data.class_names)


@dataclass(frozen=True)
class ClassScore:
    """The results of one class; ``None`` where nothing can be said.

    Attributes:
        images: of this class.
        precision: share of the images classified so that are of this class.
        recall: share of the images of this class that are classified so.
        f1: harmonic mean of the two.
    """

    images: int
    precision: float | None
    recall: float | None
    f1: float | None


def score_classes(confusion: Tensor) -> list[ClassScore]:
    """The score of each class: (K, K), as in `Predictions` -> K scores."""
    hits, images, named = confusion.diagonal(), confusion.sum(dim=1), confusion.sum(dim=0)
    return [
        ClassScore(
            own,
            hit / so_named if so_named else None,
            hit / own if own else None,
            2 * hit / (own + so_named) if own + so_named else None,
        )
        for hit, own, so_named in zip(hits.tolist(), images.tolist(), named.tolist(), strict=True)
    ]


def most_confused(confusion: Tensor, most: int) -> list[tuple[int, int, int]]:
    """Up to ``most`` kinds of mistakes (class, taken for, how often), the most frequent first."""
    mistakes = confusion - confusion.diag().diag()
    order = mistakes.flatten().argsort(descending=True, stable=True)[:most].tolist()
    pairs = [divmod(index, len(confusion)) for index in order]
    return [(i, j, int(mistakes[i, j])) for i, j in pairs if mistakes[i, j]]
