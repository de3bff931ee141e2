"""Callbacks from a variable of the shell: asked for by name, harmless otherwise."""

import subprocess
import sys

import pytest
from lightning.pytorch import LightningModule, Trainer
from torch import nn, optim

from lecture_nets import callbacks as ours
from lecture_nets.callbacks import LabelSmoothing
from lecture_nets.cli.entry_point import VARIABLE, callbacks_factory
from lecture_nets.training import InceptionV3Module

SEVEN = (
    *("AuxiliaryBatchNorm", "AuxiliaryWeightSchedule", "BatchNormalize", "FilterNormCap"),
    *("FreezeBatchNorm", "LabelSmoothing", "RecalibrateBatchNorm"),
)
ANOTHERS_PROJECT = """
import sys
from lightning.pytorch import Trainer
trainer = Trainer(barebones=True)
print(*(type(callback).__name__ for callback in trainer.callbacks))
print("lecture_nets.callbacks" in sys.modules)
"""


@pytest.mark.parametrize(
    ("variable", "printed"),
    [({}, "\nFalse\n"), ({VARIABLE: "FilterNormCap,"}, "StandBack FilterNormCap\nTrue\n")],
)
def test_a_bare_trainer_of_another_project(variable, printed):
    result = subprocess.run(
        [sys.executable, "-c", ANOTHERS_PROJECT],
        env={"PATH": "", "OMP_NUM_THREADS": "1", **variable},
        capture_output=True,
        text=True,
    )
    assert result.stdout == printed, result.stderr


@pytest.fixture
def ask(monkeypatch):
    return lambda names: monkeypatch.setenv(VARIABLE, names)


@pytest.mark.parametrize("names", ["", " ", ","])
def test_an_empty_variable_asks_for_nothing(names, ask):
    ask(names)
    assert callbacks_factory() == []


def test_every_callback_can_be_asked_for(ask):
    ask(",".join(SEVEN))
    assert [type(callback) for callback in callbacks_factory()[1:]] == [
        getattr(ours, name) for name in SEVEN
    ]


def test_a_wrong_name_lists_the_right_ones(ask):
    ask("LabelSmothing,FilterNormCap")
    with pytest.warns(
        UserWarning, match=rf"{VARIABLE}: unknown callback 'LabelSmothing'\."
    ) as seen:
        found = callbacks_factory()
    assert all(name in str(seen[0].message) for name in SEVEN)
    assert [type(callback).__name__ for callback in found] == ["StandBack", "FilterNormCap"]


class Stranger(LightningModule):
    def __init__(self, criterion):
        super().__init__()
        self.criterion = criterion
        self.layer = nn.Linear(3 * 64 * 64, 10)
        self.seen = set()

    def training_step(self, batch, batch_idx):
        images, labels = batch
        logits = self.layer(images.flatten(1))
        if isinstance(self.criterion, nn.CrossEntropyLoss):
            return self.criterion(logits, labels)
        return logits.square().mean()

    def configure_optimizers(self):
        return optim.SGD(self.parameters(), lr=0.01)


@pytest.mark.parametrize(("given", "smoothing"), [([], 0.1), ([LabelSmoothing(0.3)], 0.3)])
def test_what_the_user_gives_comes_first(given, smoothing, ask, quiet_trainer, loader):
    ask("LabelSmoothing")
    module = Stranger(nn.CrossEntropyLoss())
    module.criterion.register_forward_hook(
        lambda loss, inputs, _: module.seen.add(round(inputs[1].max().item(), 4))
    )
    quiet_trainer(callbacks=given).fit(module, loader())
    assert module.seen == {round(1 - smoothing + smoothing / 10, 4)}


def test_what_the_module_brings_stands_back(ask, quiet_trainer, loader):
    ask("LabelSmoothing")
    trainer = quiet_trainer()
    module = InceptionV3Module(width=0.1, recipe="quick")
    trainer.fit(module, loader(4, 75), loader(4, 75))
    assert sum(isinstance(callback, LabelSmoothing) for callback in trainer.callbacks) == 1


def test_what_does_not_fit_says_so_and_training_goes_on(ask, quiet_trainer, loader):
    ask("LabelSmoothing,FreezeBatchNorm")
    trainer, module = quiet_trainer(), Stranger(nn.MSELoss())
    with pytest.warns(UserWarning, match=rf"{VARIABLE}: .* It does nothing here") as seen:
        trainer.fit(module, loader())
    assert len([one for one in seen if VARIABLE in str(one.message)]) == 2
    assert trainer.global_step == 2


def test_lightning_knows_the_entry_point(ask):
    ask("FilterNormCap")
    names = [type(callback).__name__ for callback in Trainer(barebones=True).callbacks]
    assert names == ["StandBack", "FilterNormCap"]
