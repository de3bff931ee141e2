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


def picture(alt: str):
    """A cell that draws nothing and says so, seen when it last said ``alt``."""
    source = (
        "from lecture_nets.visualize import Picture\n"
        "Picture('Errors', alt='Test error: conv_1 12.5%, conv_2 3.1%; 1,200 steps.')"
    )
    data = {"text/plain": f"Picture('Errors', alt={alt!r})", "text/html": '<img alt="old pixels">'}
    output = new_output("execute_result", data, execution_count=1)
    return new_code_cell(source, execution_count=1, outputs=[output])


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
    cells = [cell(1, first, said), cell(2, "print(2)", "2\n")]
    assert result in last_line(cells, tmp_path)


@pytest.mark.parametrize(
    ("alt", "result"),
    [
        ("Test error: conv_1 12.5%, conv_2 3.1%; 1,200 steps.", "1 passed"),
        ("Test error: conv_1 14.0%, conv_2 4.4%; 1,200 steps.", "1 passed"),
        ("Test error: conv_1 62.5%, conv_2 3.1%; 1,200 steps.", "1 failed"),
        ("Test error: conv_1 12.5%, conv_2 3.1%; 2,400 steps.", "1 failed"),
        ("Test error: conv_1 12.5%, conv_3 3.1%; 1,200 steps.", "1 failed"),
        ("Test error: conv_1 12.5%; 1,200 steps.", "1 failed"),
    ],
    ids=["same", "near", "another percentage", "another number", "another name", "one less"],
)
def test_pictures_are_compared_by_the_numbers_in_their_alternative_text(alt, result, tmp_path):
    assert result in last_line([picture(alt)], tmp_path)


def last_line(cells, tmp_path):
    shutil.copy(FOLDER / "conftest.py", tmp_path)
    nbformat.write(new_notebook(cells=cells), tmp_path / "01_a.ipynb")
    command = [
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:python", "-p", "no:cacheprovider"),
        *("--nbval", "--nbval-current-env", "--nbval-sanitize-with", str(FOLDER / "nbval.cfg")),
    ]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    return found.stdout.splitlines()[-1]
