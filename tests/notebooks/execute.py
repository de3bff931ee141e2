"""Run notebooks and write the .ipynb beside each .py: `python execute.py notebooks/03_*.py`.

Nothing is written that differs from run to run without reason: no times, no version of Python, and
cells keep their ids. jupytext's own --execute keeps the times.
"""

import sys
from pathlib import Path

import jupytext
from jupytext.combine import combine_inputs_with_outputs
from jupytext.config import load_jupytext_config
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

SECONDS_PER_CELL = 120


def execute(notebook: NotebookNode, folder: Path, **options) -> NotebookNode:
    """Run all cells in ``folder``; raises ``CellExecutionError`` at the first that fails."""
    client = NotebookClient(
        notebook,
        timeout=SECONDS_PER_CELL,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        store_widget_state=False,
        # Its warning that it listens on a port of this machine.
        extra_arguments=["--IPKernelApp.log_level=40"],
        **options,
    )
    client.execute()
    notebook.metadata.pop("language_info", None)
    return notebook


def main(paths: list[Path]) -> None:
    for text in paths:
        written = text.with_suffix(".ipynb")
        notebook = jupytext.read(text, config=load_jupytext_config(str(text)))
        if written.exists():
            notebook = combine_inputs_with_outputs(notebook, jupytext.read(written), fmt=".py")
        try:
            execute(notebook, text.parent)
        except CellExecutionError as error:
            sys.exit(f"{text}: {error}")
        jupytext.write(notebook, written)
        print(f"{written}: {sum(cell.cell_type == 'code' for cell in notebook.cells)} cells run")


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
