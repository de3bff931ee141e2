"""Images as litdata shards: a few large files that many machines read, each its part."""

import copy
import importlib.util
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from lecture_nets.data.base import ImageDataModule
from lecture_nets.data.folder_layout import SPLITS
from lecture_nets.data.image_files import shrink
from lecture_nets.data.parts_world.dataset import PartsWorld, flip_and_shift
from lecture_nets.data.prepared import Prepared
from lecture_nets.data.transforms import train_transform

FACTS = "facts.json"
KEPT = ("image_size", "class_names", "mean", "std", "citation", "license")
Vary = Callable[[Tensor], Tensor]
# What training images go through when they are read, given the side of the square.
VARIATIONS: dict[str, Callable[[int], Vary]] = {
    "crop": train_transform,
    "shift": lambda image_size: flip_and_shift,
}


def write_shards(data: ImageDataModule, root: str | Path, *, chunk_bytes: str = "64MB") -> Path:
    """Write the three splits of a data module as litdata shards, which `ShardsDataModule` reads.

    Images and labels only, as ``uint8`` pixels. Evaluation images are written as the network will
    see them, training images as they are before they are cropped, mirrored and colored by chance;
    that happens when they are read, as in ``data``.

    Args:
        data: what to write.
        root: a folder that is not there yet, or empty.
        chunk_bytes: size of a shard.

    Raises:
        FileExistsError: there is something in ``root``.
        ModuleNotFoundError: the extra ``scale`` is not installed.
    """
    check_litdata()
    from litdata.streaming.writer import BinaryWriter

    root = Path(root)
    if root.exists() and any(root.iterdir()):
        raise FileExistsError(f"write_shards: {root} is not empty. Name a new folder, or empty it.")
    data.prepare_data()
    data.setup(None)  # pyright: ignore[reportArgumentType]  # all splits
    for split in SPLITS:
        images = getattr(data, f"{split}_set")
        read = unvaried(images)
        folder = root / split
        folder.mkdir(parents=True)
        writer: Any = BinaryWriter(str(folder), chunk_bytes=chunk_bytes)
        for index in track(
            range(len(images)),
            f"writing {split}",
            console=Console(stderr=True),
            transient=True,
        ):
            writer[index] = read(index)
        writer.done()
        writer.merge()
    facts = {key: getattr(data, key) for key in KEPT}
    facts["variation"] = variation(data.train_set)
    # Last, so that a folder with facts is a whole one.
    (root / FACTS).write_text(json.dumps(facts, indent=2) + "\n")
    return root


def variation(images: Dataset) -> str | None:
    """What chance does to the images of a set each time they are read: a key of `VARIATIONS`."""
    if isinstance(images, Prepared) and images.vary:
        return "crop"
    return "shift" if isinstance(images, PartsWorld) and images.augment else None


def unvaried(images: Any) -> Callable[[int], tuple[Tensor, int]]:
    """Index -> image and label, as they are before chance comes in."""
    kind = variation(images)
    if kind == "shift":
        images = copy.copy(images)
        images.augment = False

    def read(index: int) -> tuple[Tensor, int]:
        if kind == "crop":
            picture, label = images.pictures.load(index, images.short_side)
            return shrink(picture, images.short_side), label
        image, label, *_ = images[index]
        return image, int(label)

    return read


class ShardsDataModule(ImageDataModule):
    """What `write_shards` wrote, on this machine's disk or on one that many machines share.

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
        self.variation = facts["variation"]

    def setup(self, stage: str | None = None) -> None:
        """Opens all splits, whatever the stage; later calls do nothing."""
        if hasattr(self, "train_set"):
            return
        from litdata import StreamingDataset

        # litdata gives every worker images of its own, which Lightning cannot know.
        warnings.filterwarnings("ignore", "Your `IterableDataset` has `__len__` defined")
        # Its images lie in the file itself, until `collate` copies them.
        warnings.filterwarnings("ignore", "The given buffer is not writable")
        make = VARIATIONS.get(self.variation)
        vary = Varied(make(self.image_size)) if make else None
        self.train_set, self.val_set, self.test_set = (
            StreamingDataset(
                str(self.root / split),
                shuffle=split == "train",
                transform=vary if split == "train" else None,
            )
            for split in SPLITS
        )

    def loader(self, dataset: Any, *, train: bool = False) -> DataLoader:
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


class Varied:
    """Changes the image of a sample by chance, and leaves its label alone."""

    def __init__(self, vary: Vary) -> None:
        self.vary = vary

    def __call__(self, sample: tuple[Tensor, int]) -> tuple[Tensor, int]:
        image, label = sample
        return self.vary(image), label


def check_litdata() -> None:
    if importlib.util.find_spec("litdata") is None:
        raise ModuleNotFoundError(
            'shards need litdata, not installed here. pip install "lecture-nets[scale]"'
        )
