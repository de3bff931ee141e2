"""The layout of image folders: splits, classes, and splits that are drawn by hash."""

import hashlib
import unicodedata
from collections.abc import Mapping

from lecture_nets.data.image_source import EXPECTED_LAYOUT, ImageSource, join

SPLITS = ("train", "val", "test")
_SPLIT_OF = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}


def find_splits(source: ImageSource) -> tuple[str, dict[str, str]]:
    """Source -> its top folder, and the folder of each split that has one.

    Without any split folder, everything below the top is ``train``.
    """
    top, folders = "", source.folders("")
    # A zip of a folder holds just that folder.
    while len(folders) == 1 and folders[0] not in _SPLIT_OF:
        inner = source.folders(join(top, folders[0]))
        if not inner:
            break
        top, folders = join(top, folders[0]), inner
    found = [folder for folder in folders if folder in _SPLIT_OF]
    if not found:
        return top, {"train": top}
    splits = {_SPLIT_OF[folder]: join(top, folder) for folder in found}
    if len(splits) < len(found) or "train" not in splits:
        raise ValueError(
            f"{source.root} has the folders {', '.join(found)}; needed are train and at most one "
            f"each for val and test\n{EXPECTED_LAYOUT}"
        )
    return top, {split: splits[split] for split in SPLITS if split in splits}


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


def draw_split(path: str, fractions: Mapping[str, float]) -> str:
    """Path of a training image -> the split that it is drawn into, ``train`` for the rest.

    Depends on nothing but the path, so that adding images never moves another one.
    """
    # Macs write é as two characters, others as one.
    name = unicodedata.normalize("NFC", path).encode("utf-8", "surrogateescape")
    position = int.from_bytes(hashlib.sha256(name).digest()[:8], "big") / 2**64
    for split, fraction in fractions.items():
        if position < fraction:
            return split
        position -= fraction
    return "train"


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
