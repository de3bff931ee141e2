"""`lecture-nets bench`: images a second, small."""

import json

import pytest

from lecture_nets import cli
from lecture_nets.inference.speed import Speed, forms, in_turns

SMALL = ("--image-size", "64", "--rounds", "3")


def test_the_table_sets_each_way_beside_the_first(run):
    code, out, _ = run("bench", "alexnet", *SMALL)
    assert code == 0
    for word in ("plain", "optimized", "torchvision", "alexnet variant=2014", "1 at a time"):
        assert word in out


def test_json_has_the_seconds_of_each_round(run):
    _, out, _ = run("bench", "alexnet", *SMALL, "--batch-size", "2", "--json")
    paper, theirs = json.loads(out)
    assert paper["network"] == "alexnet"
    assert (paper["image_size"], paper["batch_size"]) == (64, 2)
    assert paper["seconds"].keys() == {"plain", "optimized"}
    assert theirs["seconds"].keys() == {"plain", "optimized", "torchvision"}
    assert all(len(seconds) == 3 for seconds in theirs["seconds"].values())


def test_ratios_are_medians_over_rounds():
    speed = Speed("net", 64, 10, {"plain": [2.0, 2.0, 9.0], "optimized": [1.0, 1.0, 3.0]})
    assert speed.images_per_second("optimized") == 10
    assert speed.times_as_fast("optimized") == 2


def test_ways_are_run_in_turns_behind_a_run_that_does_not_count():
    order = []
    runs = {way: lambda images, way=way: order.append(way) for way in "ab"}
    seconds = in_turns(runs, images=None, rounds=2)
    assert "".join(order) == "ababab"
    assert {way: len(each) for way, each in seconds.items()} == {"a": 2, "b": 2}


def test_networks_that_torchvision_has_otherwise_come_twice():
    assert forms(["alexnet", "zfnet", "googlenet", "inception_v3"]) == [
        ("alexnet", {}),
        ("alexnet", {"variant": "2014"}),
        ("zfnet", {}),
        ("googlenet", {}),
        ("googlenet", {"variant": "torchvision"}),
        ("inception_v3", {}),
    ]


@pytest.mark.parametrize(
    ("words", "expected", "said"),
    [
        (["alexnt"], cli.BAD_USAGE, "unknown network 'alexnt'. Did you mean alexnet?"),
        (["zfnet", "--rounds", "0"], cli.BAD_USAGE, "--rounds 0: at least 1"),
        (["zfnet", "--image-size", "30"], cli.BAD_DATA, "ZFNet needs images of at least"),
    ],
)
def test_what_cannot_be_measured_is_one_line(words, expected, said, run):
    code, _, err = run("bench", *words)
    assert code == expected
    assert said in err
