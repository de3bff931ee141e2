"""Your own photos: a folder, or a zip of it, in which each class is a folder of image files."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from lightning.pytorch.utilities import rank_zero_info, rank_zero_warn
from PIL import Image

from lecture_nets.data.base import ImageDataModule
from lecture_nets.data.folder_layout import (
    SPLITS,
    draw_split,
    find_classes,
    find_layout,
    first_lines,
)
from lecture_nets.data.image_files import SUFFIXES, BadImageError, image_fault, load_image
from lecture_nets.data.image_source import ImageSource, join, open_source
from lecture_nets.data.prepared import Prepared, prepare_splits
from lecture_nets.progress import progress

# Below this many files the check is over before a progress bar could be read.
_BAR_FROM = 2_000


@dataclass(frozen=True)
class ImageFile:
    """One image file: its path in the source, and its class."""

    path: str
    label: int


class ImageFolderDataModule(ImageDataModule):
    """Photos in ``root/{train,val,test}/<class>/*``, or in ``root/<class>/*`` and split by a hash.

    Every file's header is checked before the first batch. Classes are those of the training
    images, in alphabetical order, and known as soon as this is constructed.

    A split that has no folder is drawn from the training images by a hash of each file's path:
    adding or removing files never moves another file to a different split.

    Args:
        root: folder, or ``.zip`` read without unpacking; one folder around everything is fine.
        image_size: side of the square that the network sees.
        batch_size: images in a batch.
        num_workers: processes that load images; 0 loads in the main process.
        val_fraction: share of the training images used for validation, if there is no val folder.
        test_fraction: share of the training images used for test, if there is no test folder.
        on_bad: what to do about files that are no usable images: stop, or leave them out.
        augment: vary the training images by random crops, mirroring and colors.

    Attributes:
        source: the files of ``root``.
        folders: the folder of each split that has one.
        beside: folders next to these, which are not used.
    """

    def __init__(
        self,
        root: str | Path,
        *,
        image_size: int = 224,
        batch_size: int = 32,
        num_workers: int = 0,
        val_fraction: float = 0.1,
        test_fraction: float = 0.1,
        on_bad: Literal["error", "skip"] = "error",
        augment: bool = True,
    ) -> None:
        super().__init__(image_size, batch_size, num_workers)
        if not (val_fraction > 0 and test_fraction > 0 and val_fraction + test_fraction < 1):
            raise ValueError(
                "val_fraction and test_fraction must be above 0 and below 1 together, "
                f"got {val_fraction} and {test_fraction}"
            )
        if on_bad not in ("error", "skip"):
            raise ValueError(f"on_bad must be 'error' or 'skip', got {on_bad!r}")
        self.root = root
        self.val_fraction = val_fraction
        self.test_fraction = test_fraction
        self.on_bad = on_bad
        self.augment = augment
        self.augmentation = "crop" if augment else None
        self.source = open_source(root)
        layout = find_layout(self.source)
        self.folders, self.beside = layout.splits, layout.beside
        self.class_names = find_classes(self.source, self.folders)
        unknown = f"unknown: check with the owner of {root}"
        self.license = first_lines(self.source, layout.top, "LICENSE") or unknown
        self.citation = first_lines(self.source, layout.top, "CITATION") or unknown

    def setup(self, stage: str | None = None) -> None:
        """Lists and checks all files, whatever the stage; later calls do nothing."""
        if hasattr(self, "train_set"):
            return
        listed, left_out = self.list_files()
        bad = self._bad([file.path for files in listed.values() for file in files])
        splits = self.draw_splits(
            {
                split: [file for file in files if file.path not in bad]
                for split, files in listed.items()
            }
        )
        self.check_splits(splits)
        counts = ", ".join(f"{len(splits[split]):,} {split}" for split in SPLITS)
        rank_zero_info(
            f"{self.root}: {counts} images of {self.num_classes} classes"
            + (f"; left out: {left_out}" if left_out else "")
        )
        self.train_set, self.val_set, self.test_set = prepare_splits(
            {split: FileImages(self.source, splits[split]) for split in SPLITS},
            self.image_size,
            augment=self.augment,
            num_workers=self.num_workers,
        ).values()

    def unaugmented(self) -> Prepared:
        return self.train_set.unaugmented()  # pyright: ignore[reportAttributeAccessIssue]

    def list_files(self) -> tuple[dict[str, list[ImageFile]], str]:
        """-> the image files in each split's folder; what else lies in the class folders."""
        labels = {name: label for label, name in enumerate(self.class_names)}
        listed: dict[str, list[ImageFile]] = {}
        left_out: Counter[str] = Counter()
        empty: list[str] = []
        for split, folder in self.folders.items():
            listed[split] = []
            paths, links = self.source.walk(folder)
            left_out["links that lead in a circle"] += links
            for path in paths:
                name, *inner = path.removeprefix(folder).lstrip("/").split("/")
                suffix = PurePosixPath(path).suffix.lower()
                if suffix in SUFFIXES and inner:
                    listed[split].append(ImageFile(path, labels[name]))
                elif suffix in SUFFIXES:
                    left_out["images in no class folder"] += 1
                elif inner:
                    left_out[suffix or "files without an ending"] += 1
            filled = {file.label for file in listed[split]}
            folders = self.source.folders(folder)
            empty += [join(folder, name) for name in folders if labels[name] not in filled]
        if empty:
            raise ValueError(
                f"{self.root}: no image in the class folder {', '.join(empty)}; "
                f"remove it or add images ({' '.join(SUFFIXES)})"
            )
        told = [f"{count:,} {kind}" for kind, count in left_out.items() if count]
        if self.beside:
            told.append(f"the folders beside {self.folders['train']}: {', '.join(self.beside)}")
        return listed, ", ".join(told)

    def _bad(self, paths: list[str]) -> set[str]:
        """Paths -> those of files that cannot be used, once the user is told."""
        faults = dict(_faults(self.source, paths))
        if not faults:
            return set()
        what = f"{len(faults):,} of {len(paths):,} files in {self.root} are no usable images"
        lines = [f"  {path}: {reason}" for path, reason in list(faults.items())[:10]]
        if len(faults) > 10:
            lines.append(f"  … and {len(faults) - 10:,} more")
        listed = "\n".join(lines)
        if self.on_bad == "error":
            raise ValueError(
                f"{what}:\n{listed}\n"
                "Replace or delete them, or leave them out with on_bad='skip' (--data.on_bad skip)."
            )
        rank_zero_warn(f"{what}; they are left out:\n{listed}")
        return set(faults)

    def draw_splits(self, listed: Mapping[str, list[ImageFile]]) -> dict[str, list[ImageFile]]:
        """Files by folder -> files by split: splits without a folder are drawn from train."""
        fractions = {"test": self.test_fraction, "val": self.val_fraction}
        missing = {split: part for split, part in fractions.items() if split not in listed}
        splits = {split: list(listed.get(split, [])) for split in SPLITS}
        splits["train"] = []
        for file in listed["train"]:
            # Relative to the class folders, so that neither zipping nor a folder around it matters.
            path = file.path.removeprefix(self.folders["train"]).lstrip("/")
            splits[draw_split(path, missing)].append(file)
        return splits

    def check_splits(self, splits: Mapping[str, list[ImageFile]]) -> None:
        """Refuses splits that cannot be used, and tells of those that can mislead."""
        for split in SPLITS:
            labels = {file.label for file in splits[split]}
            absent = [name for i, name in enumerate(self.class_names) if i not in labels]
            if absent and (split == "train" or not labels):
                drawn = {"val", "test"} - set(self.folders)
                raise ValueError(
                    f"{self.root}: no usable {split} image"
                    + (f" of {', '.join(absent)}" if labels else "")
                    + "; add images"
                    + (
                        f", or change {' and '.join(f'{s}_fraction' for s in drawn)}"
                        if drawn
                        else ""
                    )
                )
            if absent:
                rank_zero_info(f"{self.root}: no {split} image of {', '.join(absent)}")
        for split in ("val", "test"):
            copies = count_copies(self.source, splits["train"], splits[split])
            if copies:
                rank_zero_warn(
                    f"{self.root}: {copies:,} of {len(splits[split]):,} {split} images are also "
                    f"among the training images, byte by byte, so {split} results are too good; "
                    "delete one copy of each"
                )


class FileImages:
    """Image files of a source, decoded when asked for."""

    def __init__(self, source: ImageSource, files: Sequence[ImageFile]) -> None:
        self.source = source
        self.files = files

    def __len__(self) -> int:
        return len(self.files)

    def load(self, index: int, short_side: int | None) -> tuple[Image.Image, int]:
        file = self.files[index]
        try:
            with self.source.open(file.path) as stream:
                return load_image(stream, name=file.path, short_side=short_side), file.label
        except (OSError, BadImageError) as error:
            raise BadImageError(
                f"{self.source.root}: {error}\nReplace or delete this file, then start again."
            ) from error


def count_copies(
    source: ImageSource, some: Iterable[ImageFile], others: Iterable[ImageFile]
) -> int:
    """The number of others with the same bytes as one of some. Only equal sizes are compared."""
    by_size: dict[int, list[str]] = defaultdict(list)
    for file in some:
        by_size[source.size(file.path)].append(file.path)
    digests: dict[int, set[object]] = {}
    copies = 0
    for file in others:
        size = source.size(file.path)
        if size in by_size:
            if size not in digests:
                digests[size] = {source.digest(path) for path in by_size[size]}
            copies += source.digest(file.path) in digests[size]
    return copies


def _faults(source: ImageSource, paths: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Files -> path and reason of each that cannot be used."""
    for path in progress(paths, f"checking {source.root.name}", bar_from=_BAR_FROM):
        try:
            with source.open(path) as file:
                fault = image_fault(file)
        except OSError as error:
            fault = f"cannot be read: {error.strerror or error}"
        if fault:
            yield path, fault
