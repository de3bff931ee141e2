"""Gaps between logits and norms of weights: by hand, and written down during a real fit."""

import math

import pytest
import torch
from lightning.pytorch import Callback, LightningModule
from lightning.pytorch.loggers import CSVLogger
from torch import nn, optim

from lecture_nets.analysis.growth import (
    RecordGrowth,
    best_gap,
    label_margin,
    logit_gap,
    weight_norm,
)
from lecture_nets.callbacks import LabelSmoothing, smooth_labels

# Gaps 3, 1 and 0; margins with these labels 3, -1 and -4.
LOGITS = torch.tensor([[5.0, 2.0, -1.0], [0.0, 1.0, -7.0], [4.0, 0.0, 4.0]])
LABELS = torch.tensor([0, 0, 1])


def test_the_gap_of_logits_made_by_hand():
    assert logit_gap(LOGITS) == pytest.approx(4 / 3)


def test_the_margin_of_logits_made_by_hand():
    assert label_margin(LOGITS, LABELS) == pytest.approx(-2 / 3)


def test_where_labels_win_the_margin_is_the_gap():
    assert label_margin(LOGITS, LOGITS.argmax(1)) == pytest.approx(logit_gap(LOGITS))


@pytest.mark.parametrize("measure", [logit_gap, lambda logits: label_margin(logits, LABELS)])
def test_one_class_has_no_gap(measure):
    with pytest.raises(ValueError, match="at least 2 classes"):
        measure(LOGITS[:, :1])


@pytest.mark.parametrize("epsilon", [0.1, 0.3])
def test_at_the_best_gap_softmax_is_the_smoothed_label(epsilon):
    logits = torch.zeros(1, 10)
    logits[0, 7] = best_gap(epsilon, 10)
    smoothed = smooth_labels(torch.tensor([7]), 10, epsilon)
    torch.testing.assert_close(logits.softmax(1), smoothed)


def test_hard_labels_ask_for_an_infinite_gap():
    assert best_gap(0.0, 10) == math.inf


def test_the_norm_of_weights_made_by_hand():
    net = nn.Sequential(nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1), nn.Linear(1, 2))
    with torch.no_grad():
        net[0].weight.fill_(2)
        net[2].weight.copy_(torch.tensor([[4.0], [4.0]]))
        net[0].bias.fill_(100)
        net[1].weight.fill_(100)
    assert weight_norm(net) == pytest.approx(6)
    assert weight_norm(net[1]) == 0


class Stranger(LightningModule):
    """Has what the card asks for, and dropout and batch norm, which differ while training."""

    def __init__(self):
        super().__init__()
        self.criterion = nn.CrossEntropyLoss()
        self.net = nn.Sequential(
            nn.Conv2d(3, 8, 9, stride=8),
            nn.BatchNorm2d(8),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Dropout(),
            nn.Linear(8, 10),
        )

    def forward(self, images):
        return self.net(images)

    def training_step(self, batch, batch_idx):
        assert self.net.training
        return self.criterion(self(batch[0]), batch[1])

    def configure_optimizers(self):
        return optim.SGD(self.parameters(), lr=0.1)


@pytest.fixture
def fit(quiet_trainer, loader):
    """Fit a new `Stranger` to so many batches of 4: the module."""

    def run(*callbacks: Callback, batches: int = 7, **options) -> LightningModule:
        torch.manual_seed(0)
        module = Stranger()
        quiet_trainer(callbacks=list(callbacks), **options).fit(module, loader(4 * batches))
        return module

    return run


@pytest.mark.parametrize(
    ("every", "steps"), [(1, [*range(8)]), (3, [0, 3, 6, 7]), (7, [0, 7]), (100, [0, 7])]
)
def test_moments_are_at_the_steps_asked_for_and_at_the_end(every, steps, fit):
    growth = RecordGrowth(every)
    fit(growth)
    assert [moment.step for moment in growth.moments] == steps


def test_accumulated_batches_are_one_step(fit):
    growth = RecordGrowth(2)
    fit(growth, batches=8, accumulate_grad_batches=2)
    assert [moment.step for moment in growth.moments] == [0, 2, 4]


def test_a_second_fit_begins_a_new_list(fit):
    growth = RecordGrowth(5)
    fit(growth)
    fit(growth)
    assert [moment.step for moment in growth.moments] == [0, 5, 7]


def test_the_last_moment_is_of_the_trained_module(fit, loader):
    images, labels = next(iter(loader(8, batch_size=8)))
    growth = RecordGrowth(100, (images, labels))
    module = fit(growth).eval()
    last, logits = growth.moments[-1], module(images)
    assert last.logit_gap == pytest.approx(logit_gap(logits))
    assert last.label_margin == pytest.approx(label_margin(logits, labels))
    assert last.weight_norm == weight_norm(module)
    assert last.last_layer_norm == weight_norm(module.net[-1])


def test_training_stays_the_same_bit_for_bit(fit):
    without, with_it = fit().state_dict(), fit(RecordGrowth(1)).state_dict()
    assert all(torch.equal(without[key], with_it[key]) for key in without)


def test_the_loggers_get_the_numbers(fit, tmp_path):
    fit(RecordGrowth(4), logger=CSVLogger(tmp_path, name="", version=""))
    rows = (tmp_path / "metrics.csv").read_text().splitlines()
    assert set(rows[0].split(",")) >= {"logit_gap", "label_margin", "weight_norm", "step"}
    assert len(rows) == 1 + 3


def test_smoothing_does_not_change_what_is_measured(fit):
    growth = RecordGrowth(100)
    fit(LabelSmoothing(0.1), growth)
    assert len(growth.moments) == 2


def test_at_least_one_step_lies_between_moments():
    with pytest.raises(ValueError, match="at least 1"):
        RecordGrowth(0)


def test_a_module_without_weights_is_refused(quiet_trainer, loader):
    class Norms(Stranger):
        def __init__(self):
            super().__init__()
            self.net = nn.Sequential(nn.BatchNorm2d(3))

    with pytest.raises(TypeError, match="Norms has no convolution"):
        quiet_trainer(callbacks=[RecordGrowth()]).fit(Norms(), loader())
