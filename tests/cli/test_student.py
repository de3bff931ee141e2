"""Does the student edition hold the exercises, and neither solutions nor outputs?"""

import re

import jupytext
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from lecture_nets import cli
from lecture_nets.cli.student import student_edition


def notebook():
    output = new_output("stream", name="stdout", text="4\n")
    return new_notebook(
        cells=[
            new_code_cell("print(2 + 2)", execution_count=1, outputs=[output]),
            new_code_cell("answer = ...", metadata={"tags": ["exercise"]}),
            new_code_cell("answer = 4", metadata={"tags": ["solution"]}),
        ]
    )


def test_solutions_outputs_and_counts_are_gone_and_the_original_is_not():
    original = notebook()
    edition = student_edition(original)
    assert [cell.source for cell in edition.cells] == ["print(2 + 2)", "answer = ..."]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in edition.cells)
    assert [len(original.cells), len(original.cells[0].outputs)] == [3, 1]


@pytest.mark.parametrize("suffix", [".ipynb", ".py"])
@pytest.mark.parametrize("named", [True, False])
def test_the_shell_writes_the_edition_beside_the_notebook_or_where_told(
    suffix, named, tmp_path, capsys
):
    source = tmp_path / f"01_a{suffix}"
    jupytext.write(notebook(), source, fmt="py:percent" if suffix == ".py" else None)
    target = tmp_path / (f"b{suffix}" if named else f"01_a_student{suffix}")
    args = ["--output", str(target)] if named else []
    assert cli.main(["student", str(source), *args]) == 0
    assert str(target) in capsys.readouterr().out
    assert "answer = 4" not in target.read_text("utf-8")
    assert "answer = ..." in target.read_text("utf-8")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["missing.ipynb"], "No such file.*missing.ipynb"),
        (["a.ipynb", "--output", "a.ipynb"], "a.ipynb is the notebook itself; name another"),
    ],
)
def test_what_cannot_be_written_is_refused_in_one_line(args, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    jupytext.write(notebook(), "a.ipynb")
    assert cli.main(["student", *args]) == cli.BAD_DATA
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert re.search(said, error)
