"""The layout of image folders: splits, classes, and splits that are drawn by hash."""

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lecture_nets.data.image_source import EXPECTED_LAYOUT, ImageSource, join

SPLITS = ("train", "val", "test")
_NAMES = {
    "train": ("train", "training", "seg_train"),
    "val": ("val", "valid", "validation", "dev", "eval"),
    "test": ("test", "testing", "evaluation", "seg_test"),
}
_SPLIT_OF = {name: split for split, names in _NAMES.items() for name in names}
_SPLIT_WORD = re.compile("train|test|val|dev(?![a-z])")


@dataclass(frozen=True)
class Layout:
    """The roles of the folders of a source.

    Attributes:
        top: the folder around everything, ``""`` for the root.
        splits: the folder of each split that has one.
        beside: folders next to these, which are not used.
    """

    top: str
    splits: dict[str, str]
    beside: tuple[str, ...]


def find_layout(source: ImageSource) -> Layout:
    """Source -> its top folder and its split folders, known by name in capitals or not.

    Without any split folder, everything below the top is ``train``.

    Raises:
        ValueError: the split folders do not fit, or the folders look like splits under other names.
    """
    top, folders = "", source.folders("")
    # A zip of a folder holds just that folder.
    while len(folders) == 1 and _split_of(folders[0]) is None:
        inner = source.folders(join(top, folders[0]))
        if not inner:
            break
        top, folders = join(top, folders[0]), inner
    found = [folder for folder in folders if _split_of(folder)]
    if not found:
        _refuse_unknown_splits(source, top, folders)
        return Layout(top, {"train": top}, ())
    splits = {_split_of(folder): join(top, folder) for folder in found}
    if len(splits) < len(found) or "train" not in splits:
        raise ValueError(
            f"{source.root} has the folders {', '.join(found)}; needed are train and at most one "
            f"each for val and test\n{EXPECTED_LAYOUT}\n{_IF_CLASSES}"
        )
    return Layout(
        top,
        {split: _unwrapped(source, splits[split]) for split in SPLITS if split in splits},
        tuple(folder for folder in folders if folder not in found),
    )


_IF_CLASSES = "If these folders are the classes themselves, put them into a folder train."


def _split_of(folder: str) -> str | None:
    return _SPLIT_OF.get(folder.casefold())


def _unwrapped(source: ImageSource, folder: str) -> str:
    """``seg_train/seg_train``, as Kaggle packs it -> the inner folder, which has the classes."""
    while True:
        match source.folders(folder):
            case [inner] if inner.casefold() == folder.rpartition("/")[2].casefold():
                folder = join(folder, inner)
            case _:
                return folder


def _refuse_unknown_splits(source: ImageSource, top: str, folders: Sequence[str]) -> None:
    """A `ValueError` where the folders look like splits, which must not become classes."""
    if len(folders) < 2:
        return
    inner = {tuple(source.folders(join(top, folder))) for folder in folders}
    if all(_SPLIT_WORD.search(folder.casefold()) for folder in folders):
        why = "all their names speak of a split"
    elif len(inner) == 1 and len(classes := inner.pop()) > 1:
        why = f"each of them holds the same folders {', '.join(classes)}"
    else:
        return
    raise ValueError(
        f"{source.root} has the folders {', '.join(folders)}, which look like splits, not like "
        f"classes: {why}. Rename them to train, val and test.\n{_IF_CLASSES}"
    )


def find_classes(source: ImageSource, splits: Mapping[str, str]) -> tuple[str, ...]:
    """Source and its split folders -> names of the classes, label 0 first.

    Another split may lack classes, but not have others: labels would shift, or have no meaning.
    """
    classes = source.folders(splits["train"])
    if len(classes) < 2:
        where = join(str(source.root), splits["train"])
        found = f"only the class folder {classes[0]}" if classes else "no class folder"
        raise ValueError(f"{where} holds {found}, needed are two or more\n{EXPECTED_LAYOUT}")
    for folder in splits.values():
        others = source.folders(folder)
        unknown = sorted(set(others) - set(classes))
        if unknown:
            raise ValueError(
                f"{source.root}: {folder} has classes that {splits['train']} lacks: "
                f"{', '.join(unknown)}\n"
                f"  {splits['train']}: {', '.join(classes)}\n"
                f"  {folder}: {', '.join(others)}\n"
                "Rename or remove these folders, or add training images of these classes."
            )
    return tuple(classes)


def draw_splits(paths: Sequence[str], fractions: Mapping[str, float]) -> dict[str, list[str]]:
    """Paths of one class's training images -> those of each split; ``train`` has the rest.

    The first in the order of the paths' hashes are the first split's, and so on: each has its share
    of the class and, while one is left to learn from, at least one image. Where images are added,
    neighbors in that order may exchange a few; but with equal shares for test and val, no training
    image becomes a test image before its class has about doubled.
    """
    ordered = sorted(paths, key=_hash_of)
    splits: dict[str, list[str]] = {}
    for split, fraction in fractions.items():
        count = min(max(1, round(fraction * len(paths))), max(0, len(ordered) - 1))
        splits[split], ordered = ordered[:count], ordered[count:]
    return {**splits, "train": ordered}


def _hash_of(path: str) -> bytes:
    # Macs write é as two characters, others as one.
    name = unicodedata.normalize("NFC", path).encode("utf-8", "surrogateescape")
    return hashlib.sha256(name).digest()


def first_lines(source: ImageSource, folder: str, stem: str) -> str | None:
    """First two lines with text in ``stem``, ``stem.txt`` or ``stem.md``; None without such a file.

    Two, because licenses begin like "Creative Commons Legal Code, CC0 1.0 Universal".
    """
    for name in (stem, f"{stem}.txt", f"{stem}.md"):
        try:
            with source.open(join(folder, name)) as file:
                lines = file.read(10_000).decode("utf-8", "replace").splitlines()
        except OSError:
            continue
        return ", ".join([line.strip(" #") for line in lines if line.strip(" #")][:2]) or None
    return None
