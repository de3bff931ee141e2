"""Image files in a folder or a zip, walked and opened in the same way.

Paths are relative to the root and use ``/``. What a camera, a Mac or a notebook leaves behind
(``.ipynb_checkpoints``, ``._x``, ``__MACOSX``) is invisible. Links in a folder are followed, as
DVC, git-annex and the caches of hubs need it; a zip is never left.
"""

import hashlib
import io
import os
import stat
import zipfile
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

# More than any image of 50 million pixels needs, even without compression.
MAX_FILE_BYTES = 500_000_000


class ImageSource(Protocol):
    """A tree of files.

    Attributes:
        root: the folder or zip, as the user gave it.
    """

    root: Path

    def folders(self, path: str) -> list[str]:
        """Names of the folders in ``path``, sorted."""
        ...

    def walk(self, path: str) -> tuple[list[str], int]:
        """All files at any depth below ``path``, sorted; how many links lead in a circle."""
        ...

    def size(self, path: str) -> int:
        """Bytes of a file."""
        ...

    def digest(self, path: str) -> object:
        """Equal for two files of equal size only if their bytes are equal, as good as certainly."""
        ...

    def open(self, path: str) -> BinaryIO:
        """A file, opened for reading and seeking; ``OSError`` if it is not there."""
        ...


def open_source(root: str | Path) -> ImageSource:
    """Folder or zip -> its files."""
    root = Path(root).expanduser()
    if not root.exists():
        raise FileNotFoundError(f"there is no folder or zip {root}\n{EXPECTED_LAYOUT}")
    return FolderSource(root) if root.is_dir() else ZipSource(root)


EXPECTED_LAYOUT = """Expected is a folder or a .zip that holds one of
  {train,val,test}/<class>/*.jpg   (val, or val and test, are drawn from train if missing)
  <class>/*.jpg                    (split by a hash of each file's path)"""


class FolderSource:
    """Files below a folder. Links are followed, but for those that lead in a circle."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folders(self, path: str) -> list[str]:
        around = _with_all_above(self.root / path)
        return [
            entry.name
            for entry in self._scan(path)
            if entry.is_dir() and os.path.realpath(entry.path) not in around
        ]

    def walk(self, path: str) -> tuple[list[str], int]:
        return self._walk(path, _with_all_above(self.root / path))

    def _walk(self, path: str, around: frozenset[str]) -> tuple[list[str], int]:
        files, circles = [], 0
        for entry in self._scan(path):
            inner = join(path, entry.name)
            if not entry.is_dir():
                # A link to nothing is reported when it is opened; opening a pipe would never end.
                if entry.is_file() or not os.path.exists(entry.path):
                    files.append(inner)
            elif (real := os.path.realpath(entry.path)) in around:
                circles += 1
            else:
                inner_files, inner_circles = self._walk(inner, around | {real})
                files += inner_files
                circles += inner_circles
        return sorted(files), circles

    def size(self, path: str) -> int:
        return os.stat(self.root / path).st_size

    def digest(self, path: str) -> object:
        with self.open(path) as file:
            return hashlib.sha256(file.read()).digest()

    def open(self, path: str) -> BinaryIO:
        file = self.root / path
        try:
            return open(file, "rb")
        except FileNotFoundError as error:
            if file.is_symlink():
                reason = f"a link to {os.readlink(file)}, which is not there"
                raise FileNotFoundError(error.errno, reason) from error
            raise

    def _scan(self, path: str) -> list[os.DirEntry[str]]:
        folder = self.root / path
        try:
            with os.scandir(folder) as entries:
                visible = [entry for entry in entries if not _hidden(entry.name)]
        except PermissionError as error:
            mode = stat.S_IMODE(os.stat(folder).st_mode)
            raise PermissionError(
                f"cannot read folder {folder} (mode {mode:03o}); allow it with: chmod u+rx {folder}"
            ) from error
        return sorted(visible, key=lambda entry: entry.name)


class ZipSource:
    """Files inside a zip, read from it without unpacking.

    Each process opens the zip for itself: one file position cannot serve two loader workers.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._zip: zipfile.ZipFile | None = None
        self._pid = 0
        self._infos: dict[str, zipfile.ZipInfo] = {}
        # Of each folder: the names of its folders, the names of its files.
        self._tree: dict[str, tuple[set[str], set[str]]] = {"": (set(), set())}
        for info in self._handle().infolist():
            _check_entry(root, info)
            parts = PurePosixPath(info.filename.replace("\\", "/")).parts
            if not any(_hidden(part) for part in parts):
                self._add(info, parts)

    def folders(self, path: str) -> list[str]:
        return sorted(self._tree[path][0])

    def walk(self, path: str) -> tuple[list[str], int]:
        folders, names = self._tree[path]
        files = [join(path, name) for name in names]
        for folder in folders:
            files += self.walk(join(path, folder))[0]
        return sorted(files), 0

    def size(self, path: str) -> int:
        return self._infos[path].file_size

    def digest(self, path: str) -> object:
        return self._infos[path].CRC

    def open(self, path: str) -> BinaryIO:
        if path not in self._infos:
            raise FileNotFoundError(f"no {path} in {self.root}")
        try:
            return io.BytesIO(self._handle().read(self._infos[path]))
        except OSError:
            raise
        except Exception as error:  # each way of compression has exceptions of its own
            raise OSError(f"damaged inside the zip: {error}") from error

    def _add(self, info: zipfile.ZipInfo, parts: tuple[str, ...]) -> None:
        folder = ""
        for part in parts if info.is_dir() else parts[:-1]:
            self._tree[folder][0].add(part)
            folder = join(folder, part)
            self._tree.setdefault(folder, (set(), set()))
        if not info.is_dir():
            self._tree[folder][1].add(parts[-1])
            self._infos[join(folder, parts[-1])] = info

    def _handle(self) -> zipfile.ZipFile:
        if self._zip is None or self._pid != os.getpid():
            try:
                self._zip, self._pid = zipfile.ZipFile(self.root), os.getpid()
            except zipfile.BadZipFile as error:
                raise ValueError(
                    f"{self.root} is no folder and no complete zip ({error}); "
                    "give a folder, or download or zip it again"
                ) from error
        return self._zip

    def __getstate__(self) -> dict:
        return {**self.__dict__, "_zip": None}


def _with_all_above(folder: Path) -> frozenset[str]:
    """The real paths of a folder and of all around it, where a link in it must not lead."""
    real = Path(os.path.realpath(folder))
    return frozenset(map(str, (real, *real.parents)))


def _hidden(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"


def join(folder: str, name: str) -> str:
    """Folder, possibly the root ``""``, and a name in it -> path."""
    return f"{folder}/{name}" if folder else name


def _check_entry(root: Path, info: zipfile.ZipInfo) -> None:
    # orig_filename, since zipfile itself cuts names at a null byte and turns separators.
    name = info.orig_filename
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or name[1:2] == ":":
        raise ValueError(f"{root} holds the name {name!r}, which leads out of it; zip it again")
    if info.flag_bits & 0x1:
        raise ValueError(f"{root} is encrypted ({name!r}); unpack it and give the folder")
    if info.file_size > MAX_FILE_BYTES:
        raise ValueError(
            f"{root} holds {name!r} of {info.file_size:,} bytes, at most {MAX_FILE_BYTES:,} are "
            "allowed; remove it from the zip"
        )
