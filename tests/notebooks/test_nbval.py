"""Are outputs compared, and does a notebook stop at the first cell that raises?"""

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

FOLDER = Path(__file__).parents[2] / "notebooks"


def cell(number: int, source: str, said: str):
    output = new_output("stream", name="stdout", text=said)
    return new_code_cell(source, execution_count=number, outputs=[output])


@pytest.mark.parametrize(
    ("first", "said", "result"),
    [
        ("print(1)", "1\n", "2 passed"),
        ("print(1)", "2\n", "1 failed, 1 passed"),
        ("1 / 0", "", "1 failed, 1 skipped"),
        ("print(object())", "<object object at 0x7f0123456789>\n", "2 passed"),
    ],
)
def test_a_notebook_as_make_notebooks_test_runs_it(first, said, result, tmp_path):
    shutil.copy(FOLDER / "conftest.py", tmp_path)
    cells = [cell(1, first, said), cell(2, "print(2)", "2\n")]
    nbformat.write(new_notebook(cells=cells), tmp_path / "01_a.ipynb")
    command = [
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:python", "-p", "no:cacheprovider"),
        *("--nbval", "--nbval-current-env", "--nbval-sanitize-with", str(FOLDER / "nbval.cfg")),
    ]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert result in found.stdout.splitlines()[-1], found.stdout
