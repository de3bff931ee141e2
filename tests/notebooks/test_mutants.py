"""The harness tells a planted fault from none, and from one that only breaks the notebook."""

import shutil
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

HERE = Path(__file__).parent
FOLDER = HERE.parents[1] / "notebooks"
TRAINED = """from functools import partial
from lecture_nets import HierarchyWorldDataModule, notebook
from lecture_nets.analysis.depth import train_alike
from lecture_nets.nets.hierarchy_stack import HierarchyStack
notebook.setup()
easy = HierarchyWorldDataModule(32, 20, 200, 10, 200, synonyms=1)
(run,) = train_alike({"3 layers": partial(HierarchyStack, 3, width=0.25)}, easy, epochs=8)
print(notebook.band(run.test_error, 0.3))"""


@pytest.fixture
def harness(monkeypatch):
    monkeypatch.syspath_prepend(HERE)
    import mutants

    return mutants


@pytest.fixture
def trained(tmp_path):
    """A notebook that trains a network and says how well it does."""
    shutil.copy(FOLDER / "conftest.py", tmp_path)
    said = new_output("stream", name="stdout", text="under 30 %\n")
    cell = new_code_cell(TRAINED, execution_count=1, outputs=[said])
    nbformat.write(new_notebook(cells=[cell]), tmp_path / "trained.ipynb")
    return str(tmp_path / "trained")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "word"),
    [
        ("pass", "GREEN"),
        ("deep networks never trained", "red"),
        ("from lecture_nets import no_such_part", "RAISES"),
        ("from lecture_nets.analysis import depth; depth.train_alike = None", "RAISES"),
    ],
)
def test_what_becomes_of_a_mutant(fault, word, harness, trained):
    faults = {mutant.name: mutant.fault for mutant in harness.MUTANTS}
    mutant = harness.Mutant("planted", trained, faults.get(fault, fault))
    assert harness.outcome(mutant)[0] == word


@pytest.mark.slow
def test_a_notebook_notices_an_interval_that_is_too_small(harness, capsys):
    assert harness.main(["intervals of one standard deviation"]) == 0
    assert " red " in capsys.readouterr().out


def test_each_mutant_has_its_own_name_and_a_notebook_that_is_there(harness, notebooks):
    names = [mutant.name for mutant in harness.MUTANTS]
    assert len(set(names)) == len(names)
    for mutant in harness.MUTANTS:
        assert mutant.notebook in notebooks
        compile(mutant.fault, mutant.name, "exec")


def test_an_unknown_mutant_is_named(harness):
    with pytest.raises(SystemExit, match="found \\['typo'\\], allowed are"):
        harness.main(["typo"])
