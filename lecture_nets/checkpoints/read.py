"""Loading a checkpoint file: safely, and with clear words where it is none."""

import hashlib
import pickle
import re
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import torch


class CheckpointError(ValueError):
    """The checkpoint file is incomplete, or the data to save could never be loaded again."""


def read_checkpoint(path: str | Path, map_location: Any = "cpu") -> dict[str, Any]:
    """Load a checkpoint, whoever wrote it, with ``weights_only=True`` and errors that tell.

    Where ``<path>.sha256`` lies beside the file, its bytes are checked first: torch loads a flipped
    bit as a weight.

    Raises:
        FileNotFoundError: names the checkpoints there are.
        IsADirectoryError: names the newest good one inside.
        CheckpointError: empty, cut off, altered, a web page, a Git LFS pointer, another file, or
            more than plain data; names the newest other good one beside it.

    Example::

        weights = read_checkpoint("runs/checkpoints/last.ckpt")["state_dict"]
    """
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder. Newest good file in it: {newest(path)}")
    if not path.exists():
        there = ", ".join(sorted(file.name for file in path.parent.glob("*.ckpt"))) or "none"
        raise FileNotFoundError(f"{path} does not exist. Checkpoints in its folder: {there}")
    fault = find_fault(path)
    if fault is None:
        try:
            loaded = torch.load(path, map_location=map_location, weights_only=True)
            if isinstance(loaded, dict):
                return loaded
            fault = f"holds a {type(loaded).__name__}, not a dictionary"
        except pickle.UnpicklingError as error:
            fault = (
                f"holds {foreign_object(error)}, and loading that could run foreign code. Cure: "
                "if it is your own, save it again with plain values (str, int, float, bool, list, "
                "dict); otherwise leave it alone"
            )
        except (RuntimeError, OSError, EOFError, LookupError, ValueError) as error:
            fault = f"is damaged ({type(error).__name__} while reading)"
    # Raised outside `except`, since torch's own text advises to switch the safety off.
    raise CheckpointError(
        f"{path} {fault}. Newest other good checkpoint there: {newest(path.parent, path)}"
    )


def find_fault(path: Path) -> str | None:
    """The fault in the bytes of a file, as the end of a sentence, or None; loads nothing."""
    with path.open("rb") as file:
        start = file.read(64)
    if not start:
        return "is empty: the save was interrupted"
    if start.startswith(b"version https://git-lfs"):
        return "is a Git LFS pointer, not the file itself. Cure: git lfs pull"
    if start.lstrip().startswith(b"<"):
        return f"is a web page (starts with {start[:20]!r}): the download failed. Cure: repeat it"
    if not start.startswith((b"PK", b"\x80")):  # zip, or the pickle of old torch versions
        return f"is no checkpoint (starts with {start[:20]!r})"
    if start.startswith(b"PK") and not zipfile.is_zipfile(path):
        return "is cut off: the save or the copy was interrupted"
    sums = sums_beside(path.resolve())  # `last.ckpt` may be a link
    summed = sums.read_text(errors="replace").split()[:1] if sums.is_file() else []
    if sums.exists() and summed != [sha256(path)]:
        return (
            "has changed since it was saved (its SHA-256 is not the one beside it): damaged, or "
            f"written by another program. Cure: another copy, or delete {sums.name} to trust it"
        )
    return None


def newest(folder: Path, besides: Path | None = None) -> str:
    """The youngest checkpoint in a folder whose bytes are good, or ``"none"``."""
    files = [file for file in folder.glob("*.ckpt") if file.is_file() and file != besides]
    files.sort(key=lambda file: file.stat().st_mtime, reverse=True)
    return str(next((file for file in files if find_fault(file) is None), "none"))


def foreign_object(error: Exception) -> str:
    """The name of the object that torch's safe loader refused."""
    found = re.search(r"GLOBAL ([\w.]+)", str(error))
    return found[1] if found else "more than tensors and plain values"


def check_loadable(entries: dict[str, Any], what: str) -> None:
    """Check that the data to save can be loaded again with ``weights_only=True``.

    Raises:
        CheckpointError: it cannot; names it by ``what``, and the cure.
    """
    file = BytesIO()
    try:
        torch.save(entries, file)
        file.seek(0)
        torch.load(file, weights_only=True)
    except (pickle.PickleError, AttributeError, TypeError):
        raise CheckpointError(f"{what} could not be saved: {unloadable_entry(entries)}") from None


def unloadable_entry(checkpoint: dict[str, Any]) -> str:
    """The entry of a checkpoint that cannot be written or loaded again, and the cure."""
    for key, value in checkpoint.items():
        file = BytesIO()
        try:
            torch.save(value, file)
            file.seek(0)
            torch.load(file, weights_only=True)
        except pickle.UnpicklingError as error:
            found = foreign_object(error)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            found = str(error)
        else:
            continue
        return (
            f"checkpoint[{key!r}] could not be loaded again with weights_only=True ({found}). "
            "Cure: give it as plain values (str, int, float, bool, list, dict) and tensors"
        )
    return "the checkpoint as a whole could not be loaded again"


def sums_beside(path: Path) -> Path:
    """The path of a checkpoint's SHA-256."""
    return path.with_name(path.name + ".sha256")


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
