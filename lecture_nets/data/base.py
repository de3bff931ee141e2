"""The base of all image data modules: the facts a classifier asks for, and loaders."""

from collections.abc import Sequence
from typing import Any

import torch
from lightning.pytorch import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler, default_collate

from lecture_nets.data.order import EpochOrder, Repeatable

STALLED = 300  # seconds that loader processes may take for one batch
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def normalize(images: Tensor, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """``uint8`` images (N, C, H, W) -> floats of about zero mean and unit variance.

    Args:
        images: of any number of channels C.
        mean: of each channel, for pixels in 0…1.
        std: of each channel, for pixels in 0…1.

    Raises:
        ValueError: ``mean`` or ``std`` is not of C numbers.
    """
    channels = images.shape[-3]
    if not len(mean) == len(std) == channels:
        raise ValueError(
            f"normalize: found mean {tuple(mean)} and std {tuple(std)} for images of {channels} "
            f"channels {tuple(images.shape)}; allowed is one number per channel. Set mean and std "
            "of the data module."
        )
    shift = torch.tensor(mean).view(-1, 1, 1) * 255
    scale = torch.tensor(std).view(-1, 1, 1) * 255
    # In place: at 224 pixels, two more copies of the batch take 20 times as long.
    return images.float().sub_(shift).div_(scale)


class ImageDataModule(LightningDataModule):
    """Images and labels in three splits.

    Subclasses fill ``class_names`` while they are constructed, so that a network can be built for
    them, and ``train_set``, ``val_set``, ``test_set`` in ``setup``. Each set yields
    ``(image, label, *truth)``, the image as ``uint8`` of shape ``(C, image_size, image_size)``;
    the loaders yield normalized float batches ``(N, C, image_size, image_size)`` and labels
    ``(N,)``. ``mean`` and ``std`` say how many channels C there are; the network is built with
    ``in_channels=C``.

    A training set that varies its images at random also says so, for `write_shards`: it sets
    ``augmentation`` and overrides ``unaugmented``.

    Attributes:
        class_names: what label ``i`` is called.
        mean: mean of each channel, for pixels in 0…1.
        std: standard deviation of each channel, for pixels in 0…1.
        citation: how to cite the data.
        license: under which terms the data may be used.
        augmentation: what is done to training images at random each time they are read, a key of
            ``shards.AUGMENTATIONS``; ``None``: nothing.
    """

    class_names: tuple[str, ...]
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD
    citation: str
    license: str
    augmentation: str | None = None
    train_set: Dataset
    val_set: Dataset
    test_set: Dataset

    def __init__(self, image_size: int, batch_size: int, num_workers: int = 0) -> None:
        super().__init__()
        for name, value in {"image_size": image_size, "batch_size": batch_size}.items():
            if value < 1:
                raise ValueError(f"{name} must be 1 or more, got {value}")
        self.image_size = image_size
        self.batch_size = batch_size
        self.num_workers = num_workers

    @property
    def num_classes(self) -> int:
        return len(self.class_names)

    def unaugmented(self) -> Dataset:
        """The training set as it is before ``augmentation``; two reads of an index are equal."""
        return self.train_set

    def normalize(self, images: Tensor) -> Tensor:
        return normalize(images, self.mean, self.std)

    def collate(self, samples: list[tuple[Any, ...]]) -> list[Any]:
        images, labels, *truth = default_collate(samples)
        return [self.normalize(images), labels, *truth]

    def loader(
        self, dataset: Dataset, *, train: bool = False, sampler: Sampler[int] | None = None
    ) -> DataLoader:
        size = len(dataset)  # pyright: ignore[reportArgumentType]
        if train and size < 2:
            raise ValueError(f"training needs two images or more, the training set has {size}")
        if train and sampler is None:
            sampler = EpochOrder(dataset)
            size = len(sampler)  # of several processes each has its share
        if train and self.augmentation:
            dataset = Repeatable(dataset)
        # A last batch of one image would stop batch norm on a 1x1 map, after a whole epoch of work.
        single_image_left = size % self.batch_size == 1
        return DataLoader(
            dataset,
            batch_size=self.batch_size,
            sampler=sampler,
            drop_last=train and single_image_left,
            num_workers=self.num_workers,
            persistent_workers=self.num_workers > 0,
            timeout=STALLED
            if self.num_workers
            else 0,  # a dead network disk must not wait for ever
            pin_memory=torch.cuda.is_available(),
            collate_fn=self.collate,
            # The seeds of loader processes, which nothing here needs, are not drawn from the run's
            # random numbers: a resumed run starts its processes another number of times.
            generator=torch.Generator(),
        )

    def train_dataloader(self) -> DataLoader:
        return self.loader(self.train_set, train=True)

    def val_dataloader(self) -> DataLoader:
        return self.loader(self.val_set)

    def test_dataloader(self) -> DataLoader:
        return self.loader(self.test_set)

    def predict_dataloader(self) -> DataLoader:
        return self.loader(self.test_set)
