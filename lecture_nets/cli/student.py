"""`lecture-nets student NOTEBOOK`: a notebook without its solutions and without its outputs."""

import argparse
import copy
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbformat import NotebookNode


def student_edition(notebook: "NotebookNode") -> "NotebookNode":
    """A copy without the cells tagged ``solution``, and as if no cell had been run."""
    from nbconvert.preprocessors import ClearOutputPreprocessor, TagRemovePreprocessor

    edition = copy.deepcopy(notebook)
    for clean in (TagRemovePreprocessor(remove_cell_tags={"solution"}), ClearOutputPreprocessor()):
        edition, _ = clean.preprocess(edition, {})
    return edition


def student(args: list[str]) -> None:
    """Write the student edition of a notebook."""
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

        jupytext.write(student_edition(jupytext.read(source)), target)
    except ModuleNotFoundError as error:
        raise ValueError(
            f"student: {error.name} is not installed; run `pip install 'lecture-nets[notebooks]'`."
        ) from None
    print(f"{target}: without solutions and outputs")
