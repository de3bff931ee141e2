"""The notebooks as tests read them: once, and one after another."""

import sys
from functools import cache
from pathlib import Path
from typing import Any

import jupytext
import pytest
from nbformat import NotebookNode

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER = Path(__file__).parents[2] / "notebooks"
NAMES = sorted(path.stem for path in FOLDER.glob("[0-9]*.py"))


class Pair:
    """Both files of a notebook."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.text = FOLDER / f"{name}.py"
        self.executed = FOLDER / f"{name}.ipynb"

    @property
    def notebook(self) -> NotebookNode:
        """What the text says."""
        return read(self.text)

    @property
    def cells(self) -> list[NotebookNode]:
        return self.notebook.cells

    @property
    def outputs(self) -> list[NotebookNode]:
        """The code cells with their outputs."""
        return [cell for cell in read(self.executed).cells if cell.cell_type == "code"]


@cache
def read(path: Path) -> NotebookNode:
    notebook = jupytext.read(path)
    for cell in notebook.cells:
        cell.metadata.setdefault("tags", [])
    return notebook


@pytest.fixture
def notebooks() -> dict[str, Pair]:
    return {name: Pair(name) for name in NAMES}


@pytest.fixture(params=NAMES)
def pair(request) -> Pair:
    return Pair(request.param)


@pytest.fixture(scope="session")
def lecture() -> dict[str, dict[str, Any]]:
    """``lecture.toml``: what belongs to which notebook."""
    return tomllib.loads((FOLDER / "lecture.toml").read_text("utf-8"))
