"""CONTRIBUTING lists the places that a new network needs: these, no others, and few."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
NAMES = re.compile(r"resnet[-_ ]?50(?!\d)", re.IGNORECASE)
OTHERS = re.compile(r"vgg[-_]?19|alexnet|inception[-_ ]?v3", re.IGNORECASE)
# Written by scripts, or a history.
GENERATED = ("docs/results/", "docs/images/", "docs/CHANGELOG.md", "docs/CONTRIBUTING.md")
EXECUTED = ".ipynb"  # prints whatever networks there are; its text is the .py beside it


def places() -> list[list[str]]:
    """CONTRIBUTING's table: the files of each place."""
    text = (ROOT / "docs" / "CONTRIBUTING.md").read_text("utf-8")
    section = text.split("## A new network")[1].split("\n## ")[0]
    return [
        re.findall(r"`([^`]+)`", row)
        for row in re.findall(r"^\| [^|]+ \| (`.*) \|$", section, re.M)
    ]


def naming() -> set[str]:
    """The files of the repository, besides tests, that name the network."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = [
        path
        for path in listed.stdout.splitlines()
        if not path.startswith(("tests/", *GENERATED))
        and not path.endswith(EXECUTED)
        and (ROOT / path).is_file()
    ]
    return {path for path in paths if NAMES.search(path + read(path))}


def read(path: str) -> str:
    try:
        return (ROOT / path).read_text("utf-8")
    except UnicodeDecodeError:
        return ""


def lines_of(path: str) -> int:
    """All lines of its own files; elsewhere those that name no other network, with their block."""
    lines = [line for line in read(path).splitlines() if line.strip()]
    if NAMES.search(path):
        return len(lines)
    counted: set[int] = set()
    for number, line in enumerate(lines):
        if NAMES.search(line) and not OTHERS.search(line):
            block = number + 1
            while block < len(lines) and indent(lines[block]) > indent(line):
                block += 1
            counted |= {*range(number, block)}
    return len(counted)


def indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def test_a_network_is_named_in_at_most_eight_places_and_no_others():
    listed = places()
    assert 1 <= len(listed) <= 8
    assert naming() == {path for files in listed for path in files}


def test_a_network_needs_at_most_150_lines():
    counted = {path: lines_of(path) for files in places() for path in files}
    assert sum(counted.values()) <= 150, counted


def test_a_block_is_counted_with_the_line_that_names_it():
    assert lines_of("lecture_nets/training/recipes.py") >= 5
