"""Images decoded once, kept in memory, cropped in each epoch to the squares that a network sees."""

from collections.abc import Mapping
from copy import copy
from typing import Any, Protocol

from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from lecture_nets.data.image_files import shrink
from lecture_nets.data.transforms import MARGIN, eval_transform, train_transform

CACHE_BYTES = 2_000_000_000


class ImageList(Protocol):
    """Labeled images that are decoded when asked for."""

    def __len__(self) -> int: ...

    def load(self, index: int, short_side: int | None) -> tuple[Image.Image, int]:
        """Index -> RGB image, label. A short side of ``short_side`` pixels is enough."""
        ...


class ByteBudget:
    """So many bytes may be kept; several sets can share one budget."""

    def __init__(self, limit: int = CACHE_BYTES) -> None:
        self.left = limit

    def take(self, size: int) -> bool:
        """Whether ``size`` bytes are still to be had; if so, they are taken."""
        if size > self.left:
            return False
        self.left -= size
        return True


class Prepared(Dataset):
    """Images -> ``(uint8 image (3, S, S), label)``.

    For training each image is kept a little larger than the square and cropped each time it is
    read; for evaluation its middle square is kept. What the budget has no room for is decoded each
    time. With loader processes, each of them keeps its own images and has its own copy of the
    budget.

    Args:
        images: what to read.
        image_size: side of the square.
        augment: vary the images at random.
        budget: limit of the memory used.
    """

    def __init__(
        self, images: ImageList, image_size: int, *, augment: bool, budget: ByteBudget
    ) -> None:
        self.images = images
        self.short_side = round(MARGIN * image_size) if augment else None
        self.to_square = eval_transform(image_size)
        self.vary = train_transform(image_size) if augment else None
        self.budget = budget
        self._kept: dict[int, tuple[Tensor, int]] = {}

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        image, label = self._kept.get(index) or self._read(index)
        return (self.vary(image) if self.vary else image), label

    def unaugmented(self) -> "Prepared":
        """The same images as they are before they are varied, a little larger than the square."""
        plain = copy(self)
        plain.vary = None
        return plain

    def _read(self, index: int) -> tuple[Tensor, int]:
        whole, label = self.images.load(index, self.short_side)
        image = shrink(whole, self.short_side) if self.short_side else self.to_square(whole)
        if self.budget.take(image.nbytes):
            self._kept[index] = image, label
        return image, label

    def __getstate__(self) -> dict[str, Any]:
        # A loader process that is not forked would be sent every image.
        return {**self.__dict__, "_kept": {}}


def prepare_splits(
    images: Mapping[str, ImageList], image_size: int, *, augment: bool, num_workers: int
) -> dict[str, Prepared]:
    """Images of each split -> its set, all on one budget; only ``train`` is augmented."""
    budget = ByteBudget(CACHE_BYTES // max(1, num_workers))
    return {
        split: Prepared(some, image_size, augment=augment and split == "train", budget=budget)
        for split, some in images.items()
    }
