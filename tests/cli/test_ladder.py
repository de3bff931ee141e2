"""`lecture-nets ladder`: two small networks, one chart."""

import json
from functools import partial

import pytest
from PIL import Image

from lecture_nets import HierarchyWorldDataModule, cli
from lecture_nets.cli import ladder as commands_ladder


def test_it_trains_each_network_and_draws_their_errors(photos, run, tmp_path):
    size = ("--image-size", "64", "--epochs", "1", "--width", "0.1")
    code, out, err = run(
        "ladder", "alexnet", "shallow_svm", "--root", "photos", *size, "--output", "out"
    )
    assert code == 0
    record = json.loads((tmp_path / "out" / "ladder.json").read_text())
    assert [rung["name"] for rung in record["rungs"]] == ["AlexNet", "ShallowSVM"]
    assert record["caption"] in out
    assert record["caption"].startswith("photos: ")
    with Image.open(tmp_path / "out" / "ladder.png") as chart:
        assert chart.width > 500
        assert "AlexNet, 8 layers" in chart.info["Description"]
    assert "AlexNet, 1 of 2" in err
    assert "ShallowSVM, 2 of 2" in err


def test_the_other_embedded_images_can_be_chosen(run, tmp_path, monkeypatch):
    chosen = partial(HierarchyWorldDataModule, train_size=20, val_size=10, test_size=10)
    chosen.__name__ = HierarchyWorldDataModule.__name__
    monkeypatch.setitem(commands_ladder.EMBEDDED, "hierarchy_world", chosen)
    size = ("--image-size", "64", "--epochs", "1", "--width", "0.1")
    code, out, _ = run("ladder", "alexnet", "--data", "hierarchy_world", *size)
    assert code == 0
    assert "HierarchyWorld: 20 images of 64 pixels" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["alexnet", "--data", "hierarchy"], "Did you mean hierarchy_world?"),
        (["alexnt"], "unknown network 'alexnt'. Did you mean alexnet?"),
        (["alexnet", "--epochs", "0"], "--epochs 0: at least 1"),
        (["shallow_svm", "inception_v3", "--image-size", "64"], "inception_v3 needs 75 or more"),
    ],
)
def test_what_cannot_be_trained_is_told_of_before_any_training(words, said, run, tmp_path):
    code, _, err = run("ladder", *words)
    assert code == cli.BAD_USAGE
    assert said in err
    assert not list(tmp_path.iterdir())
