"""Checkpoint files that are whole or not there, and clear words where one is neither."""

import hashlib
import os
import pickle
import re
import secrets
import shutil
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO, FileIO
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.plugins import TorchCheckpointIO

if sys.platform != "win32":
    import fcntl

PART = ".ckpt.part"  # a file that is being written, or whose writer was killed


class CheckpointError(ValueError):
    """A file is no whole checkpoint, or a checkpoint could not be read again if it were written."""


def check_writable(folder: str | Path) -> None:
    """Raise an `OSError` with a cure unless files can be written below ``folder``; leaves no trace.

    Example::

        check_writable(trainer.default_root_dir)  # now, not after the first hour
    """
    folder = Path(folder).absolute()
    nearest = next(place for place in (folder, *folder.parents) if place.exists())
    probe = nearest / f".{secrets.token_hex(8)}{PART}"
    with _explained(folder, needed=1):
        probe.write_bytes(b"x")
        probe.unlink()


def read_checkpoint(path: str | Path, map_location: Any = "cpu") -> dict[str, Any]:
    """Load a checkpoint written by anybody, with ``weights_only=True`` and errors that tell.

    Where ``<path>.sha256`` lies beside the file, its bytes are checked first, so that a flipped bit
    is not loaded as a weight.

    Raises:
        FileNotFoundError: names the checkpoints there are.
        IsADirectoryError: names the newest one inside.
        CheckpointError: empty, cut off, altered, a web page, a Git LFS pointer, some other file, or
            more than plain data; names the newest other good one in the folder.
    """
    path = Path(path)
    if not path.exists():
        there = sorted(file.name for file in path.parent.glob("*.ckpt"))
        raise FileNotFoundError(f"{path}: no such checkpoint. In its folder: {there or 'none'}.")
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder. Newest good checkpoint in it: {_newest(path)}.")
    fault = _fault(path)
    if fault is None:
        try:
            loaded = torch.load(path, map_location=map_location, weights_only=True)
            if isinstance(loaded, dict):
                return loaded
            fault = f"holds a {type(loaded).__name__}, not a dictionary"
        except pickle.UnpicklingError as error:
            fault = _foreign(error)
        except Exception as error:
            fault = f"is damaged ({type(error).__name__}: {str(error).splitlines()[0]})"
    # `from None`: torch's own text advises to switch the safety off.
    raise CheckpointError(
        f"{path} {fault}. Newest other good checkpoint: {_newest(path.parent, path)}."
    ) from None
