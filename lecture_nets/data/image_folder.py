"""Your own photos: a folder, or a zip of it, in which each class is a folder of image files."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from lightning.pytorch.utilities import rank_zero_info, rank_zero_warn
from PIL import Image
from torch.utils.data import DataLoader

from lecture_nets.data.base import ImageDataModule
from lecture_nets.data.folder_layout import (
    SPLITS,
    draw_splits,
    find_classes,
    find_layout,
    first_lines,
)
from lecture_nets.data.image_files import SUFFIXES, BadImageError, image_fault, load_image
from lecture_nets.data.image_source import ImageSource, join, open_source
from lecture_nets.data.prepared import Prepared, prepare_splits
from lecture_nets.progress import progress

# Of the training images, for a split that has no folder.
DRAWN_FRACTION = 0.1
# Below this many images the share of a single one is told.
_FEW = 100
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

    Without a folder for validation, its images are drawn from the training images, and without one
    for either those for test too: a share of each class, at least one image, in the order of a hash
    of each file's path, so that few move where files are added or removed. Beside a folder for
    validation, test images are drawn only if ``test_fraction`` is given; else there are none.

    Args:
        root: folder, or ``.zip`` read without unpacking; one folder around everything is fine.
        image_size: side of the square that the network sees.
        batch_size: images in a batch.
        num_workers: processes that load images; 0 loads in the main process.
        val_fraction: share of the training images used for validation, if there is no val folder;
            0.1 if left out.
        test_fraction: share of the training images used for test, if there is no test folder; if
            left out, 0.1 without a val folder and none with one.
        on_bad: what to do about files that are no usable images: stop, or leave them out.
        augment: vary the training images by random crops, mirroring and colors.

    Attributes:
        source: the files of ``root``.
        folders: the folder of each split that has one.
        beside: folders next to these, which are not used.
        drawn: the share of each split that is drawn from the training images.

    Raises:
        ValueError: the folders do not fit, or an option that would be ignored; says which are
            allowed.
    """

    def __init__(
        self,
        root: str | Path,
        *,
        image_size: int = 224,
        batch_size: int = 32,
        num_workers: int = 0,
        val_fraction: float | None = None,
        test_fraction: float | None = None,
        on_bad: Literal["error", "skip"] = "error",
        augment: bool = True,
    ) -> None:
        super().__init__(image_size, batch_size, num_workers)
        given = {"test": test_fraction, "val": val_fraction}
        shares = {k: DRAWN_FRACTION if share is None else share for k, share in given.items()}
        if not (min(shares.values()) > 0 and sum(shares.values()) < 1):
            raise ValueError(
                "val_fraction and test_fraction must be above 0 and below 1 together, "
                f"got {shares['val']} and {shares['test']}"
            )
        if on_bad not in ("error", "skip"):
            raise ValueError(f"on_bad must be 'error' or 'skip', got {on_bad!r}")
        self.root = root
        self.on_bad = on_bad
        self.augment = augment
        self.augmentation = "crop" if augment else None
        self.source = open_source(root)
        layout = find_layout(self.source)
        self.folders, self.beside = layout.splits, layout.beside
        for split, folder in self.folders.items():
            if given.get(split) is not None:
                raise ValueError(
                    f"{split}_fraction={given[split]} would be ignored: {root} has the folder "
                    f"{folder}. Leave the fraction out, or move the images of {folder} to train."
                )
        self.drawn = {
            split: share
            for split, share in shares.items()
            if split not in self.folders
            # Who brings a split knows which images to learn from; so none is taken away unasked.
            and (split == "val" or "val" not in self.folders or given[split] is not None)
        }
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
            + (f"; {warning}" if (warning := self.of_test_images(splits)) else "")
            + (f"; left out: {left_out}" if left_out else "")
        )
        self.train_set, self.val_set, self.test_set = prepare_splits(
            {split: FileImages(self.source, splits[split]) for split in SPLITS},
            self.image_size,
            augment=self.augment,
            num_workers=self.num_workers,
        ).values()

    def test_dataloader(self) -> DataLoader:
        if not len(self.test_set):  # pyright: ignore[reportArgumentType]
            raise ValueError(
                f"{self.root} has no test images, since it has a folder for validation and none "
                "for test. Add one, give test_fraction (--data.test_fraction 0.1), or use the "
                "validation images (validate)."
            )
        return super().test_dataloader()

    predict_dataloader = test_dataloader

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
        splits = {split: list(listed.get(split, [])) for split in SPLITS}
        # Relative to the class folders, so that neither zipping nor a folder around it matters.
        files = {f.path.removeprefix(self.folders["train"]).lstrip("/"): f for f in listed["train"]}
        splits["train"] = []
        for label in range(self.num_classes):
            paths = [path for path, file in files.items() if file.label == label]
            for split, some in draw_splits(paths, self.drawn).items():
                splits[split] += [files[path] for path in sorted(some)]
        return splits

    def of_test_images(self, splits: Mapping[str, list[ImageFile]]) -> str:
        """A word to the user where test images are none or few, else ``""``."""
        count = len(splits["test"])
        if not count:
            return (
                "no test images, since there is a folder for validation and none for test: add "
                "one, or draw some from train with test_fraction (--data.test_fraction 0.1)"
            )
        return f"each test image is {1 / count:.0%} of the test accuracy" if count < _FEW else ""

    def check_splits(self, splits: Mapping[str, list[ImageFile]]) -> None:
        """Refuses splits that cannot be used, and tells of those that can mislead."""
        for split in SPLITS if "test" in {**self.folders, **self.drawn} else ("train", "val"):
            labels = {file.label for file in splits[split]}
            absent = [name for i, name in enumerate(self.class_names) if i not in labels]
            if absent and (split == "train" or not labels):
                raise ValueError(
                    f"{self.root}: no usable {split} image"
                    + (f" of {', '.join(absent)}" if labels else "")
                    + "; add images"
                    + (
                        f", or change {' and '.join(f'{s}_fraction' for s in self.drawn)}"
                        if self.drawn
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
