"""What a user of the shell may do wrong: each answer is short, names the thing, has its code."""

import errno
import os
import re
import sys
import threading
from pathlib import Path

import pytest
import torch
from PIL import Image

from lecture_nets import AlexNetModule, cli
from lecture_nets.cli.run_folder import claim

from .conftest import MODEL, TINY

FIT = ["fit", *MODEL, *TINY, "--trainer.max_epochs", "1"]
ONCE = "model:\n  class_path: AlexNetModule\n  init_args:\n    width: 0.0625\n"

# Fault -> words after `fit` and its tiny options, exit code, what the answer says.
OPTIONS = {
    "option misspelt": (["--model.widht", "1"], 2, r"'widht'\. Did you mean width\?"),
    "data option misspelt": (["--data.imag_size", "1"], 2, r"Did you mean image_size\?"),
    "flag misspelt": (["--modl", "x"], 2, "--modl"),
    "word for a number": (["--model.width", "five"], 2, '"width": Expected a float.*five'),
    "fraction for a count": (["--trainer.max_epochs", "3.7"], 2, "max_epochs.*int"),
    "truth for a count": (["--data.batch_size", "true"], 2, "batch_size.*int"),
    "width zero": (["--model.width", "0"], 3, "width=0"),
    "width nan": (["--model.width", "nan"], 2, "width.*nan"),
    "batch of none": (["--data.batch_size", "0"], 3, "batch_size"),
    "image too small": (["--data.image_size", "32"], 3, "at least 63x63"),
    "noise above one": (["--data.label_noise", "2"], 3, "label_noise"),
    "no epochs": (["--trainer.max_epochs", "0"], 2, "--trainer.max_epochs 0: allowed is 1"),
    "negative epochs": (["--trainer.max_epochs", "-5"], 2, "--trainer.max_epochs -5"),
    "seed below zero": (["--seed_everything", "-1"], 2, "--seed_everything -1: allowed is 0 to"),
    "seed too large": (["--seed_everything", str(2**40)], 2, "allowed is 0 to 4294967295"),
    "clip below zero": (["--trainer.gradient_clip_val", "-1"], 2, "gradient_clip_val -1"),
    "windows of none": (["--trainer.accumulate_grad_batches", "0"], 2, "accumulate_grad_batches 0"),
    "nothing to learn from": (["--trainer.limit_train_batches", "0"], 2, "limit_train_batches 0"),
    "nothing to test": (["--trainer.limit_test_batches", "0"], 2, "limit_test_batches 0"),
    "no devices": (["--trainer.devices", "0"], 2, "devices='0'"),
    "score that is not logged": (["--checkpoint.monitor", "valacc"], 2, r"valacc.*val_acc"),
    "classes beside data": (["--model.num_classes", "7"], 2, "--model.num_classes 7.*Leave it out"),
    "shortened option": (["--trainer.max_epoch", "1"], 2, "--trainer.max_epoch"),
    "foreign callback": (["--trainer.callbacks+", "os.system"], 2, "os.system"),
}

CONFIGS = {
    "brackets left open": (b"model: [", 2, "c.yaml, line 1"),
    "a tab": (b"model:\n\tx: 1\n", 2, "c.yaml, line 2"),
    "UTF-16": ("model: AlexNetModule\n".encode("utf-16"), 2, "c.yaml is no UTF-8 text"),
    "Latin-1": (b"model: caf\xe9\n", 2, "c.yaml is no UTF-8 text"),
    "null bytes": (b"\0\1\2\3", 2, "c.yaml"),
    "empty": (b"", 2, "c.yaml holds NoneType, not options by name"),
    "a list": (b"- 1\n", 2, "c.yaml holds list"),
    "a key twice": (f"{ONCE}    width: 0.25\n".encode(), 2, "'width' is given twice"),
    "classes beside data": (f"{ONCE}    num_classes: 7\n".encode(), 2, "num_classes.*Leave it out"),
    "unknown key": (f"{ONCE}trainr:\n  max_epochs: 1\n".encode(), 2, "trainr"),
    "code in a tag": (b"model: !!python/object/apply:os.system ['touch EVIL']\n", 2, "c.yaml"),
}


def check_answer(answer, code, said):
    found, _, err = answer
    assert found == code, err
    assert re.search(said, err, re.DOTALL), err
    assert "Traceback" not in err
    complaint = err[err.index("lecture-nets: error:") :]
    assert complaint.count("\n") <= 3, complaint


@pytest.mark.parametrize("fault", OPTIONS)
def test_options(fault, run):
    words, code, said = OPTIONS[fault]
    check_answer(run(*FIT, *words), code, said)


@pytest.mark.parametrize("fault", CONFIGS)
def test_configuration_files(fault, run):
    content, code, said = CONFIGS[fault]
    Path("c.yaml").write_bytes(content)
    check_answer(run("fit", "--config", "c.yaml"), code, said)
    assert not Path("EVIL").exists()


def test_configuration_file_that_is_not_there_or_a_folder(run):
    check_answer(run("fit", "--config", "c.yaml"), 2, "c.yaml: there is no such file")
    check_answer(run("fit", "--config", "."), 2, r"\. is a folder")


def test_checkpoint_that_is_none(run):
    Path("t.ckpt").write_bytes(b"hello")
    Path("web.ckpt").write_bytes(b"<html>")
    for command in ("fit", "validate", "test"):
        check_answer(run(command, *TINY, "--ckpt_path", "t.ckpt"), 4, "t.ckpt is no checkpoint")
    code, _, err = run("test", *TINY, "--ckpt_path", "web.ckpt")
    assert (code, "weights_only" in err) == (4, False)


def test_checkpoint_with_code_in_it(run, monkeypatch):
    class Evil:
        def __reduce__(self):
            return (Path.touch, (Path("EVIL"),))

    torch.save({"state_dict": {}, "hyper_parameters": Evil()}, "t.ckpt")
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    check_answer(run("test", *TINY, "--ckpt_path", "t.ckpt"), 4, "could run foreign code")
    assert not Path("EVIL").exists()


def test_ctrl_c_ends_with_130_and_one_line(run, monkeypatch):
    def interrupted(args):
        raise KeyboardInterrupt

    monkeypatch.setattr("lecture_nets.cli.table.table", interrupted)
    code, _, err = run("table")
    assert (code, err) == (cli.INTERRUPTED, "lecture-nets: stopped by Ctrl+C\n")


def test_each_of_many_runs_started_together_gets_a_folder_of_its_own(tmp_path):
    names, start = [], threading.Barrier(8)

    def take():
        start.wait()
        names.extend(claim(tmp_path / "runs", "Net") for _ in range(20))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # or the threads would hardly ever meet
    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.setswitchinterval(interval)
    assert sorted(names) == sorted(f"Net-{number}" for number in range(1, 161))


def test_run_folder_that_cannot_be_made_says_where_and_what_to_do(run):
    Path("runs").write_text("a file")
    check_answer(run(*FIT), 3, "Cannot write runs: .*Cure: make room")


@pytest.fixture
def saved(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = AlexNetModule(2, width=0.0625)
    names = ["cat\x1b[2J", "dog"]
    module.data_facts = {
        "class_names": names,
        "image_size": 64,
        "mean": [0.5] * 3,
        "std": [0.2] * 3,
    }
    module.save_pretrained("net")
    Image.new("RGB", (70, 70)).save("a.png")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["predict", "net", "a.png", "--top", "0"], 2, "--top 0: at least 1"),
        (["predict", "net", "a.png", "--top", "-5"], 2, "--top -5: at least 1"),
        (["predict", "net", "pipe.png"], 3, r"pipe\.png: is no regular file"),
        (["predict", "net", "."], 3, "is no regular file but a folder"),
        (["export", "net", "x.pt2", "--image-size", "0"], 2, "--image-size 0: at least 1"),
        (["export", "net", "x.pt2", "--image-size", "-1"], 2, "--image-size -1: at least 1"),
        (["check-data", "pipes"], 3, "no image in the class folder"),
    ],
)
def test_commands_for_what_was_trained(saved, run, words, code, said):
    os.mkfifo("pipe.png")
    for name in "ab":
        Path("pipes", name).mkdir(parents=True)
        os.mkfifo(f"pipes/{name}/x.jpg")
    check_answer(run(*words), code, said)


def test_names_of_strangers_do_not_reach_the_terminal_raw(saved, run):
    code, out, _ = run("predict", "net", "a.png")
    assert code == 0
    assert "\x1b" not in out
    assert r"cat\x1b[2J" in out


def test_no_room_says_where_and_what_to_do(run, monkeypatch):
    def full(args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("lecture_nets.cli.table.table", full)
    check_answer(run("table"), 3, r"No space left on device: .*Make room \(df -h")
