"""Recipes become the optimizers and schedules that their sources describe."""

import pytest
import torch
from torch import nn

from lecture_nets.nets import NETS, InceptionV3, ResNet50
from lecture_nets.training import RECIPES, Recipe
from lecture_nets.training.optimization import (
    build_optimizer,
    build_schedule,
    ema_with_warm_up,
    learned_tensors,
    one_cycle,
)


def test_every_network_has_a_paper_and_a_quick_recipe_with_a_source():
    assert list(RECIPES) == list(NETS.values())
    for recipes in RECIPES.values():
        assert set(recipes) == {"paper", "quick"}
        assert all(recipe.source for recipe in recipes.values())


def test_the_first_step_of_inception_v3_is_tensorflows():
    # lr 0.045, gradient 0.01: TensorFlow 3.265e-4, PyTorch's own RMSprop 4.486e-4.
    parameter = nn.Parameter(torch.zeros(1))
    optimizer = build_optimizer(RECIPES[InceptionV3]["paper"], [parameter], 0.045)
    optimizer.param_groups[0]["weight_decay"] = 0
    parameter.grad = torch.tensor([0.01])
    optimizer.step()
    # With momentum, TensorFlow's rate is part of what is accumulated: the first step is the same.
    step = 0.045 * 0.01 / (0.9 * 1 + 0.1 * 0.01**2 + 1.0) ** 0.5
    assert -parameter.item() == pytest.approx(step, rel=1e-5)
    assert step == pytest.approx(3.265e-4, rel=1e-3)


def test_inception_v3_multiplies_its_rate_by_0_94_every_two_epochs():
    recipe = RECIPES[InceptionV3]["paper"]
    optimizer = build_optimizer(recipe, [nn.Parameter(torch.zeros(1))], recipe.lr)
    scheduler = build_schedule(recipe, optimizer)["scheduler"]
    rates = []
    for _ in range(6):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    assert rates == pytest.approx([0.045 * 0.94 ** (epoch // 2) for epoch in range(6)])


def test_a_plateau_lowers_the_rate_once_its_patience_is_over():
    recipe = Recipe(optimizer="sgd", lr=1.0, schedule="plateau", patience=2, gamma=0.5, step_size=9)
    optimizer = build_optimizer(recipe, [nn.Parameter(torch.zeros(1))], recipe.lr)
    plan = build_schedule(recipe, optimizer, monitor="train_loss")
    assert plan["monitor"] == "train_loss"
    rates = []
    for loss in (1.0, 0.5, 0.5, 0.5, 0.5):
        plan["scheduler"].step(loss)
        rates.append(optimizer.param_groups[0]["lr"])
    assert rates == [1.0, 1.0, 1.0, 1.0, 0.5]


def test_resnets_recipe_is_the_papers():
    recipe = RECIPES[ResNet50]["paper"]
    assert (recipe.optimizer, recipe.lr, recipe.batch_size) == ("sgd", 0.1, 256)
    assert recipe.options == {"momentum": 0.9, "weight_decay": 1e-4}
    assert (recipe.schedule, recipe.gamma) == ("plateau", 0.1)
    assert recipe.epochs == round(600_000 * 256 / 1_281_167)


@pytest.mark.parametrize("steps", [1, 2, 5, 100])
def test_one_cycle_rises_once_and_ends_at_nothing(steps):
    factors = [one_cycle(steps, step) for step in range(steps)]
    assert max(factors) == 1
    top = factors.index(1)
    assert factors[: top + 1] == sorted(factors[: top + 1])
    assert factors[top:] == sorted(factors[top:], reverse=True)
    assert one_cycle(steps, steps) == pytest.approx(0)
    assert one_cycle(steps, steps + 50) == pytest.approx(0)


def test_a_one_cycle_schedule_must_know_its_end():
    recipe = RECIPES[InceptionV3]["quick"]
    optimizer = build_optimizer(recipe, [nn.Parameter(torch.zeros(1))], 0.1)
    with pytest.raises(ValueError, match="max_epochs"):
        build_schedule(recipe, optimizer, steps=float("inf"))


def test_the_average_follows_quickly_at_first_and_slowly_later():
    average, current = torch.zeros(1), torch.ones(1)
    assert ema_with_warm_up(0.9999, average, current, torch.tensor(0)).item() == pytest.approx(0.9)
    late = ema_with_warm_up(0.9999, average, current, torch.tensor(10**7))
    assert late.item() == pytest.approx(1e-4, rel=1e-2)


def test_a_frozen_network_is_refused():
    with pytest.raises(ValueError, match=r"Linear has no trainable parameters.*frozen"):
        learned_tensors(nn.Linear(2, 2).requires_grad_(False))
