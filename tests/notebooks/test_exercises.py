"""Can a learner do every exercise: right with the solution, and stopped by a useful hint without?

Whole notebooks are run by `make notebooks-test`. Here only the cells run that an exercise needs, in
this process, so that the student edition is tested within seconds.
"""

import ast
import re

import pytest

from lecture_nets import notebook
from lecture_nets.cli.student import student_edition

HINT = re.compile(r"[A-Za-z].* · .*[\u4e00-\u9fff]", re.S)


def bound(cell) -> set[str]:
    """Names that a cell gives a meaning."""
    tree = list(ast.walk(ast.parse(cell.source)))
    stored = {n.id for n in tree if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    imported = {n.asname or n.name.split(".")[0] for n in tree if isinstance(n, ast.alias)}
    return stored | imported


def read(cell) -> set[str]:
    """Names that a cell takes from the cells before it."""
    tree = ast.walk(ast.parse(cell.source))
    return {n.id for n in tree if isinstance(n, ast.Name)} - bound(cell)


def needed(cells: list) -> list:
    """The cells that the checks depend on by the names they read, and the checks, in order."""
    wanted: set[str] = set()
    chosen = []
    for cell in reversed(cells):
        if "check" in cell.metadata.tags or bound(cell) & wanted:
            wanted = wanted - bound(cell) | read(cell)
            chosen.insert(0, cell)
    return chosen


def run(cell, scope: dict[str, object]) -> None:
    exec(compile(cell.source, "<cell>", "exec"), scope)


def code(cells: list) -> list:
    """Without the set-up, which would silence the tests that follow as well."""
    apart = {"colab", "setup"}
    return [c for c in cells if c.cell_type == "code" and not apart & set(c.metadata.tags)]


def test_two_or_three_exercises_each_with_statement_stub_solution_and_check(pair):
    kinds = [
        tag
        for cell in pair.cells
        for tag in ("exercise", "solution", "check")
        if tag in cell.metadata.tags
    ]
    one = ["exercise", "exercise", "exercise", "solution", "check"]  # both languages, then a stub
    assert kinds in (one * 2, one * 3)


def test_solutions_pass_their_checks(pair, capsys):
    scope: dict[str, object] = {"notebook": notebook}
    for cell in needed(code(pair.cells)):
        run(cell, scope)
        if "check" in cell.metadata.tags:
            assert capsys.readouterr().out.endswith(f"{notebook.AGREED}\n")


def test_without_solutions_every_check_stops_with_a_hint_in_both_languages(pair):
    scope: dict[str, object] = {"notebook": notebook}
    for cell in needed(code(student_edition(pair.notebook).cells)):
        if "check" in cell.metadata.tags:
            with pytest.raises(notebook.AnswerError, match=HINT):
                run(cell, scope)
        else:
            run(cell, scope)
