"""The weight of auxiliary heads: a line over the whole training, also over a resumed one."""

import pytest
import torch
from lightning.pytorch import Callback
from torch import nn

from lecture_nets.callbacks import AuxiliaryWeightSchedule, scheduled_weight
from lecture_nets.training import AlexNetModule, GoogLeNetModule, ImageClassifier


@pytest.mark.parametrize(("progress", "weight"), [(0.0, 0.4), (0.25, 0.3), (1.0, 0.0), (1.5, 0.0)])
def test_the_line(progress, weight):
    assert scheduled_weight(0.4, 0.0, progress) == pytest.approx(weight)


class Notes(Callback):
    def __init__(self):
        self.weights = []

    def on_train_batch_end(self, trainer, pl_module, *args):
        self.weights.append(pl_module.aux_weight)


def googlenet(recipe: str = "quick") -> GoogLeNetModule:
    return GoogLeNetModule(width=0.1, recipe=recipe)


def line(steps: int) -> list:
    return [pytest.approx(0.4 * (1 - step / (steps - 1))) for step in range(steps)]


def test_each_step_has_its_weight_and_the_module_its_own_afterwards(quiet_trainer, loader):
    module, notes = googlenet(), Notes()
    trainer = quiet_trainer(max_epochs=2, callbacks=[AuxiliaryWeightSchedule(0.4, 0.0), notes])
    trainer.fit(module, loader(8, 32), loader(4, 32))
    assert notes.weights == line(4)
    assert module.aux_weight == 0.3


def test_accumulated_batches_are_one_step(quiet_trainer, loader):
    notes = Notes()
    callbacks = [AuxiliaryWeightSchedule(0.4, 0.0), notes]
    quiet_trainer(max_epochs=3, accumulate_grad_batches=2, callbacks=callbacks).fit(
        googlenet(), loader(8, 32), loader(4, 32)
    )
    assert notes.weights[::2] == notes.weights[1::2] == line(3)


def test_a_resumed_fit_goes_on_along_the_line(quiet_trainer, loader, tmp_path):
    notes, path = Notes(), tmp_path / "end.ckpt"

    def trainer(epochs: int):
        callbacks = [AuxiliaryWeightSchedule(0.4, 0.0), notes]
        return quiet_trainer(max_epochs=epochs, callbacks=callbacks)

    first = trainer(1)
    # Its schedule has no end; a one-cycle that has ended is not gone on with.
    first.fit(googlenet("paper"), loader(8, 32), loader(4, 32))
    first.save_checkpoint(path)
    trainer(3).fit(googlenet("paper"), loader(8, 32), loader(4, 32), ckpt_path=path)
    assert notes.weights == [*line(2), *line(6)[2:]]


class Fails(Callback):
    def on_train_batch_end(self, *args):
        raise RuntimeError("the user's own error")


def test_after_an_error_the_module_has_its_own_weight(quiet_trainer, loader):
    module = googlenet()
    with pytest.raises(RuntimeError, match="the user's own error"):
        quiet_trainer(callbacks=[AuxiliaryWeightSchedule(1.0), Fails()]).fit(
            module, loader(8, 32), loader(4, 32)
        )
    assert module.aux_weight == 0.3


@pytest.mark.parametrize("weight", [-0.1, float("nan"), float("inf")])
@pytest.mark.parametrize("end", ["start", "end"])
def test_weights_outside_their_range(weight, end):
    with pytest.raises(ValueError, match=f"{end}={weight}"):
        AuxiliaryWeightSchedule(**{end: weight})


class Linear(ImageClassifier):
    def __init__(self):
        super().__init__(nn.Sequential(nn.Flatten(), nn.Linear(3 * 64**2, 10)), num_classes=10)
        del self.aux_weight


@pytest.mark.parametrize(
    ("said", "module"),
    [
        ("needs Linear.aux_weight", Linear()),
        ("network of AlexNetModule has no auxiliary heads", AlexNetModule(width=0.1)),
    ],
)
def test_modules_without_aux_heads_are_refused(said, module, quiet_trainer, loader):
    with pytest.raises(TypeError, match=said):
        quiet_trainer(callbacks=[AuxiliaryWeightSchedule()]).fit(module, loader())


def test_a_training_without_end_is_refused(quiet_trainer, loader):
    module = googlenet()
    module.configure_optimizers = lambda: torch.optim.SGD(module.parameters(), lr=0.1)
    with pytest.raises(ValueError, match="must know the end"):
        quiet_trainer(max_epochs=-1, callbacks=[AuxiliaryWeightSchedule()]).fit(
            module, loader(8, 32), loader(4, 32)
        )
