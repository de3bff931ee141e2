"""The workflows cannot run here; here they are linted, and held to what a release promises."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".github" / "workflows"
FILES = sorted(FOLDER.glob("*.yml"))
BIN = Path(sys.executable).parent


def run(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_zizmor_finds_nothing():
    run(BIN / "zizmor", "--offline", "--no-config", "--persona=regular", FOLDER)


@pytest.mark.parametrize(
    "schema", ["vendor.github-workflows", "custom.github-workflows-require-timeout"]
)
def test_workflows_are_valid(schema):
    run(BIN / "check-jsonschema", "--builtin-schema", schema, *FILES)


def test_the_citation_is_valid():
    run(
        BIN / "check-jsonschema",
        "--builtin-schema",
        "vendor.citation-file-format",
        ROOT / "CITATION.cff",
    )


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_actions_are_pinned_to_commits_with_their_versions(file):
    used = re.findall(r"uses: (.+)", file.read_text())
    assert used
    for action in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_make_targets_exist(file):
    makefile = (ROOT / "Makefile").read_text()
    for words in re.findall(r"run: make (.+)", file.read_text()):
        for target in words.split():
            assert "=" in target or re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_only_tested_files_are_published_and_no_secret_is_used():
    text = (FOLDER / "release.yml").read_text()
    jobs = yaml.safe_load(text)["jobs"]
    assert jobs["test"]["needs"] == "build"
    assert jobs["publish"]["needs"] == "test"
    assert jobs["publish"]["environment"] == "release"
    assert [name for name, job in jobs.items() if "id-token" in job["permissions"]] == ["publish"]
    assert "secrets." not in text
