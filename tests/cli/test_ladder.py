"""`lecture-nets ladder`: two small networks, one chart."""

import json

import pytest
from PIL import Image

from lecture_nets import cli


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


@pytest.mark.parametrize(
    ("words", "said"),
    [
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
