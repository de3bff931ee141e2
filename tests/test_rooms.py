"""The import contract: CONTRIBUTING's table of rooms, held against what the files import."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "lecture_nets"
FILES = sorted(PACKAGE.rglob("*.py"))
TABLE = re.compile(r"^\| `(?P<room>[a-z_/.]+)` \| (?P<floor>\d+) \| (?P<libraries>[^|]*) \|", re.M)
# Private names of libraries that have no public one; each use carries its reason.
UPSTREAM = {
    "_BatchNorm",  # torch: what all batch norms are
    "_C",  # torch
    "_accelerator_connector",  # lightning: whether the user passed a CheckpointIO
    "_combined_loader",  # lightning: the loader's state, and the two that put it back
    "_combined_loader_states_to_load",
    "_load_combined_loader_states",
    "_data_fetcher",  # lightning: how many batches were fetched ahead
    "_data_source",  # lightning: who gave the data
    "_modules",  # torch: children by name, one used twice listed twice
    "_trainer",  # lightning: `trainer` raises where there is none
}


def rooms() -> dict[str, tuple[int, str]]:
    """The table in CONTRIBUTING: room -> floor, libraries that only it may import."""
    text = (ROOT / "docs" / "CONTRIBUTING.md").read_text("utf-8")
    section = text.split("## Rooms")[1].split("\n## ")[0]
    return {
        row["room"].rstrip("/").removesuffix(".py"): (int(row["floor"]), row["libraries"])
        for row in TABLE.finditer(section)
    }


def room_of(file: Path) -> str:
    place = file.relative_to(PACKAGE).parts
    return place[0] if len(place) > 1 else file.stem


def imports(source: str) -> Iterator[str]:
    """Full names of all modules that a file imports, inside functions too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            whole = module == "lecture_nets"
            yield from (f"{module}.{alias.name}" for alias in node.names) if whole else [module]


def broken_arrows(file: Path, source: str) -> list[str]:
    """Imports of a file that its room's floor does not allow."""
    table, here = rooms(), room_of(file)
    ours = [name.split(".")[1] for name in imports(source) if name.startswith("lecture_nets.")]
    there = {room for room in ours if room in table and room != here}
    return [room for room in sorted(there) if table[room][0] >= table[here][0]]


def private_uses(source: str) -> list[str]:
    """Private attributes that a file takes from something other than ``self`` or ``cls``."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and re.match("_[^_]", node.attr):
            own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
            if not own and node.attr not in UPSTREAM:
                found.append(ast.unparse(node))
    return found


def test_the_table_lists_every_room():
    there = {room_of(file) for file in FILES} - {"__init__"}
    assert set(rooms()) == there


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_imports_point_to_lower_floors(file):
    if file.parent == PACKAGE and file.stem == "__init__":
        pytest.skip("the package's face imports nothing; its names are in __init__.pyi")
    assert not broken_arrows(file, file.read_text("utf-8"))


def test_an_arrow_that_runs_up_is_found():
    file = PACKAGE / "nets" / "vgg19.py"
    assert broken_arrows(file, "from lecture_nets.training import load") == ["training"]
    assert broken_arrows(file, "def f():\n    from lecture_nets import data") == ["data"]


def test_libraries_stay_in_their_rooms():
    owners = {
        library: room
        for room, (_, libraries) in rooms().items()
        for library in re.findall("`([a-z_]+)`", libraries)
        if "only" in libraries
    }
    assert owners, "CONTRIBUTING names no library that one room alone imports"
    for file in FILES:
        for name in imports(file.read_text("utf-8")):
            owner = owners.get(name.split(".")[0])
            assert owner in (None, room_of(file)), f"{file} imports {name}, {owner}'s alone"


def test_networks_need_torch_alone():
    for file in sorted((PACKAGE / "nets").rglob("*.py")):
        for name in imports(file.read_text("utf-8")):
            top = name.split(".")[0]
            foreign = top in ("lightning", "torchvision", "torchmetrics", "timm", "numpy", "PIL")
            assert not foreign, f"{file} imports {name}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_nobody_touches_private_parts_of_others(file):
    assert not private_uses(file.read_text("utf-8"))


def test_a_private_part_is_found():
    assert private_uses("data._source.open()") == ["data._source"]
