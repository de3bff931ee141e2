"""Early layers that are frozen stay, free ones move, and the donor is never touched."""

from functools import partial

import pytest
import torch

from lecture_nets import PartsWorldDataModule
from lecture_nets.analysis.adaptation import change, relearn
from lecture_nets.analysis.swaps import flattened_net

EARLY = ("conv_1", "conv_2")


@pytest.fixture(scope="module")
def data():
    data = PartsWorldDataModule(32, 10, 40, 10, 20, augment=False)
    data.setup()
    return data


@pytest.mark.parametrize("frozen", [True, False])
def test_frozen_layers_stay_and_free_ones_move(data, frozen):
    torch.manual_seed(1)
    donor = flattened_net("7×7", width=0.5)
    before = {key: value.clone() for key, value in donor.state_dict().items()}
    build = partial(flattened_net, "1×7 and 7×1", width=0.5)
    found = relearn(donor, build, EARLY, data, 2, lr=0.1, frozen=frozen)
    assert (found.change == 0) == frozen
    assert found.change < 1  # it started from the donor's: new weights would be √2 away
    assert round(found.accuracy * 20, 6).is_integer()  # 20 test images
    assert all(torch.equal(before[key], value) for key, value in donor.state_dict().items())
    again = relearn(donor, build, EARLY, data, 2, lr=0.1, frozen=frozen)
    assert again == found


def test_other_parts_learn_though_the_early_are_frozen(data):
    donor = flattened_net("7×7", width=0.5)
    build = partial(flattened_net, "7×7", width=0.5)
    found = relearn(donor, build, EARLY, data, 0, lr=0.1, frozen=True)
    assert found.change == 0
    trained = relearn(donor, build, EARLY, data, 15, lr=0.1, frozen=True)
    assert trained.accuracy > found.accuracy


def test_change_by_hand():
    one, other = torch.nn.Linear(2, 1, bias=False), torch.nn.Linear(2, 1, bias=False)
    one.weight.data = torch.tensor([[3.0, 4.0]])
    other.weight.data = torch.tensor([[3.0, 9.0]])
    assert change([one], [other]) == pytest.approx(1)
    assert change([one], [one]) == 0
