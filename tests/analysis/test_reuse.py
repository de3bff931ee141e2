"""Does exactly what listens to a unit change when it is gone?"""

import pytest
import torch
from torch import nn

from lecture_nets.analysis import measure_reuse
from lecture_nets.nets import AlexNet, GoogLeNet, InceptionV3

IMAGES = torch.randn(2, 3, 75, 75, generator=torch.Generator().manual_seed(0))
TOWER = 12  # channels of one of conv_2's two towers, at width 0.1


def alexnet(**options) -> AlexNet:
    return AlexNet(5, width=0.1, **options).eval()


def reuse_by_row(net, unit, row="conv_1", **options):
    return {found.name: found for found in measure_reuse(net, IMAGES, row, unit, **options)}


@pytest.mark.parametrize(("unit", "tower"), [(0, 0), (7, 1)])
def test_the_other_tower_of_alexnet_does_not_change_in_conv_2(unit, tower):
    # The first and last channel: response norms carry those in the middle across the border.
    changed = reuse_by_row(alexnet(), unit)["conv_2"].changed
    assert not any(changed[TOWER:] if tower == 0 else changed[:TOWER])
    assert any(changed)


def test_norms_carry_a_change_two_channels_across_the_border():
    # By less than single precision shows in every channel.
    found = measure_reuse(alexnet().double(), IMAGES.double(), "conv_1", 0, tolerance=1e-12)
    changed = {row.name: row.changed for row in found}
    assert changed["norm_1"] == (True,) * 3 + (False,) * 5
    assert changed["norm_2"] == (True,) * (TOWER + 2) + (False,) * (TOWER - 2)


def test_both_towers_change_from_conv_3_on():
    found = reuse_by_row(alexnet(), 0)["conv_3"].changed
    half = len(found) // 2
    assert (any(found[:half]), any(found[half:])) == (True, True)


def test_one_tower_changes_everywhere():
    assert any(reuse_by_row(alexnet(variant="2014"), 0)["conv_2"].changed[8:])


@pytest.mark.parametrize("deaf", range(4))
def test_a_unit_with_a_weight_of_zero_does_not_change(deaf):
    net = nn.Sequential(nn.Conv2d(3, 6, 3), nn.Conv2d(6, 4, 3))
    with torch.no_grad():
        net[1].weight[deaf, 2] = 0
    (found,) = measure_reuse(net, IMAGES, "0", 2)
    assert found.changed == tuple(unit != deaf for unit in range(4))
    assert found.share == 3 / 4


def test_what_nothing_listens_to_is_not_reused():
    net = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 2), nn.ReLU(inplace=True), nn.Linear(2, 2))
    with torch.no_grad():
        net[1].weight[:, 0] = 0
    assert [found.share for found in measure_reuse(net, IMAGES[0, :, 0].T, "0", 0)] == [0, 0, 0]


def test_changes_below_the_tolerance_do_not_count():
    net = nn.Sequential(nn.Identity(), nn.Linear(2, 2, bias=False))
    net[1].weight.data = torch.tensor([[0.01, 1.0], [1.0, 1.0]])
    ones = torch.ones(1, 2)
    shares = [measure_reuse(net, ones, "0", 0, tolerance=t)[0].share for t in (0, 0.1, 0.6)]
    assert shares == [1, 0.5, 0]


@pytest.mark.parametrize("build", [AlexNet, GoogLeNet, InceptionV3])
def test_every_later_row_is_there(build):
    net = build(5, width=0.1)
    rows = [name for name, _ in net.trunk.named_children()]
    assert list(reuse_by_row(net, 0, rows[0])) == [*rows[1:], "head"]
    assert reuse_by_row(net, 0, "head") == {}


def test_the_net_and_the_images_stay_as_they_are():
    net = InceptionV3(5, width=0.1).train()
    net.trunk[0].eval()
    modes = [part.training for part in net.modules()]
    state = {key: value.clone() for key, value in net.state_dict().items()}
    images = IMAGES.clone()
    measure_reuse(net, images, "conv_1", 0)
    assert [part.training for part in net.modules()] == modes
    assert all(torch.equal(value, state[key]) for key, value in net.state_dict().items())
    assert torch.equal(images, IMAGES)


@pytest.mark.parametrize(
    ("row", "unit", "message"),
    [
        ("conv_9", 0, "unknown row 'conv_9'.*There are: conv_1, "),
        ("conv_1", 8, "choose one of 0 to 7"),
        ("conv_1", -1, "choose one of 0 to 7"),
    ],
)
def test_units_that_are_not_there_are_refused(row, unit, message):
    net = alexnet().train()
    with pytest.raises(ValueError, match=message):
        measure_reuse(net, IMAGES, row, unit)
    assert net.training


def test_images_the_net_refuses_are_refused():
    with pytest.raises(ValueError, match="AlexNet needs images of at least 63x63"):
        measure_reuse(alexnet(), IMAGES[..., :32], "conv_1", 0)
