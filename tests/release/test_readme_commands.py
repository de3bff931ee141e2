"""Every command and every line of Python in README is run, in README's order, in one folder.

Only training is cut short, by what Lightning documents for it: words of its command line, of which
the last counts, and in Python the environment's `PL_TRAINER_...`.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BRIEF = "--trainer.max_epochs 1 --trainer.limit_train_batches 2 --trainer.limit_val_batches 1"
# Not run here, and why.
ELSEWHERE = {
    "make run": "its recipe is, by the test below",
    "make test": "it runs this test",
    "pip install -e .": "`make` did it before this test, as .venv/ready; it may need a network",
}


def commands() -> list[str]:
    """Commands of shell blocks and of running text, each once, in order."""
    found = []
    for language, block in FENCE.findall(README):
        if language == "sh":
            lines = block.replace("\\\n", " ").splitlines()
            found += [re.sub(r" +#.*", "", line) for line in lines]
    inline = re.findall(r"`((?:make|lecture-nets|pip|python) [^`\n]+)`", FENCE.sub("", README))
    return list(dict.fromkeys(" ".join(command.split()) for command in found + inline))


def run(command: list[str | Path], folder: Path, **environment: str) -> str:
    quiet = {"OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | quiet | environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def shell(command: str, folder: Path) -> str:
    program, *words = shlex.split(command)
    assert program.endswith("lecture-nets"), command
    if words[0] == "fit":
        words += BRIEF.split()
    return run([sys.executable, "-m", "lecture_nets.cli", *words], folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A user's folder: photos, in a zip too, and one more picture."""
    folder = tmp_path_factory.mktemp("user")
    noise = np.random.default_rng(0)
    for name, color in {"day": (200, 200, 90), "night": (20, 20, 60)}.items():
        place = folder / "photos" / "train" / name
        place.mkdir(parents=True)
        for number in range(20):
            pixels = noise.integers(0, 50, (100, 120, 3), np.uint8) + np.array(color, np.uint8)
            Image.fromarray(pixels).save(place / f"{number}.jpg")
    run([sys.executable, "-m", "zipfile", "-c", "photos.zip", "photos/train"], folder)
    (folder / "photos" / "train" / "day" / "0.jpg").rename(folder / "holiday.jpg")
    return folder


@pytest.mark.slow
def test_the_python_runs(folder):
    blocks = [block for language, block in FENCE.findall(README) if language == "python"]
    assert len(blocks) == 2
    for block in blocks:
        run([sys.executable, "-c", block], folder, PL_TRAINER_FAST_DEV_RUN="1")
    assert (folder / "my_network" / "model.safetensors").exists()


@pytest.mark.slow
def test_the_commands_run(folder):
    """After the Python, whose network one of them reads."""
    for command in commands():
        if command not in ELSEWHERE:
            shell(command, folder)
    run_folder = folder / "runs" / "InceptionV3Module-1"
    assert (run_folder / "report.html").exists()
    assert list(folder.glob("holiday*explained*.png"))


@pytest.mark.slow
def test_what_make_run_does_runs(tmp_path):
    recipe = run(["make", "--dry-run", "--always-make", "run"], ROOT).replace("\\\n", " ")
    (command,) = (line for line in recipe.splitlines() if "lecture-nets fit" in line)
    shell(f"{command} --data.train_size 64 --data.val_size 32 --data.test_size 32", tmp_path)
    assert list(tmp_path.glob("runs/*/report.html"))


def test_every_exception_is_still_in_readme():
    assert set(commands()) >= set(ELSEWHERE)
