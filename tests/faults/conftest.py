"""What the faults are done to: the smallest run that the shell can make."""

import os
import subprocess
import sys

import pytest

TINY = [
    *("--data.image_size", "64", "--data.train_size", "40", "--data.val_size", "20"),
    *("--data.test_size", "20", "--trainer.accelerator", "cpu"),
    *("--trainer.log_every_n_steps", "1"),
    *("--trainer.enable_progress_bar", "false", "--trainer.enable_model_summary", "false"),
]
MODEL = ["--model", "AlexNetModule", "--model.width", "0.0625", "--model.recipe", "quick"]


@pytest.fixture
def shell(tmp_path):
    """Start the real command in an empty folder: a process whose whole output is in ``.out``."""
    started = []

    def start(*words: str) -> subprocess.Popen:
        out = (tmp_path / f"out-{len(started)}").open("w+")
        command = [sys.executable, "-m", "lecture_nets.cli", *words]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        process = subprocess.Popen(
            command, cwd=tmp_path, stdout=out, stderr=subprocess.STDOUT, env=environment
        )
        process.out = out
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.out.close()


def ends(process, code: int, seconds: float = 120) -> str:
    """Its output, once it has ended with this code."""
    process.wait(timeout=seconds)
    process.out.seek(0)
    said = process.out.read()
    assert process.returncode == code, said
    return said
