"""Is every claim of the lecture judged, in the cell of its tag, by what was measured?"""

import ast

import pytest

from lecture_nets.notebook import SENTENCES

CLAIMS = [f"C{number}" for number in range(1, 34)]


def verdicts(source: str) -> list[ast.Call]:
    """The calls of `notebook.verdict` in a cell."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [call for call in calls if ast.unparse(call.func) == "notebook.verdict"]


def is_measured(value: ast.expr, notebook: ast.Module) -> bool:
    """Whether an expression depends on a call, so that it is not typed in."""
    if any(isinstance(node, ast.Call) for node in ast.walk(value)):
        return True
    names = {node.id for node in ast.walk(value) if isinstance(node, ast.Name)}
    for node in ast.walk(notebook):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.NamedExpr | ast.For):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            bound = {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
            source = node.iter if isinstance(node, ast.For) else node.value
            if bound & names and any(isinstance(n, ast.Call) for n in ast.walk(source)):
                return True
    return False


@pytest.mark.parametrize(
    ("value", "measured"),
    [
        ("True", False),
        ("2 < 3", False),
        ("typed < 3", False),
        ("found.residual < 0.1", True),
        ("max(found) < 3", True),
    ],
)
def test_a_verdict_that_was_typed_in_would_be_found(value, measured):
    notebook = ast.parse("typed = 2\nfound = cascade(kernel)")
    assert is_measured(ast.parse(value, mode="eval").body, notebook) == measured


def test_lecture_toml_holds_every_claim_once_and_in_order(lecture):
    assert [claim for part in lecture.values() for claim in part["claims"]] == CLAIMS


def test_every_claim_is_told_in_both_languages(lecture):
    for part in lecture.values():
        for words in (part["title"], *part["claims"].values()):
            assert list(words) == ["en", "zh"]
            assert all(words.values())


def test_a_slide_of_the_video_begins_before_it_ends(lecture):
    for part in lecture.values():
        assert part["video_seconds"] == sorted(part["video_seconds"])
        assert len(part["video_seconds"]) in (0, 2)


@pytest.mark.parametrize("claim", CLAIMS)
def test_claim_has_its_verdict(claim, lecture, notebooks):
    (name,) = (name for name, part in lecture.items() if claim in part["claims"])
    assert name in notebooks, f"notebooks/{name}.py is not written yet"
    cells = notebooks[name].outputs
    tagged = [cell for cell in cells if claim in cell.metadata.tags]
    assert len(tagged) == 1, f"one code cell of {name} carries the tag {claim}"
    code = ast.parse("\n".join(c.source for c in cells if not set(c.metadata.tags) & {"colab"}))
    spoken = [
        call for call in verdicts(tagged[0].source) if ast.unparse(call.args[0])[1:-1] == claim
    ]
    assert len(spoken) == 1, f'the cell calls notebook.verdict("{claim}", …)'
    assert is_measured(spoken[0].args[1], code), ast.unparse(spoken[0])
    lines = "".join(output.get("text", "") for output in tagged[0].outputs).splitlines()
    said = tuple(f"{claim} {sentence}: " for sentence in SENTENCES.values())
    assert sum(line.startswith(said) for line in lines) == 1


def test_no_notebook_judges_a_claim_of_another(pair, lecture):
    judged = [ast.unparse(call.args[0])[1:-1] for c in pair.outputs for call in verdicts(c.source)]
    assert sorted(judged) == sorted(lecture[pair.name]["claims"])
