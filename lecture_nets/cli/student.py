"""How does a notebook become an exercise sheet? Without its solutions and without its outputs."""

import copy
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbformat import NotebookNode


def student_edition(notebook: "NotebookNode") -> "NotebookNode":
    """A copy without the cells tagged ``solution``, and as if no cell had been run."""
    edition = copy.deepcopy(notebook)
    edition.cells = [
        cell for cell in edition.cells if "solution" not in cell.metadata.get("tags", [])
    ]
    for cell in edition.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return edition


def student(args: list[str]) -> None:
    """`lecture-nets student NOTEBOOK [--output FILE]`."""
    import argparse
    from pathlib import Path

    parser = argparse.ArgumentParser(
        "lecture-nets student", description="Write a notebook without its solutions and outputs."
    )
    parser.add_argument("notebook", type=Path, help="an .ipynb, or its text as .py")
    parser.add_argument(
        "--output", type=Path, help="where to; default: NAME_student beside the notebook"
    )
    options = parser.parse_args(args)
    source: Path = options.notebook
    target: Path = options.output or source.with_stem(f"{source.stem}_student")
    if target.resolve() == source.resolve():
        raise ValueError(f"student: --output {target} is the notebook itself; name another file.")
    try:
        import jupytext
    except ModuleNotFoundError:
        raise ValueError(
            "student: jupytext is not installed; run `pip install 'lecture-nets[notebooks]'`."
        ) from None
    jupytext.write(student_edition(jupytext.read(source)), target)
    print(f"{target}: without solutions and outputs")
