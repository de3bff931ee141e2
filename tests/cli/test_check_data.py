"""`lecture-nets check-data`: what a training would stumble over, by name, before it does."""

import re
import shutil

import pytest

from lecture_nets import cli


def test_good_photos_are_counted_and_the_next_command_is_named(photos, run):
    code, out, _ = run("check-data", "photos")
    assert code == 0
    assert re.search(r"^cat +\d+ +\d+ +\d+ +40 *$", out, re.MULTILINE)
    assert re.search(r"^all +\d+ +\d+ +\d+ +80 *$", out, re.MULTILINE)
    assert "short sides: 64 to 103 pixels, half of them 84 or more" in out
    assert "drawn from each class of train, by a hash of each path: val, test" in out
    assert "each test image is 12% of the test accuracy" in out
    assert "ready: lecture-nets fit --data ImageFolderDataModule --data.root photos" in out


def test_a_zip_is_the_same(photos, run):
    shutil.make_archive("photos", "zip", photos.parent, photos.name)
    code, out, _ = run("check-data", "photos.zip")
    assert code == 0
    assert re.search(r"^all +\d+ +\d+ +\d+ +80 *$", out, re.MULTILINE)


def test_the_command_it_names_runs(photos, run):
    _, out, _ = run("check-data", "photos")
    (words,) = re.findall("^ready: lecture-nets (.*)$", out, re.MULTILINE)
    assert "--data.image_size 96" in words
    assert "--trainer.max_epochs 45" in words
    short = ["--data.image_size", "75", "--model.width", "0.05", "--trainer.fast_dev_run", "true"]
    code, *_ = run(*words.split(), *short, "--trainer.accelerator", "cpu")
    assert code == 0


def test_every_unusable_file_is_named_with_its_reason(photos, run):
    for i in range(12):
        (photos / "cat" / f"bad{i}.jpg").write_bytes(b"" if i else b"<!doctype html>")
    code, out, err = run("check-data", "photos", "--all")
    assert code == cli.BAD_DATA
    assert out.count("empty: 0 bytes") == 11
    assert "  cat/bad0.jpg: an HTML page or XML text" in out
    assert "12 of 92 files are no usable images. Replace or delete them" in err
    _, out, _ = run("check-data", "photos")
    assert "… and 2 more; --all lists them" in out


def test_copies_in_two_splits_and_in_two_classes_are_named(photos, run):
    for split in ("train", "test"):
        shutil.copytree(photos, photos.parent / "split" / split)
    root = photos.parent / "split"
    shutil.copy(root / "train" / "cat" / "1.png", root / "train" / "dog" / "wrong.png")
    code, out, _ = run("check-data", "split", "--all")
    assert code == 0
    assert "equal byte by byte, in two splits, so that scores are too good: 80" in out
    assert "  train/cat/0.png = test/cat/0.png" in out
    assert "equal byte by byte, in two classes, so that one label is wrong: 1" in out
    assert "  train/cat/1.png = train/dog/wrong.png = test/cat/1.png" in out


def test_what_is_no_picture_is_counted(photos, run):
    (photos / "cat" / "notes.txt").write_text("notes")
    _, out, _ = run("check-data", "photos")
    assert "left out: 1 .txt" in out


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda root: shutil.rmtree(root), "there is no folder or zip photos"),
        (lambda root: shutil.rmtree(root / "dog"), "only the class folder cat"),
        (lambda root: (root / "empty").mkdir(), "no image in the class folder empty"),
    ],
)
def test_what_cannot_be_trained_on_is_an_error(spoil, said, photos, run):
    spoil(photos)
    code, _, err = run("check-data", "photos")
    assert code == cli.BAD_DATA
    assert said in err
