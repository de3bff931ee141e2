"""The images as a dataset: drawn once and kept in memory, or drawn new for every epoch."""

from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from lecture_nets.data.hierarchy_world.chance import choices, random_bytes
from lecture_nets.data.hierarchy_world.grammar import Grammar, check_range, make_grammar
from lecture_nets.data.hierarchy_world.strokes import MIN_CELL, draw
from lecture_nets.names import choose

SPLITS = ("train", "val", "test")
SYNONYMS, LABEL_NOISE = 3, 4  # keep these random numbers apart from those of `strokes`


@lru_cache(maxsize=8)
def draw_split(
    grammar: Grammar, seed: int, split: int, size: int, image_size: int
) -> tuple[Tensor, dict[str, Tensor]]:
    """The first ``size`` images of a split; a second call with the same settings is free."""
    return draw_images(grammar, (seed, split, 0), np.arange(size), image_size)


def draw_images(
    grammar: Grammar, key: tuple[int, ...], indices: np.ndarray, image_size: int
) -> tuple[Tensor, dict[str, Tensor]]:
    """Images ``uint8`` ``(N, 3, S, S)``, and the symbols of each level ``(N, side, side)``.

    Args:
        grammar: the rules of the world.
        key: seed, split and epoch.
        indices: of the images, ``(N,)``; classes take turns along them.
        image_size: side ``S``.
    """
    labels = indices % len(grammar.rules[0])
    random = random_bytes((*key, SYNONYMS), indices, 2 * grammar.derivations)
    symbols = grammar.derive(labels, choices(random, grammar.rules[0].shape[1]))
    strokes = symbols[grammar.levels[-1]]
    images = draw(strokes, key, indices, image_size // grammar.side)
    return torch.from_numpy(images), {
        level: torch.from_numpy(grid) for level, grid in symbols.items()
    }


class HierarchyWorld(Dataset):
    """One split of the drawn images. Image = f(seed, split, index), on every machine.

    Sample ``i`` is ``(image, label)``, the image ``uint8`` ``(3, S, S)``, the label an ``int``.
    Classes take turns. With ``return_truth`` a sample is ``(image, label, truth)``, where ``truth``
    holds for every level the symbols in their places, ``uint8``: ``class`` ``(1, 1)``, ``part``
    ``(2, 2)``, ``texture`` ``(4, 4)``, ``stroke`` ``(8, 8)``.

    With ``fresh``, index ``epoch · size + i`` is image ``i`` of that epoch, for every epoch from 0
    on, drawn when asked for; epoch 0 is the set without ``fresh``.

    Args:
        split: ``"train"``, ``"val"`` or ``"test"``.
        size: number of images; a larger set starts with the same images.
        image_size: side ``S``, a multiple of ``2**levels``.
        seed: another seed draws other rules and other images.
        synonyms: arrangements of every symbol.
        levels: how many times a symbol is made of four others.
        symbols: of each level below the class.
        num_classes: number of classes.
        label_noise: probability that a label is replaced by one of the others.
        fresh: indices go on through further epochs.
        return_truth: also yield the symbols.

    Attributes:
        grammar: the rules, the same for all splits of a seed.
        images: the first epoch's images, ``(N, 3, S, S)`` ``uint8``.
        truth: their symbols by level, ``(N, side, side)`` ``uint8``.
        labels: the labels that their samples carry, ``(N,)``.
        true_labels: the labels before label noise, ``(N,)``.

    Raises:
        ValueError: an option is out of range.
    """

    def __init__(
        self,
        split: str = "train",
        size: int = 4000,
        image_size: int = 64,
        seed: int = 0,
        *,
        synonyms: int = 3,
        levels: int = 3,
        symbols: int = 8,
        num_classes: int = 10,
        label_noise: float = 0.0,
        fresh: bool = False,
        return_truth: bool = False,
    ) -> None:
        choose("split", split, dict.fromkeys(SPLITS))
        check_arguments(size, image_size, seed, levels, label_noise)
        self.grammar = make_grammar(seed, num_classes, symbols, synonyms, levels)
        self.split = SPLITS.index(split)
        self.size, self.image_size, self.seed = size, image_size, seed
        self.label_noise = label_noise
        self.fresh, self.return_truth = fresh, return_truth
        self.true_labels = torch.arange(size) % num_classes
        self.labels = self.labels_of(0, np.arange(size))

    @property
    def images(self) -> Tensor:
        return self.first_epoch()[0]

    @property
    def truth(self) -> dict[str, Tensor]:
        return self.first_epoch()[1]

    def first_epoch(self) -> tuple[Tensor, dict[str, Tensor]]:
        return draw_split(self.grammar, self.seed, self.split, self.size, self.image_size)

    def labels_of(self, epoch: int, indices: np.ndarray) -> Tensor:
        """The labels that images of an epoch carry: ``(N,)``."""
        classes = len(self.grammar.rules[0])
        key = (self.seed, self.split, epoch, LABEL_NOISE)
        chance, other = choices(random_bytes(key, indices, 4), 2**16).T
        wrong = chance < self.label_noise * 2**16
        shift = 1 + (other * (classes - 1) >> 16)
        return torch.from_numpy((indices + np.where(wrong, shift, 0)) % classes)

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        (sample,) = self.__getitems__([index])
        return sample

    def __getitems__(self, indices: list[int]) -> list[tuple[Any, ...]]:
        """Samples of a whole batch at once, which loaders ask for."""
        end = float("inf") if self.fresh else self.size
        places = np.array([self.from_start(index, end) for index in indices])
        images = torch.empty((len(places), 3, self.image_size, self.image_size), dtype=torch.uint8)
        truth = {
            level: torch.empty((len(places), 2**power, 2**power), dtype=torch.uint8)
            for power, level in enumerate(self.grammar.levels)
        }
        labels = torch.empty(len(places), dtype=torch.long)
        epochs, within = np.divmod(places, self.size)
        for epoch in np.unique(epochs).tolist():
            here = torch.from_numpy(epochs == epoch)
            chosen = within[epochs == epoch]
            labels[here] = self.labels_of(epoch, chosen)
            images[here], symbols = self.drawn(epoch, chosen)
            for level, grid in symbols.items():
                truth[level][here] = grid
        rows = [(image, label) for image, label in zip(images, labels.tolist(), strict=True)]
        if not self.return_truth:
            return rows
        return [
            (*row, {level: grid[i] for level, grid in truth.items()}) for i, row in enumerate(rows)
        ]

    def from_start(self, index: int, end: float) -> int:
        place = index + self.size if index < 0 else index
        if not 0 <= place < end:
            raise IndexError(
                f"HierarchyWorld: found index {index} in a set of {self.size} images; "
                f"allowed are {-self.size} to {end - 1:.0f}"
            )
        return place

    def drawn(self, epoch: int, indices: np.ndarray) -> tuple[Tensor, dict[str, Tensor]]:
        """Images of an epoch and their symbols; from memory where they are kept."""
        if not self.fresh:
            images, truth = self.first_epoch()
            return images[indices], {level: grid[indices] for level, grid in truth.items()}
        key = (self.seed, self.split, epoch)
        return draw_images(self.grammar, key, indices, self.image_size)


def check_arguments(size: int, image_size: int, seed: int, levels: int, label_noise: float) -> None:
    check_range("size", size, range(1, 2**40))
    check_range("seed", seed, range(2**32))
    check_image_size(image_size, levels)
    if not 0 <= label_noise <= 1:
        raise ValueError(
            f"label_noise={label_noise}, but it is a probability; give a number from 0 to 1"
        )


def check_image_size(image_size: int, levels: int) -> None:
    side = 2**levels
    if image_size % side or image_size < side * MIN_CELL:
        nearest = max(MIN_CELL, round(image_size / side)) * side
        raise ValueError(
            f"image_size={image_size}, but {side}x{side} strokes of at least {MIN_CELL} pixels "
            f"need a multiple of {side}, from {side * MIN_CELL} on; give {nearest}"
        )
