"""Costs of silence on networks in which each unit's work is known."""

import pytest
import torch
from torch import nn

from lecture_nets.analysis.silencing import silence_units
from lecture_nets.nets import AlexNet

LABELS = torch.arange(40) % 4
IMAGES = torch.eye(4)[LABELS][:, :, None, None]


def passing() -> nn.Sequential:
    """Unit i says class i; a fifth unit is read by nobody; the last bias favors class 0."""
    net = nn.Sequential(nn.Conv2d(4, 5, 1, bias=False), nn.Flatten(), nn.Linear(5, 4))
    net[0].weight.data = torch.eye(5, 4)[:, :, None, None]
    net[2].weight.data = torch.eye(4, 5)
    net[2].bias.data = torch.tensor([0.1, 0.0, 0.0, 0.0])
    return net


def test_each_unit_costs_its_class_and_the_unread_one_nothing():
    found = silence_units(passing(), IMAGES, LABELS)["0"]
    # Without its unit a class falls to class 0, which the bias favors, and class 0 itself stays.
    assert found.lost == pytest.approx({0: 0.0, 1: 0.25, 2: 0.25, 3: 0.25, 4: 0.0})
    assert found.per_unit.mean == pytest.approx(0.15)
    assert found.per_unit.low > 0
    assert found.all_silent == 0.25


def test_a_unit_whose_reader_is_cut_costs_nothing():
    net = passing()
    dict(net.named_parameters())["2.weight"].data[:, 1] = 0
    assert silence_units(net, IMAGES, LABELS)["0"].lost[1] == 0


def test_evenly_spaced_units_are_tried_where_fewer_are_asked_for():
    assert list(silence_units(passing(), IMAGES, LABELS, most=3)["0"].lost) == [0, 2, 4]


def test_rows_of_a_network_and_its_state_stay():
    net = AlexNet(4, width=0.1).train()
    images = torch.randn(4, 3, 67, 67, generator=torch.Generator().manual_seed(0))
    found = silence_units(net, images, LABELS[:4], most=2)
    assert list(found) == [f"conv_{i}" for i in range(1, 6)]
    assert net.training


@pytest.mark.parametrize("row", ["conv_9", "2"])
def test_rows_that_are_not_there_and_the_last_are_refused(row):
    with pytest.raises(ValueError, match=f"unknown row '{row}'"):
        silence_units(passing(), IMAGES, LABELS, [row])
