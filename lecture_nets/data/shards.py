"""Images as litdata shards: a few large files that many machines read, each its part."""

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from lecture_nets.data.base import ImageDataModule
from lecture_nets.data.parts_world.dataset import flip_and_shift
from lecture_nets.data.transforms import train_transform
from lecture_nets.names import choose
from lecture_nets.progress import progress

FACTS = "facts.json"
KEPT = ("image_size", "class_names", "mean", "std", "citation", "license")
READ_TWICE = 64  # images of a split, to see whether chance is at work
Augment = Callable[[Tensor], Tensor]
# What training images go through when they are read, given the side of the square.
AUGMENTATIONS: dict[str | None, Callable[[int], Augment | None]] = {
    "crop": train_transform,
    "shift": lambda image_size: flip_and_shift,
    None: lambda image_size: None,
}


def write_shards(data: ImageDataModule, root: str | Path, *, chunk_bytes: str = "64MB") -> Path:
    """Write the three splits of a data module as litdata shards, which `ShardsDataModule` reads.

    Images and labels only, as ``uint8`` pixels. Evaluation images are written as the network will
    see them, training images as ``data.unaugmented()`` has them; ``data.augmentation`` is done
    when they are read.

    Args:
        data: what to write.
        root: a folder that is not there yet, or empty.
        chunk_bytes: size of a shard.

    Raises:
        FileExistsError: there is something in ``root``.
        ValueError: two reads of one image differ, so that one random augmentation would be written
            for good; or ``data.augmentation`` is none of `AUGMENTATIONS`.
        ModuleNotFoundError: the extra ``scale`` is not installed.
    """
    check_litdata()
    from litdata.streaming.writer import BinaryWriter

    root = Path(root)
    if root.exists() and any(root.iterdir()):
        raise FileExistsError(f"write_shards: {root} is not empty. Name a new folder, or empty it.")
    choose("augmentation", data.augmentation, AUGMENTATIONS)
    data.prepare_data()
    data.setup(None)  # pyright: ignore[reportArgumentType]  # all splits
    sets = {"train": data.unaugmented(), "val": data.val_set, "test": data.test_set}
    for split, images in sets.items():
        check_fixed(images, f"{type(data).__name__}, {split}")
    for split, images in sets.items():
        folder = root / split
        folder.mkdir(parents=True)
        writer: Any = BinaryWriter(str(folder), chunk_bytes=chunk_bytes)
        for index in progress(range(size_of(images)), f"writing {split}"):
            writer[index] = sample(images, index)
        writer.done()
        writer.merge()
    # Shards that were written before this name carry the word `variation`, and are read by it.
    facts = {key: getattr(data, key) for key in KEPT} | {"variation": data.augmentation}
    # Last, so that a folder with facts is a whole one.
    (root / FACTS).write_text(json.dumps(facts, indent=2) + "\n")
    return root


def check_fixed(images: Dataset, name: str) -> None:
    """Raise a `ValueError` if reading an image twice gives two images."""
    size = size_of(images)
    for index in range(0, size, max(1, size // READ_TWICE)):
        (first, label), (second, other) = sample(images, index), sample(images, index)
        if label != other or not torch.equal(first, second):
            raise ValueError(
                f"write_shards: two reads of image {index} of {name} differ, so one random "
                "augmentation would be written for good. Let the data module's unaugmented() "
                "return the training set before chance comes in, and its attribute augmentation "
                "name what is done when it is read."
            )


def sample(images: Any, index: int) -> tuple[Tensor, int]:
    """Image and label, without what else a data set knows of them."""
    image, label, *_ = images[index]
    return image, int(label)


def size_of(images: Any) -> int:
    return len(images)


class ShardsDataModule(ImageDataModule):
    """Images that `write_shards` wrote, on this machine's disk or on one that many machines share.

    Every process of a training, and every worker of it, reads its own part, in another order each
    epoch; training leaves out the last, incomplete batch.

    Args:
        root: the folder.
        batch_size: images in a batch.
        num_workers: processes that read images; 0 reads in the main process.

    Raises:
        ValueError: ``root`` holds no shards of `write_shards`, or not all of them.
        ModuleNotFoundError: the extra ``scale`` is not installed.
    """

    def __init__(self, root: str | Path, *, batch_size: int = 32, num_workers: int = 0) -> None:
        check_litdata()
        self.root = Path(root).expanduser()
        try:
            facts = json.loads((self.root / FACTS).read_text())
        except (OSError, ValueError) as error:
            raise ValueError(
                f"{root} holds no whole shards ({FACTS}: {error}). Write them: "
                "lecture_nets.data.shards.write_shards(data, folder)."
            ) from None
        super().__init__(facts["image_size"], batch_size, num_workers)
        self.class_names = tuple(facts["class_names"])
        self.mean, self.std = tuple(facts["mean"]), tuple(facts["std"])
        self.citation, self.license = facts["citation"], facts["license"]
        self.augmentation = facts["variation"]
        self.augment = choose("augmentation", self.augmentation, AUGMENTATIONS)(self.image_size)

    def setup(self, stage: str | None = None) -> None:
        """Opens all splits, whatever the stage; later calls do nothing."""
        if not hasattr(self, "train_set"):
            self.train_set = self.open("train", train=True)
            self.val_set, self.test_set = self.open("val"), self.open("test")

    def unaugmented(self) -> Dataset:
        return self.open("train")

    def open(self, split: str, train: bool = False) -> Any:
        """The split as a ``litdata.StreamingDataset``."""
        from litdata import StreamingDataset
        from litdata.streaming.serializers import TensorSerializer

        return StreamingDataset(
            str(self.root / split),
            shuffle=train,
            transform=Augmented(self.augment) if train and self.augment else None,
            serializers={"tensor": Writable(TensorSerializer())},  # pyright: ignore
        )

    def loader(self, dataset: Any, *, train: bool = False, sampler: Any = None) -> DataLoader:
        # litdata has an order of its own, so a sampler is not asked for.
        from litdata import StreamingDataLoader

        return StreamingDataLoader(
            dataset,
            batch_size=self.batch_size,
            # Each worker has a last batch of its own, and batch norm cannot learn from one image.
            drop_last=train,
            num_workers=self.num_workers,
            persistent_workers=self.num_workers > 0,
            collate_fn=self.collate,
        )


class Augmented:
    """Changes the image of a sample by chance, and leaves its label alone."""

    def __init__(self, augment: Augment) -> None:
        self.augment = augment

    def __call__(self, sample: tuple[Tensor, int]) -> tuple[Tensor, int]:
        image, label = sample
        return self.augment(image), label


class Writable:
    """A serializer of litdata that reads tensors one may write to, and so without a warning."""

    def __init__(self, serializer: Any) -> None:
        self.serializer = serializer

    def setup(self, data_format: Any) -> None:
        self.serializer.setup(data_format)

    def deserialize(self, data: bytes) -> Tensor:
        return self.serializer.deserialize(bytearray(data))


def check_litdata() -> None:
    if importlib.util.find_spec("litdata") is None:
        raise ModuleNotFoundError(
            'shards need litdata, not installed here. pip install "lecture-nets[scale]"'
        )
