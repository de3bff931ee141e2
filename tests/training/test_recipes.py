"""Recipes: by name, of one's own, inherited, brought by a network, and in files and the shell."""

from dataclasses import asdict

import pytest
import torch
import yaml
from lightning.pytorch.callbacks import ModelCheckpoint
from torch import nn

import lecture_nets
from lecture_nets import cli
from lecture_nets.names import UnknownNameError
from lecture_nets.nets import AlexNet, InceptionV3
from lecture_nets.training import RECIPES, AlexNetModule, ImageClassifier, Recipe
from lecture_nets.training.recipes import recipes_of

MINE = Recipe(
    source="a test",
    optimizer="sgd",
    lr=0.123,
    options={"momentum": 0.5, "weight_decay": 1e-3},
    schedule="step",
    step_size=3,
    gradient_clip=1.0,
)


def small(**options) -> AlexNetModule:
    return AlexNetModule(width=0.0625, **options)


def test_a_recipe_of_ones_own_is_followed(quiet_trainer, loader):
    module, trainer = small(recipe=MINE), quiet_trainer()
    assert module.recipe is MINE
    trainer.fit(module, loader())
    (group,) = trainer.optimizers[0].param_groups
    assert (group["lr"], group["momentum"], group["weight_decay"]) == (0.123, 0.5, 1e-3)
    assert trainer.lr_scheduler_configs[0].scheduler.step_size == 3


def test_lr_takes_precedence_over_a_recipe_of_ones_own(quiet_trainer, loader):
    trainer = quiet_trainer()
    trainer.fit(small(recipe=MINE, lr=0.5), loader())
    assert trainer.optimizers[0].defaults["lr"] == 0.5


def test_a_recipe_of_ones_own_comes_back_from_files(quiet_trainer, loader, tmp_path):
    module = small(recipe=MINE)
    trainer = quiet_trainer(enable_checkpointing=True, callbacks=[ModelCheckpoint(tmp_path)])
    trainer.fit(module, loader())
    path = trainer.checkpoint_callback.best_model_path
    recorded = torch.load(path, weights_only=True)["hyper_parameters"]["recipe"]
    assert recorded == asdict(MINE)
    module.save_pretrained(tmp_path / "folder")
    for source in (path, tmp_path / "folder"):
        assert lecture_nets.load(source).recipe == MINE
    assert AlexNetModule.load_from_checkpoint(path, recipe="quick").recipe.optimizer == "adamw"


def test_a_subclass_inherits_the_recipes_of_its_network():
    class Mine(InceptionV3):
        pass

    assert recipes_of(Mine(10, width=0.1)) == RECIPES[InceptionV3]
    module = ImageClassifier(Mine(10, width=0.1), recipe="paper")
    assert module.recipe is RECIPES[InceptionV3]["paper"]


def test_a_network_may_bring_recipes_of_its_own():
    class Mine(AlexNet):
        recipes = {"mine": MINE}  # noqa: RUF012

    module = ImageClassifier(Mine(10, width=0.1), recipe="mine")
    assert module.recipe is MINE
    assert set(module.recipes) == {"paper", "quick", "mine"}


def test_a_network_of_which_nothing_is_known_has_one_recipe():
    net = nn.Linear(2, 2)
    assert list(recipes_of(net)) == ["quick"]
    with pytest.raises(UnknownNameError, match="unknown recipe of ImageClassifier 'paper'"):
        ImageClassifier(net, num_classes=2, recipe="paper")


FIT = (
    *("fit", "--model", "AlexNetModule", "--model.width", "0.0625"),
    *("--data.image_size", "64", "--data.train_size", "20", "--data.val_size", "20"),
    *("--trainer.accelerator", "cpu", "--trainer.max_epochs", "1"),
)


@pytest.mark.parametrize(
    "words",
    [
        ("--model.recipe.optimizer", "sgd", "--model.recipe.lr", "0.1"),
        ('--model.recipe={"optimizer": "sgd", "lr": 0.1}',),
    ],
)
def test_the_shell_takes_a_recipe_field_by_field(words, capsys):
    with pytest.raises(SystemExit):
        cli.main([*FIT, *words, "--print_config"])
    recipe = yaml.safe_load(capsys.readouterr().out)["model"]["init_args"]["recipe"]
    assert Recipe(**recipe) == Recipe(optimizer="sgd", lr=0.1)


def test_a_run_of_the_shell_records_the_recipe(run, tmp_path):
    words = (
        *("--model.recipe.optimizer", "sgd", "--model.recipe.lr", "0.01"),
        *("--model.recipe.gradient_clip", "0.5", "--trainer.logger", "false"),
        *("--data.test_size", "20", "--trainer.enable_progress_bar", "false"),
    )
    code, _, err = run(*FIT, *words)
    assert code == 0, err
    (checkpoint,) = tmp_path.rglob("*.ckpt")
    assert lecture_nets.load(checkpoint).recipe == Recipe(
        optimizer="sgd", lr=0.01, gradient_clip=0.5
    )


@pytest.mark.parametrize("word", ["optimizer", "schedule"])
def test_the_shell_refuses_what_no_recipe_has(word, capsys):
    words = ("--model.recipe.optimizer", "sgd", "--model.recipe.lr", "1")
    assert cli.main([*FIT, *words, f"--model.recipe.{word}", "nonsense"]) == cli.BAD_USAGE
    error = capsys.readouterr().err
    assert "nonsense" in error
    assert f'"{word}"' in error
