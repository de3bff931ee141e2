"""`.ci/run` reaches `make test` on machines with and without a browser, apt-get and root."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

RUN = Path(__file__).parents[2] / ".ci" / "run"
ROOT_USER, PLAIN_USER = "echo 0", "echo 1000"


def run(tmp_path: Path, **programs: str) -> subprocess.CompletedProcess:
    """The script on a machine that has nothing but these programs, written in shell."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(RUN, tmp_path / ".ci" / "run")
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    for name in ("bash", "env", "dirname"):
        (bin_folder / name).symlink_to(shutil.which(name))
    for name, body in (programs | {"make": 'echo "made $*"'}).items():
        program = bin_folder / name.replace("_", "-")
        program.write_text(f"#!/usr/bin/env bash\n{body}\n")
        program.chmod(0o755)
    return subprocess.run(
        [tmp_path / ".ci" / "run"],
        env=os.environ | {"PATH": str(bin_folder)},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    "programs",
    [
        dict(id=ROOT_USER),
        dict(id=PLAIN_USER, apt_get="exit 1"),
        dict(id=ROOT_USER, apt_get="exit 1"),
    ],
    ids=["no apt-get", "not root", "apt-get fails"],
)
def test_a_machine_that_cannot_install_a_browser_says_so_and_tests(tmp_path, programs):
    done = run(tmp_path, **programs)
    assert (done.returncode, done.stdout) == (0, "made test\n")
    assert "no tests in a browser" in done.stderr


def test_a_missing_browser_is_installed(tmp_path):
    installed = tmp_path / "installed"
    done = run(tmp_path, id=ROOT_USER, apt_get=f'echo "$*" >> {installed}')
    assert (done.returncode, done.stdout, done.stderr) == (0, "made test\n", "")
    assert "chromium fonts-noto-cjk" in installed.read_text()


def test_a_browser_that_is_there_is_left_alone(tmp_path):
    done = run(tmp_path, chromium="exit 1", apt_get="exit 1", id=ROOT_USER)
    assert (done.returncode, done.stdout, done.stderr) == (0, "made test\n", "")
