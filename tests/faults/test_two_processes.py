"""The shell on two devices, with two real processes: stopped, resumed, measured, reported."""

import json
import re
import time

import torch

from .conftest import MODEL, TINY, ends

TWO = [*TINY, "--trainer.devices", "2", "--trainer.strategy", "ddp"]


def test_two_devices_train_stop_resume_and_report_once(shell, tmp_path):
    run = shell("fit", *MODEL, *TWO, "--trainer.max_epochs", "500")
    checkpoints = tmp_path / "runs" / "AlexNetModule-1" / "checkpoints"
    deadline = time.monotonic() + 90
    while not (checkpoints / "best.ckpt.sha256").exists():
        assert run.poll() is None, ends(run, 0)
        assert time.monotonic() < deadline, "no checkpoint was written in 90 s"
        time.sleep(0.1)
    run.terminate()
    said = ends(run, 143, 60)
    assert said.count("Run folder: ") == 1
    (stopped,) = checkpoints.glob("stopped-*.ckpt")
    saved = torch.load(stopped, weights_only=True)
    assert len(saved["callbacks"]["ExactResume"]["states"]) == 2

    # Module and options are the file's; the run goes on where it stopped and ends by itself.
    epochs = str(saved["epoch"] + 2)
    said = ends(shell("fit", "--ckpt_path", str(stopped), *TWO, "--trainer.max_epochs", epochs), 0)
    for line in ("Run folder: ", "test top-1: ", "checkpoint: ", "report: "):
        assert len(re.findall(f"^{line}", said, re.MULTILINE)) == 1, said
    assert sorted(folder.name for folder in (tmp_path / "runs").iterdir()) == [
        "AlexNetModule-1",
        "AlexNetModule-2",
    ]
    second = tmp_path / "runs" / "AlexNetModule-2"
    for name in ("report.html", "metrics.csv", "config.yaml"):
        assert (second / name).stat().st_size > 0
    assert json.loads((second / "run.json").read_text())["started"]
