"""Accuracies on both splits, by whatever optimizer; what diverges has guessed."""

from functools import partial

import pytest
import torch

from lecture_nets import PartsWorldDataModule
from lecture_nets.analysis.by_recipe import accuracy_by_recipe
from lecture_nets.nets.plain_stack import PlainStack
from lecture_nets.training.recipes import Recipe

RMSPROP = {"alpha": 0.9, "eps": 1.0, "momentum": 0.9}


@pytest.fixture(scope="module")
def data():
    data = PartsWorldDataModule(32, 20, 400, 20, 30, augment=False)
    data.setup()
    return data


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(optimizer="sgd", lr=0.1, options={"momentum": 0.9}),
        Recipe(optimizer="rmsprop_tf", lr=0.1, options=RMSPROP, gradient_clip=2.0),
    ],
    ids=lambda recipe: recipe.optimizer,
)
def test_it_learns_and_draws_nothing(data, recipe):
    build = partial(PlainStack, 5, width=0.5, batch_norm=True)
    torch.manual_seed(7)
    state = torch.get_rng_state()
    found = accuracy_by_recipe(build, data, 10, recipe)
    assert torch.equal(state, torch.get_rng_state())
    # The splits' sizes are in the shares: validation comes first.
    assert round(found.validation * 20, 6).is_integer()
    assert round(found.test * 30, 6).is_integer()
    untrained = accuracy_by_recipe(build, data, 1, Recipe(optimizer="sgd", lr=1e-9))
    assert sum(found) > sum(untrained) + 0.2


def test_what_diverges_has_guessed(data):
    recipe = Recipe(optimizer="sgd", lr=1e9, options={"momentum": 0.9}, schedule="step")
    assert accuracy_by_recipe(partial(PlainStack, 8), data, 3, recipe) == (0.1, 0.1)
