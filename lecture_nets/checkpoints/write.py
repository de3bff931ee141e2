"""Writing a checkpoint file: whole or not at all."""

import hashlib
import os
import pickle
import re
import secrets
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import IO, Any

import torch
from torch import Tensor

from lecture_nets.checkpoints.read import CheckpointError, sums_beside, unloadable_entry

try:
    import fcntl
except ImportError:  # Windows, where what a killed writer left has to be removed by hand
    fcntl = None

PART = ".ckpt.part"  # ends the name of a file that is being written, or whose writer was killed


def check_writable(folder: str | Path) -> None:
    """Raise an `OSError` with a cure unless files can be written in ``folder``; leaves no trace.

    Example::

        check_writable(trainer.default_root_dir)  # now, not after the first epoch
    """
    with explained(Path(folder), 1):
        probe = _part_in(_nearest(Path(folder)))
        probe.write_bytes(b"?")
        probe.unlink(missing_ok=True)


def write_checkpoint(checkpoint: dict[str, Any], path: str | Path) -> None:
    """Write the whole file or none: at any moment ``path`` holds the old bytes or the new ones.

    Raises:
        OSError: disk full, file-size limit, no permission; with path, bytes needed and free.
        CheckpointError: names the entry that could be written, but never be loaded again.
    """
    path = Path(path).absolute()
    folder, sums = path.parent, sums_beside(path)
    part, part_of_sums = _part_in(folder), _part_in(folder)
    with explained(path, _bytes_in(checkpoint)):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _sweep(folder)
            with _HashingFile(part) as file, part_of_sums.open("xb") as file_of_sums:
                _claim(file_of_sums)
                digest = _write(checkpoint, part, file)
                file_of_sums.write(f"{digest}  {path.name}\n".encode())  # for `sha256sum -c`
                _sync(file_of_sums)
                _let_go(file, file_of_sums)
                # A kill between these leaves a good file without a sum, never with a wrong one.
                sums.unlink(missing_ok=True)
                os.replace(part, path)
                os.replace(part_of_sums, sums)
            _sync_folder(folder)
        finally:
            for left in (part, part_of_sums):
                with suppress(OSError):
                    left.unlink()


@contextmanager
def whole_file(path: str | Path, needed: int) -> Iterator[Path]:
    """A name to write to, which takes the name ``path`` where the block ends well.

    Raises:
        OSError: as `write_checkpoint`; ``needed`` bytes are said to be needed.
    """
    path = Path(path).absolute()
    part = _part_in(path.parent)
    with explained(path, needed):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _sweep(path.parent)
            with part.open("xb") as file:
                _claim(file)
                yield part
                _sync(file)
                _let_go(file)
                os.replace(part, path)
            _sync_folder(path.parent)
        finally:
            with suppress(OSError):
                part.unlink()


class _HashingFile(FileIO):
    """Hashes what is written, and keeps the system's error, which torch replaces by its own."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "xb")
        _claim(self)
        self.digest = hashlib.sha256()
        self.error: OSError | None = None

    def write(self, data: Any) -> int:
        rest = memoryview(data).cast("B")
        self.digest.update(rest)
        while rest:  # the system may take less than it is given
            try:
                rest = rest[super().write(rest) :]
            except OSError as error:
                self.error = error
                raise
        return len(data)


def _write(checkpoint: dict[str, Any], part: Path, file: _HashingFile) -> str:
    """Write, sync and try a file; its SHA-256."""
    try:
        torch.save(checkpoint, file)
        _sync(file)
        # Reads the structure again, not the weights: what cannot be loaded is not kept.
        torch.load(part, map_location="cpu", weights_only=True, mmap=True)
    except (pickle.PickleError, AttributeError, TypeError):
        raise CheckpointError(f"Not saved: {unloadable_entry(checkpoint)}") from None
    except RuntimeError as error:
        raise file.error or error from None
    return file.digest.hexdigest()


@contextmanager
def explained(path: Path, needed: int) -> Iterator[None]:
    """Adds to the system's error where, how much, and how to end it.

    Raises:
        OSError: of the same number, with path, bytes needed and free, and the cure.
    """
    try:
        yield
    except OSError as error:
        free = shutil.disk_usage(_nearest(path)).free
        raise OSError(
            error.errno,
            f"Cannot write {path}: {error.strerror}. Needed {needed:,} bytes, free {free:,}. What "
            "was there before is whole. Cure: make room (df -h, ulimit -f, quota) or the right to "
            "write there, or choose another place: ModelCheckpoint(dirpath=...), "
            "Trainer(default_root_dir=...), or in the shell another folder to start in.",
        ) from error


def _nearest(path: Path) -> Path:
    """The path, or as much of it as exists."""
    path = path.absolute()  # `Path.exists` raises where a parent may not be read
    return next(place for place in (path, *path.parents) if os.path.exists(place))


def _bytes_in(entry: Any) -> int:
    """The bytes of all tensors in nested dicts and lists."""
    if isinstance(entry, Tensor):
        return entry.nbytes
    parts = entry.values() if isinstance(entry, dict) else entry
    return sum(map(_bytes_in, parts)) if isinstance(entry, dict | list | tuple) else 0


def _part_in(folder: Path) -> Path:
    """A new name that tells whose file it is; `secrets` leaves the seeded generators alone."""
    return folder / f".{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}{PART}"


def _claim(file: IO[bytes] | FileIO) -> None:
    """Mark a file as being written, for every process that sees it, until it is closed."""
    with suppress(OSError):  # a file system without locks: then nobody sweeps it either
        if fcntl:
            fcntl.flock(file, fcntl.LOCK_EX)


def _let_go(*files: IO[bytes] | FileIO) -> None:
    """Close files that are about to get their names, where the system cannot rename open ones."""
    if fcntl is None:
        for file in files:
            file.close()


def _sync(file: IO[bytes] | FileIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":  # Windows syncs no folders
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def _sweep(folder: Path) -> None:
    """Remove what killed writers left: nobody holds its lock any more.

    Neither clocks nor process numbers are asked: other machines and containers have their own.
    """
    if fcntl is None:
        return
    for part in folder.glob(f".*-*-*{PART}"):
        if re.search(r"-\d+-[0-9a-f]{8}$", part.name.removesuffix(PART)):
            with suppress(OSError), part.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # an OSError: it is being written
                part.unlink()
