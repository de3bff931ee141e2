"""The shell commands, in this process and once as a user's process."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image

from lecture_nets import cli, load
from lecture_nets.data.parts_world import CLASS_NAMES

FIT = [
    *("fit", "--model", "AlexNetModule", "--model.width", "0.0625", "--data.image_size", "64"),
    *("--data.train_size", "40", "--data.val_size", "20", "--data.test_size", "20"),
    *("--trainer.max_epochs", "1", "--trainer.accelerator", "cpu"),
    *("--trainer.log_every_n_steps", "1", "--trainer.enable_progress_bar", "false"),
]


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A folder in which one small network was trained."""
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert cli.main([*FIT, "--data", "PartsWorldDataModule"]) == 0
    return folder


def test_without_words_it_says_how_to_use_it(run):
    code, out, _ = run()
    assert code == 0
    told = re.findall(r"^  ([a-z-]+) ", out, re.M)
    commands = "fit validate test report predict table bench ladder check-data export explorer"
    assert told == [*commands.split(), "student", "lecture-nets"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["fot"], r"unknown command 'fot'. Did you mean fit\?"),
        (["fit", "--model", "InceptionV4Module"], r"Did you mean InceptionV[23]Module\?.*AlexNetM"),
        (["fit", "--model=Alexnet"], r"Did you mean AlexNetModule\?"),
        (["fit", "--data", "PartsWorld"], r"Did you mean PartsWorldDataModule\?.*ImageFolderData"),
    ],
)
def test_unknown_names_list_what_there_is(args, said, run):
    code, _, err = run(*args)
    assert code == cli.BAD_USAGE
    assert re.search(said, err)
    assert err.count("\n") == 1


def test_a_run_leaves_checkpoint_configuration_curves_and_report(trained):
    folder = trained / "runs" / "AlexNetModule-1"
    for file in ("config.yaml", "metrics.csv", "report.html", "checkpoints/best.ckpt"):
        assert (folder / file).stat().st_size > 0


def test_a_second_run_gets_a_folder_of_its_own_and_yaml_goes_in(trained, run, monkeypatch):
    monkeypatch.chdir(trained)
    first = trained / "runs" / "AlexNetModule-1"
    code, out, _ = run("fit", "--config", str(first / "config.yaml"))
    assert code == 0
    assert "AlexNetModule-2" in out
    assert re.search(r"test top-1: +\d+\.\d%", out)


def test_test_measures_a_checkpoint(trained, run):
    folder = trained / "runs" / "AlexNetModule-1"
    args = [word for word in FIT[1:] if "max_epochs" not in word and word != "1"]
    config = ["--trainer.logger", "false", "--ckpt_path", str(folder / "checkpoints/best.ckpt")]
    index = args.index("--trainer.log_every_n_steps")
    code, out, err = run("test", *args[:index], *args[index + 1 :], *config)
    assert code == 0, err
    assert "test_acc" in out
    assert not list(Path().iterdir())  # it measures, and leaves nothing behind


def test_predict_prints_the_five_likeliest_classes(trained, run):
    checkpoint = trained / "runs" / "AlexNetModule-1" / "checkpoints" / "best.ckpt"
    for name in ("a.png", "b.jpg"):
        Image.new("L", (90, 70), 128).save(name)
    code, out, err = run("predict", str(checkpoint), "a.png", "b.jpg")
    assert code == 0, err
    lines = out.splitlines()
    assert [lines[0], lines[6], len(lines)] == ["a.png", "b.jpg", 12]
    shares = [float(line.split("%")[0]) for line in lines[1:6]]
    assert shares == sorted(shares, reverse=True)
    assert {line.split("%")[1].strip() for line in lines[1:6]} < set(CLASS_NAMES)


def test_predict_takes_a_folder_of_save_pretrained(trained, run):
    checkpoint = trained / "runs" / "AlexNetModule-1" / "checkpoints" / "best.ckpt"
    load(checkpoint).save_pretrained("saved")
    Image.new("L", (90, 70), 128).save("a.png")
    answers = [run("predict", str(source), "a.png") for source in (checkpoint, "saved")]
    assert answers[0] == answers[1]
    assert answers[0][0] == 0


def test_explain_draws_each_picture_and_spares_those_given(trained, run):
    checkpoint = trained / "runs" / "AlexNetModule-1" / "checkpoints" / "best.ckpt"
    pictures = ["a.png", "a.explained.png", "sub/a.jpg"]
    Path("sub").mkdir()
    for name in pictures:
        Image.new("L", (90, 70), 128).save(name)
    before = [Path(name).read_bytes() for name in pictures]
    code, out, err = run("predict", str(checkpoint), *pictures, "--explain")
    assert code == 0, err
    written = ["a-2.explained.png", "a.explained.explained.png", "a-3.explained.png"]
    assert out.splitlines()[18:] == [f"explained: {name}" for name in written]
    assert [Path(name).read_bytes() for name in pictures] == before
    for name in written:
        with Image.open(name) as picture:
            assert picture.text["Description"].count("what speaks for") == 2
            assert picture.text["Description"].count("%") >= 5


def test_explanations_go_where_output_says(trained, run):
    checkpoint = trained / "runs" / "AlexNetModule-1" / "checkpoints" / "best.ckpt"
    Image.new("L", (90, 70), 128).save("a.png")
    words = ("predict", str(checkpoint), "a.png")
    code, out, _ = run(*words, "--explain", "--output", "new/folder")
    assert code == 0
    assert out.splitlines()[-1] == f"explained: {Path('new/folder/a.explained.png')}"
    assert Path("new/folder/a.explained.png").stat().st_size > 0
    code, _, err = run(*words, "--output", "new/folder")
    assert code == cli.BAD_USAGE
    assert "--explain was not given" in err


def test_explain_without_captum_is_one_line_with_the_cure(trained, run, monkeypatch):
    checkpoint = trained / "runs" / "AlexNetModule-1" / "checkpoints" / "best.ckpt"
    Image.new("L", (90, 70), 128).save("a.png")
    monkeypatch.setitem(sys.modules, "captum.attr", None)
    monkeypatch.setitem(sys.modules, "captum", None)
    code, _, err = run("predict", str(checkpoint), "a.png", "--explain")
    assert code == cli.BAD_USAGE
    assert "lecture-nets[notebooks]" in err
    assert err.count("\n") == 1


def test_predict_names_a_bad_picture(trained, run):
    checkpoint = trained / "runs" / "AlexNetModule-1" / "checkpoints" / "best.ckpt"
    Path("x.png").write_text("<html>")
    code, _, err = run("predict", str(checkpoint), "x.png")
    assert code == cli.BAD_DATA
    assert "x.png" in err
    assert "HTML" in err


def test_predict_names_a_bad_checkpoint(run):
    Path("x.ckpt").write_bytes(b"")
    code, _, err = run("predict", "x.ckpt", "x.png")
    assert code == cli.BAD_CHECKPOINT
    assert "x.ckpt" in err
    assert "empty" in err


def test_classes_of_the_data_reach_the_network(run, tmp_path):
    for split in ("train", "val", "test"):
        for name in ("cat", "dog", "owl"):
            folder = tmp_path / "photos" / split / name
            folder.mkdir(parents=True)
            for i in range(3):
                pixels = torch.randint(256, (64, 64, 3), dtype=torch.uint8).numpy()
                Image.fromarray(pixels).save(folder / f"{i}.png")
    args = [word for word in FIT if not word.startswith("--data.") and word not in ("40", "20")]
    args.remove("64")
    code, _, err = run(
        *args,
        *("--data", "ImageFolderDataModule", "--data.root", "photos", "--data.image_size", "64"),
        *("--model.recipe", "quick", "--trainer.logger", "false"),
    )
    assert code == 0, err
    checkpoint = next(Path().rglob("*.ckpt"))
    assert torch.load(checkpoint, weights_only=True)["hyper_parameters"]["num_classes"] == 3


def test_missing_data_is_one_line(run):
    code, _, err = run("fit", "--data", "ImageFolderDataModule", "--data.root", "nowhere",
                       "--model", "AlexNetModule")  # fmt: skip
    assert code == cli.BAD_DATA
    assert "nowhere" in err
    assert "Traceback" not in err


def test_table_prints_the_counts(run):
    code, out, _ = run("table")
    assert code == 0
    for number in ("60,965,224", "143,667,240", "6,998,552", "25,954,248", "5,713,216,096"):
        assert number in out


def test_the_installed_command_answers():
    result = subprocess.run(
        [sys.executable, "-m", "lecture_nets.cli", "fit", "--model", "Alexnet"],
        capture_output=True,
        text=True,
    )
    assert result.returncode == cli.BAD_USAGE
    assert "Did you mean AlexNetModule?" in result.stderr
