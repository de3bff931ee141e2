"""The locked requirements of CI, and the list of parts in the wheel, fit pyproject.toml."""

import json
import re
from importlib.metadata import requires, version
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

CI = Path(__file__).parents[2] / ".ci"
TEXT = (CI / "requirements.lock").read_text()
LOCKED = {
    canonicalize_name(name): Version(number)
    for name, number in re.findall(r"^([\w.-]+)==(\S+) ", TEXT, re.MULTILINE)
}
BOM = json.loads((CI / "lecture-nets.cdx.json").read_text())
PARTS = {canonicalize_name(part["name"]): part for part in BOM["components"]}
NEEDED = [Requirement(line) for line in requires("lecture-nets")]
DIRECT = {canonicalize_name(each.name) for each in NEEDED if "extra" not in str(each.marker)}


def test_every_locked_file_has_its_hash():
    pins = re.split(r"^(?=\S)", re.sub(r"^#.*\n", "", TEXT, flags=re.MULTILINE), flags=re.MULTILINE)
    pins = [pin for pin in pins if pin.strip()]
    assert len(pins) == len(LOCKED)
    for pin in pins:
        assert re.fullmatch(r"\S+==\S+ (\\\n    --hash=sha256:[0-9a-f]{64} ?)+\n+", pin), pin


def test_the_lock_names_no_place():
    assert not re.search(r"https?:|file:|--(index|extra-index|find-links)", TEXT)


@pytest.mark.parametrize("name", ["lightning", "pytorch-lightning"])
def test_malicious_uploads_are_neither_locked_nor_allowed(name):
    assert LOCKED[name] not in {Version("2.6.2"), Version("2.6.3")}
    (needed,) = (each for each in NEEDED if each.name == name)
    assert not needed.specifier.contains("2.6.2")
    assert not needed.specifier.contains("2.6.3")


def test_the_lock_has_what_pyproject_asks_for():
    extras = {"extra": "dev"}
    for needed in NEEDED:
        name = canonicalize_name(needed.name)
        if name != "lecture-nets" and (needed.marker is None or needed.marker.evaluate(extras)):
            assert name in LOCKED, f"{name}: run `make lock`"
            assert needed.specifier.contains(LOCKED[name]), f"{needed}: run `make lock`"


def test_the_list_of_parts_is_valid():
    text = (CI / "lecture-nets.cdx.json").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


def test_the_list_of_parts_is_of_this_version():
    assert BOM["metadata"]["component"]["version"] == version("lecture-nets"), "run `make lock`"


def test_the_parts_are_locked_in_the_same_versions():
    assert {name: Version(part["version"]) for name, part in PARTS.items()} == {
        name: LOCKED[name] for name in PARTS
    }


def test_the_parts_are_what_an_installation_without_extras_brings():
    tree = {entry["ref"]: entry["dependsOn"] for entry in BOM["dependencies"]}
    root = BOM["metadata"]["component"]["bom-ref"]
    name_of = {part["bom-ref"]: name for name, part in PARTS.items()}
    assert {name_of[ref] for ref in tree[root]} == DIRECT
    reached, open_refs = set(), list(tree[root])
    while open_refs:
        ref = open_refs.pop()
        if ref not in reached:
            reached.add(ref)
            open_refs += tree.get(ref, [])
    assert reached == set(name_of)
