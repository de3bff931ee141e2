"""Public image sets that torchvision downloads, each by its name."""

import http.client
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from lecture_nets.data.base import ImageDataModule
from lecture_nets.data.image_files import BadImageError, to_rgb
from lecture_nets.data.prepared import Prepared, prepare_splits
from lecture_nets.data.torchvision_table import SETS
from lecture_nets.names import choose

# What torchvision raises when the files are not there, or are not all there.
_NOT_THERE = (RuntimeError, FileNotFoundError)

# The share of its training images a set gives up for each split that it does not have itself.
DRAWN_FRACTION = 0.1


class TorchvisionDataModule(ImageDataModule):
    """A public image set by its name: CIFAR10, CIFAR100, EuroSAT, FashionMNIST, and others.

    Downloaded once, with a progress bar. A split that the set does not have is drawn from its
    training images, always the same ones: a tenth for val, and for EuroSAT a tenth for test.

    Args:
        name: a key of ``torchvision_table.SETS``.
        data_dir: where the files are, or are put; by default ``$PATH_DATASETS``, else
            ``~/.cache/lecture_nets/datasets``.
        image_size: side of the square that the network sees.
        batch_size: images in a batch.
        num_workers: processes that load images; 0 loads in the main process.
        augment: vary the training images by random crops, mirroring and colors.
    """

    def __init__(
        self,
        name: str,
        *,
        data_dir: str | Path | None = None,
        image_size: int = 224,
        batch_size: int = 32,
        num_workers: int = 0,
        augment: bool = True,
    ) -> None:
        super().__init__(image_size, batch_size, num_workers)
        self.set_name = name
        self.facts = choose("set", name, SETS)
        self.data_dir = Path(data_dir or default_data_dir()).expanduser()
        self.augment = augment
        self.augmentation = "crop" if augment else None
        self.class_names = self.facts.class_names or tuple(self._torchvision_class().classes)
        self.mean, self.std = self.facts.mean, self.facts.std
        self.citation, self.license = self.facts.citation, self.facts.license

    def prepare_data(self) -> None:
        """Downloads the set, unless it is there."""
        try:
            self._open("train")
        except _NOT_THERE:
            self._download()

    def setup(self, stage: str | None = None) -> None:
        """Opens all splits, whatever the stage; later calls do nothing."""
        if hasattr(self, "train_set"):
            return
        parts = {split: self._open_whole(split) for split in self.facts.parts}
        drawn = draw_splits({part: len(images) for part, images in parts.items()})
        self.train_set, self.val_set, self.test_set = prepare_splits(
            {
                split: SetImages(self.set_name, parts[part], indices)
                for split, (part, indices) in drawn.items()
            },
            self.image_size,
            augment=self.augment,
            num_workers=self.num_workers,
        ).values()

    def unaugmented(self) -> Prepared:
        return self.train_set.unaugmented()  # pyright: ignore[reportAttributeAccessIssue]

    def _torchvision_class(self) -> Any:
        # torchvision.datasets is slow to import, and only wanted by those who use it.
        from torchvision import datasets

        return getattr(datasets, self.set_name)

    def _open(self, part: str, *, download: bool = False) -> Any:
        arguments, _ = self.facts.parts[part]
        return self._torchvision_class()(self.data_dir, **arguments, download=download)

    def _download(self) -> None:
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            self._open("train", download=True)
        except (OSError, RuntimeError, http.client.HTTPException) as error:
            raise RuntimeError(
                f"cannot download {self.set_name} to {self.data_dir}: {error}\n"
                f"Connect to the internet, or put {self.facts.files} into {self.data_dir}, "
                "or name the folder that has it: data_dir (--data.data_dir) or $PATH_DATASETS."
            ) from error

    def _open_whole(self, part: str) -> Any:
        """Opens a part and makes sure that it is all there, with the labels that were promised."""
        try:
            opened = self._open(part)
        except _NOT_THERE as error:
            raise RuntimeError(
                f"{self.set_name} is not in {self.data_dir}: {error}\n"
                f"Call prepare_data() to download it, or put {self.facts.files} there."
            ) from error
        _, size = self.facts.parts[part]
        if len(opened) != size:
            raise RuntimeError(
                f"{self.set_name} in {self.data_dir} has {len(opened):,} {part} images, "
                f"not {size:,}: a download or unpacking was interrupted\n"
                f"Delete its folder there ({self.facts.files}) and start again."
            )
        names = tuple(name if isinstance(name, str) else name[0] for name in opened.classes)
        if names != self.class_names:
            raise RuntimeError(
                f"{self.set_name} in {self.data_dir} has other classes than known\n"
                f"  found: {', '.join(names)}\n  known: {', '.join(self.class_names)}\n"
                f"Delete its folder there ({self.facts.files}) and start again."
            )
        return opened


class SetImages:
    """Some images of an opened torchvision set."""

    def __init__(self, name: str, opened: Any, indices: list[int]) -> None:
        self.name = name
        self.opened = opened
        self.indices = indices

    def __len__(self) -> int:
        return len(self.indices)

    def load(self, index: int, short_side: int | None) -> tuple[Image.Image, int]:
        try:
            image, label = self.opened[self.indices[index]]
        except OSError as error:
            raise BadImageError(
                f"{self.name}: image {self.indices[index]} cannot be read: {error}\n"
                "Delete the set's folder and start again, so that it is downloaded again."
            ) from error
        return to_rgb(image), int(label)


def draw_splits(sizes: Mapping[str, int]) -> dict[str, tuple[str, list[int]]]:
    """Size of each part that a set has -> for train, val, test: the part, and indices into it.

    Missing splits are drawn from train, always the same images, whatever the global seed.
    """
    splits = {part: (part, list(range(size))) for part, size in sizes.items()}
    order = torch.randperm(sizes["train"], generator=torch.Generator().manual_seed(0)).tolist()
    drawn = round(DRAWN_FRACTION * len(order))
    for split in ("val", "test"):
        if split not in splits:
            splits[split] = ("train", sorted(order[:drawn]))
            order = order[drawn:]
    splits["train"] = ("train", sorted(order))
    return {split: splits[split] for split in ("train", "val", "test")}


def default_data_dir() -> Path:
    """``$PATH_DATASETS``, else ``~/.cache/lecture_nets/datasets``."""
    return Path(os.environ.get("PATH_DATASETS") or "~/.cache/lecture_nets/datasets")
