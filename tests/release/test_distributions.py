"""What wheel and sdist hold, built as a release builds them."""

import json
import subprocess
import sys
import tarfile
import zipfile
from email.parser import BytesParser
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.metadata import Metadata

ROOT = Path(__file__).parents[2]
LARGEST_WHEEL = 10_000_000  # bytes; weights are 7 MB of them


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(built):
    (path,) = built.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


@pytest.fixture(scope="module")
def sdist_names(built) -> set[str]:
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


def in_wheel(wheel: zipfile.ZipFile, ending: str) -> bytes:
    (name,) = (name for name in wheel.namelist() if name.endswith(f".dist-info/{ending}"))
    return wheel.read(name)


def test_the_wheel_holds_types_weights_cards_and_records(wheel):
    names = set(wheel.namelist())
    companion = "lecture_nets/weights/parts_world/AlexNetModule"
    assert names >= {
        "lecture_nets/py.typed",
        f"{companion}/model.safetensors",
        f"{companion}/card.json",
        f"{companion}/README.md",
        "lecture_nets/results/ladder.json",
    }
    in_package = {str(path.relative_to(ROOT)) for path in ROOT.glob("lecture_nets/**/*.py")}
    assert in_package <= names


def test_the_wheel_holds_nothing_else(wheel):
    names = wheel.namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"lecture_nets"}
    kinds = {Path(name).suffix for name in names if name.startswith("lecture_nets/")}
    assert not kinds & {".ipynb", ".zip", ".ckpt", ".jpg", ".pyc"}
    assert "lecture_nets/tests" not in " ".join(names)


def test_the_wheel_is_small(built):
    (path,) = built.glob("*.whl")
    assert path.stat().st_size < LARGEST_WHEEL


def test_the_metadata_is_valid_and_has_the_one_version(wheel):
    metadata = Metadata.from_email(in_wheel(wheel, "METADATA"), validate=True)
    assert str(metadata.version) == version("lecture-nets")
    assert metadata.license_expression == "MIT"
    assert "docs" in metadata.provides_extra
    tag = BytesParser().parsebytes(in_wheel(wheel, "WHEEL"))["Tag"]
    assert tag == "py3-none-any"


def test_the_wheel_carries_its_list_of_parts(wheel):
    bom = json.loads(in_wheel(wheel, "sboms/lecture-nets.cdx.json"))
    assert bom["metadata"]["component"]["version"] == version("lecture-nets")


def test_the_sdist_holds_what_the_tests_of_the_wheel_need(sdist_names):
    assert sdist_names >= {
        ".ci/lecture-nets.cdx.json",
        "CITATION.cff",
        "LICENSE",
        "Makefile",
        "README.md",
        "README.zh-CN.md",
        "docs/results/training.json",
        "lecture_nets/py.typed",
        "notebooks/lecture.toml",
        "tests/conftest.py",
    }


def test_the_sdist_holds_no_photos_and_nothing_that_was_built(sdist_names):
    assert not {name for name in sdist_names if name.endswith((".zip", ".ckpt", ".pyc"))}
    tops = {name.partition("/")[0] for name in sdist_names}
    assert not tops & {"build", "dist", "runs", ".venv", "shared"}
