"""Are the rows of a cost sheet the whole network, counted once each?

The totals themselves are held to the papers in ``tests/nets/test_facts.py``.
"""

import dataclasses
import math
from functools import cache, partial

import pytest
import torch

from lecture_nets.analysis import Cost, RowCost, cost
from lecture_nets.nets import NETS, VGG19, AlexNet, GoogLeNet, InceptionV2, InceptionV3, ShallowSVM

VARIANTS = {
    **NETS,
    "shallow_svm-histogram": partial(ShallowSVM, encoding="histogram"),
    "alexnet-2014": partial(AlexNet, variant="2014"),
    "vgg19-bn": partial(VGG19, batch_norm=True),
    "googlenet-torchvision": partial(GoogLeNet, variant="torchvision"),
    "googlenet-no-aux": partial(GoogLeNet, aux_heads=False),
    "inception_v2-7x7": partial(InceptionV2, stem="7x7", num_factorized=4, aux_batch_norm=True),
    "inception_v2-151": partial(InceptionV2, resolution=151),
    "inception_v3-79": partial(InceptionV3, resolution=79),
}
each_variant = pytest.mark.parametrize("name", VARIANTS)


@cache
def build(name: str, **options):
    with torch.device("meta"):
        return VARIANTS[name](5, **{"width": 0.1, **options})


@cache
def sheet(name: str, size=None) -> Cost:
    return cost(build(name), size)


def main_rows(name: str) -> list[RowCost]:
    return [row for row in sheet(name).rows if not row.aux_head]


@each_variant
def test_rows_are_those_of_the_trunk_and_the_head(name):
    names = [row for row, _ in build(name).trunk.named_children()]
    assert [row.name for row in main_rows(name)] == [*names, "head"]


@each_variant
def test_aux_heads_stand_behind_the_row_they_listen_to(name):
    rows = [row.name for row in sheet(name).rows]
    side = [row.name for row in sheet(name).rows if row.aux_head]
    assert side == [f"aux_heads.{row}" for row in build(name).aux_heads]
    assert all(rows[rows.index(row) - 1] == row.removeprefix("aux_heads.") for row in side)


@each_variant
@pytest.mark.parametrize("count", ["parameters", "macs", "depth"])
def test_rows_add_up(name, count):
    assert sum(getattr(row, count) for row in main_rows(name)) == getattr(sheet(name), count)


@each_variant
def test_paths_multiply(name):
    assert math.prod(row.paths for row in main_rows(name)) == sheet(name).paths


@each_variant
def test_every_parameter_is_in_one_row(name):
    expected = sum(parameter.numel() for parameter in build(name).parameters())
    assert sum(row.parameters for row in sheet(name).rows) == expected
    assert sheet(name).parameters + sheet(name).aux_parameters == expected


@each_variant
def test_all_counts_are_exact_integers(name):
    for counted in (sheet(name), *sheet(name).rows):
        values = vars(counted).items()
        counts = [value for key, value in values if key not in ("name", "output", "rows")]
        assert all(isinstance(value, int | None) for value in counts)


@each_variant
def test_larger_images_change_multiply_adds_and_maps_only(name):
    sizes = build(name).paper_size, build(name).paper_size + 64
    small, large = (sheet(name, size) for size in sizes)
    assert small.macs < large.macs
    assert dataclasses.replace(large, macs=0, rows=()) == dataclasses.replace(
        small, macs=0, rows=()
    )


@each_variant
def test_the_smallest_image_can_be_counted(name):
    assert cost(build(name), build(name).min_size).macs > 0


def test_images_may_be_oblong():
    # TF-slim, inception_v3_test.py: 400 x 600 leaves 11 x 17.
    wide = cost(build("inception_v3"), (400, 600))
    assert wide.rows[-2].output[1:] == (11, 17)
    assert wide.macs == cost(build("inception_v3"), (600, 400)).macs


@pytest.mark.parametrize("size", [0, -5, (300, 0)], ids=str)
def test_images_have_pixels(size):
    with pytest.raises(ValueError, match=r"image_size=.*at least 1 pixel"):
        cost(build("alexnet"), size)


def test_images_the_net_refuses_are_refused():
    with pytest.raises(ValueError, match="AlexNet needs images of at least 63x63 pixels, got 62x"):
        cost(build("alexnet"), (62, 100))


def test_channels_of_the_images_count():
    assert cost(build("alexnet", in_channels=1)).rows[0].output == sheet("alexnet").rows[0].output
    assert cost(build("alexnet", in_channels=1)).macs < sheet("alexnet").macs


def test_one_row_in_full():
    with torch.device("meta"):
        rows = {row.name: row for row in cost(GoogLeNet()).rows}
    assert rows["inception_3a"] == RowCost(
        name="inception_3a",
        output=(256, 28, 28),
        parameters=163_328 + 368,  # arXiv 1409.4842, table 1, and a bias for each channel
        macs=128_049_152,
        depth=2,
        paths=4,
        receptive_field=59,
    )


def test_a_vector_sees_the_whole_image():
    whole = [row.name for row in sheet("shallow_svm").rows if row.receptive_field is None]
    assert whole == ["encoding", "head"]
