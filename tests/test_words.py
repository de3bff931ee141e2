"""Banned words, spellings and first lines: what a reader who learned English from papers meets."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# A pattern, and what to write instead.
BANNED = {
    r"side[ -]heads?|side[ -]classifiers?": "auxiliary head, auxiliary classifier",
    r"anew": "again",
    r"lest": "so that … not",
    r"reckon\w*": "calculate",
    r"unsaid": "not given",
    r"named right": "classified correctly",
    r"class(?:es)? to tell apart": "number of classes",
    r"puts? out|putting out": "outputs, prints",
    r"shall": "must, will",
    r"of a kind": "of one kind, or the kind itself",
    r"misnam\w*": "with a wrong extension, or misclassified",
}
BRITISH = {
    r"\w*colour\w*": "color",
    r"\w*centre[sd]?": "center",
    r"centring": "centering",
    r"gre(?:y|yer|ys|yscale)": "gray",
    r"\w*(?:normal|optim|initial|regular|visual|maxim|minim|factor|standard|recogn|general|quant"
    r"|organ|summar|emphas|real|categor|special|character|random|parametr)is(?:e[sd]?|er|ers|ing"
    r"|ation|ations)": "the same word with z",
    r"\w*neighbour\w*": "neighbor",
    r"\w*behaviour\w*": "behavior",
    r"labell(?:ed|ing)|modell(?:ed|ing)|cancell(?:ed|ing)|travell\w+": "with one l",
    r"licences?": "license",
    r"analys(?:e|ed|es|ing)(?=\s+(?:the|a|an|it|how|what))": "analyze",
    r"favour\w*|honour\w*|flavour\w*": "with -or",
    r"catalogue\w*": "catalog",
    r"towards": "toward",
}
WORDS = re.compile(
    "|".join(f"(?P<w{i}>(?<![\\w-])(?:{p})(?![\\w-]))" for i, p in enumerate(BANNED | BRITISH)),
    re.IGNORECASE,
)
INSTEAD = [*(BANNED | BRITISH).values()]
# Where a word is quoted, not used.
QUOTED = re.compile(r"LICENCE")
READ = [
    *["README.md", "README.zh-CN.md", "docs/**/*.md", "docs/**/*.toml", "docs/**/*.js"],
    *["docs/**/*.html", "docs/**/*.j2", "docs/**/*.py", "notebooks/*.py", "notebooks/*.toml"],
    *["lecture_nets/**/*.py", "tests/**/*.py"],
]
QUESTION = re.compile(r"(What|How|Which|Where|Why|Do|Does|Is)\b|.*\?$")


def lines() -> Iterator[tuple[str, str]]:
    """(place, text) of every line that a reader may meet; this file holds the words themselves."""
    for path in sorted(
        {path for pattern in READ for path in ROOT.glob(pattern)} - {Path(__file__)}
    ):
        for number, text in enumerate(path.read_text("utf-8").splitlines(), 1):
            yield f"{path.relative_to(ROOT)}:{number}", text


def found_in(text: str) -> list[str]:
    """What is banned in a line, each with the word to use instead."""
    return [
        f"“{match[0]}”: write {INSTEAD[int((match.lastgroup or 'w0')[1:])]}"
        for match in WORDS.finditer(text)
    ]


def test_no_text_holds_a_banned_word():
    found = [f"{place}: {words}" for place, text in lines() for words in found_in(text)]
    assert found == [], "\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("Both side heads are left out.", "auxiliary head"),
        ("counts them anew", "again"),
        ("lest it pale", "so that"),
        ("the layer puts out maps", "outputs"),
        ("what shall be saved", "must"),
        ("Grey images, NORMALISED", "gray"),
        ("initialisation", "with z"),
        ("the centre of the optimiser", "center"),
    ],
)
def test_banned_words_are_met_with_the_word_to_use(text, instead):
    assert instead in found_in(text)[0]


@pytest.mark.parametrize(
    "text",
    ["aside heads-up", "the latest checkpoint", "output", "precise, wise", "kind", "a promise"],
)
def test_other_words_are_left_alone(text):
    assert found_in(text) == []


def first_lines() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "lecture_nets").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                continue
            if text := ast.get_docstring(node):
                line = getattr(node, "lineno", 1)
                yield f"{path.relative_to(ROOT)}:{line}", text.splitlines()[0]


def test_first_lines_of_docstrings_state_what_a_thing_does():
    found = [f"{place}: {line}" for place, line in first_lines() if QUESTION.match(line)]
    assert found == [], "\n" + "\n".join(found)


def test_a_question_is_met():
    assert QUESTION.match("How does a row train in less memory?")
    assert QUESTION.match("The data of a page, or what?")
    assert not QUESTION.match("Whole files or none.")
