"""The version is said in one place, and told everywhere."""

import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import lecture_nets

ROOT = Path(__file__).parents[2]


def test_the_package_and_the_shell_tell_the_version_of_pyproject():
    (written,) = re.findall(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.M)
    assert version("lecture-nets") == written, "run `make .venv/ready`"
    assert lecture_nets.__version__ == written
    told = subprocess.check_output(
        [sys.executable, "-m", "lecture_nets.cli", "--version"], text=True
    )
    assert told == f"lecture-nets {written}\n"


def test_the_changelog_begins_with_this_version():
    (first, *_) = re.findall(r"^## (\S+),", (ROOT / "docs" / "CHANGELOG.md").read_text(), re.M)
    assert first == lecture_nets.__version__
