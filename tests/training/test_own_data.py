"""Training on one's own images ends, and says when."""

import pytest
from lightning.pytorch.callbacks import Timer
from torch.utils.data import DistributedSampler

from lecture_nets.nets import AlexNet
from lecture_nets.training import RECIPES, AlexNetModule
from lecture_nets.training.checks import left_over_image

EPOCHS = {name: recipe.epochs for name, recipe in RECIPES[AlexNet].items()}


@pytest.mark.parametrize("recipe", EPOCHS)
def test_without_max_epochs_the_recipe_says_when_to_stop(recipe, quiet_trainer, loader, caplog):
    trainer = quiet_trainer(max_epochs=None)
    with caplog.at_level("INFO"), pytest.warns(UserWarning, match="`max_epochs` was not set"):
        trainer.fit(AlexNetModule(width=0.0625, recipe=recipe), loader(images=2, batch_size=2))
    assert trainer.current_epoch == trainer.global_step == EPOCHS[recipe]
    said = f"was given no max_epochs: by the recipe {recipe!r} it stops after {EPOCHS[recipe]} "
    assert said in caplog.text


@pytest.mark.parametrize("end", [dict(max_epochs=2), dict(max_epochs=-1, max_steps=2)])
def test_an_end_that_was_given_is_kept(end, quiet_trainer, loader, caplog):
    trainer = quiet_trainer(**end)
    with caplog.at_level("INFO"):
        trainer.fit(AlexNetModule(width=0.0625), loader(images=2, batch_size=2))
    assert trainer.global_step == 2
    assert "was given no max_epochs" not in caplog.text


def test_a_time_limit_is_an_end(quiet_trainer, loader):
    trainer = quiet_trainer(max_epochs=None, callbacks=[Timer({"seconds": 1})])
    trainer.fit(AlexNetModule(width=0.0625), loader(images=2, batch_size=2))
    assert trainer.max_epochs == -1


@pytest.mark.parametrize(
    ("images", "left_over"), [(33, True), (34, True), (37, False), (40, False)]
)
@pytest.mark.parametrize("rank", [0, 1])
def test_of_two_processes_each_counts_its_own_share(images, left_over, rank, loader):
    # 33 or 34 images are 17 for each process: four batches of four, and one image.
    sampler = DistributedSampler(range(images), num_replicas=2, rank=rank)  # pyright: ignore
    found = left_over_image(loader(images=images, batch_size=4, sampler=sampler))
    assert (found is not None) == left_over
