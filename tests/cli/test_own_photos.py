"""`lecture-nets fit` on own photos: how sure an accuracy is, and splits that are not there."""

import re

import pytest

from lecture_nets.cli.lightning import with_interval

FIT = (
    *("fit", "--model", "AlexNetModule", "--model.width", "0.05", "--model.recipe", "quick"),
    *("--data", "ImageFolderDataModule", "--data.root", "photos", "--data.image_size", "64"),
    *("--trainer.accelerator", "cpu", "--trainer.enable_progress_bar", "false"),
    *("--trainer.max_epochs", "1", "--trainer.log_every_n_steps", "1"),
)


def test_an_accuracy_comes_with_its_interval_and_the_number_of_images(photos, run, tmp_path):
    code, out, _ = run(*FIT)
    assert code == 0
    for split in ("validation", "test"):
        said = rf"^{split} top-1: +[\d.]+%, 95% interval [\d.]+% to [\d.]+% \(8 images\)$"
        assert re.search(said, out, re.MULTILINE)
    (page,) = tmp_path.glob("runs/*/report.html")
    assert "(95% interval " in page.read_text()


def test_the_interval_is_of_the_images_that_were_looked_at(photos, run):
    limits = ("--data.batch_size", "3", "--trainer.limit_test_batches", "1")
    code, out, _ = run(*FIT, *limits, "--trainer.limit_val_batches", "2")
    assert code == 0
    assert "(6 images)" in re.findall("^validation top-1: .*$", out, re.MULTILINE)[0]
    assert "(3 images)" in re.findall("^test top-1: .*$", out, re.MULTILINE)[0]


def test_without_test_images_only_validation_is_reported(photos, run, caplog):
    for file in sorted(photos.glob("*/*.png")):
        split = "Validation" if int(file.stem) < 5 else "Training"
        (photos / split / file.parent.name).mkdir(parents=True, exist_ok=True)
        file.rename(photos / split / file.parent.name / file.name)
    for name in ("cat", "dog"):
        (photos / name).rmdir()
    with caplog.at_level("INFO"):
        code, out, err = run(*FIT)
    assert code == 0
    assert re.search(r"^test top-1: +none$", out, re.MULTILINE)
    assert re.search(r"^validation top-1: .*\(10 images\)$", out, re.MULTILINE)
    assert "no test images, since there is a folder for validation and none for test" in caplog.text
    assert "left out of the report: photos has no test images" in err


@pytest.mark.parametrize(
    ("accuracy", "images", "said"),
    [
        (1.0, 1, "100.0%, 95% interval 20.7% to 100.0% (1 images)"),
        (0.8, 10, "80.0%, 95% interval 49.0% to 94.3% (10 images)"),
        (0.998, 1000, "99.8%, 95% interval 99.3% to 99.9% (1,000 images)"),
        (None, 0, "none"),
    ],
)
def test_intervals_are_wilsons(accuracy, images, said):
    assert with_interval(accuracy, images) == said
