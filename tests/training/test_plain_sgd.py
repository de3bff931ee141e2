"""Plain training does what its arguments say and nothing else."""

from functools import partial

import pytest
import torch

from lecture_nets.analysis.growth import RecordGrowth
from lecture_nets.callbacks import LabelSmoothing
from lecture_nets.data import PartsWorldDataModule
from lecture_nets.nets import AlexNet
from lecture_nets.nets.plain_stack import PlainStack
from lecture_nets.training import RECIPES
from lecture_nets.training.plain_sgd import fit_plainly

STACK = partial(PlainStack, 4, width=0.5)


@pytest.fixture
def fit():
    def run(build=STACK, **options):
        data = PartsWorldDataModule(64, 10, 20, 10, 10, augment=False)
        return fit_plainly(build, data, 2, **{"lr": 0.01, **options})

    return run


def weights(module) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in module.parameters()])


def test_the_seed_decides_everything(fit):
    first, again, other = weights(fit()), weights(fit()), weights(fit(seed=1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_random_numbers_come_afterwards_as_without_it(fit):
    before = torch.get_rng_state()
    fit()
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    "options", [{"weight_decay": 0.1}, {"epsilon": 0.1}, {"schedule": "one_cycle"}], ids=str
)
def test_each_option_changes_the_outcome(options, fit):
    assert not torch.equal(weights(fit()), weights(fit(**options)))


def test_the_learning_rate_is_constant_unless_asked_otherwise(fit):
    rates = {}
    for schedule in ("constant", "one_cycle"):
        module = fit(schedule=schedule)
        (group,) = module.trainer.optimizers[0].param_groups
        rates[schedule] = group["lr"]
    assert rates["constant"] == 0.01
    assert rates["one_cycle"] < 0.01


def test_callbacks_of_the_caller_come_along(fit):
    growth = RecordGrowth(2)
    module = fit(callbacks=[growth], epsilon=0.1)
    assert [moment.step for moment in growth.moments] == [0, 2, 4]
    assert any(isinstance(each, LabelSmoothing) for each in module.trainer.callbacks)
    assert not module.training


def test_the_recipes_of_a_network_are_left_as_they_were(fit):
    before = {name: set(recipes) for name, recipes in RECIPES.items()}
    fit(partial(AlexNet, 10, width=0.1))
    assert {name: set(recipes) for name, recipes in RECIPES.items()} == before
