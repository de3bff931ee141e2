"""Smoothed labels: the formula, and that only training steps see them."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from lightning.pytorch import LightningModule
from torch import nn

from lecture_nets.callbacks import LabelSmoothing, smooth_labels


def test_the_papers_example():
    smoothed = smooth_labels(torch.tensor([7]), 1000, 0.1)[0]
    assert smoothed[7].item() == pytest.approx(0.9001)
    assert smoothed[0].item() == pytest.approx(0.0001)


@settings(derandomize=True, deadline=None, max_examples=100, database=None)
@given(st.integers(2, 12), st.floats(0, 0.99), st.integers(0, 10_000))
def test_cross_entropy_with_them_is_torchs_own(classes, epsilon, seed):
    draw = torch.Generator().manual_seed(seed)
    scores = torch.randn(5, classes, generator=draw)
    targets = torch.randint(classes, (5,), generator=draw)
    ours = nn.functional.cross_entropy(scores, smooth_labels(targets, classes, epsilon))
    theirs = nn.functional.cross_entropy(scores, targets, label_smoothing=epsilon)
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(smooth_labels(targets, classes, epsilon).sum(dim=1), torch.ones(5))


@pytest.mark.parametrize("epsilon", [-0.1, 1.0, 1.5, float("nan"), float("inf")])
def test_epsilon_outside_its_range(epsilon):
    with pytest.raises(ValueError, match="0 <= epsilon < 1"):
        LabelSmoothing(epsilon)
    with pytest.raises(ValueError, match="0 <= epsilon < 1"):
        smooth_labels(torch.tensor([0]), 3, epsilon)


def test_one_class_cannot_be_smoothed():
    with pytest.raises(ValueError, match="at least 2"):
        smooth_labels(torch.tensor([0]), 1, 0.1)


class Strangers(LightningModule):
    """Plain Lightning, nothing of ours; notes the smoothing that each step sees."""

    def __init__(self, *, fail: bool = False):
        super().__init__()
        self.layer = nn.Linear(3 * 64 * 64, 10)
        self.criterion = nn.CrossEntropyLoss()
        self.fail = fail
        self.seen = {"train": set(), "val": set()}

    def training_step(self, batch, batch_idx):
        self.seen["train"].add(self.criterion.label_smoothing)
        if self.fail:
            raise RuntimeError("the user's own error")
        return self.criterion(self.layer(batch[0].flatten(1)), batch[1])

    def validation_step(self, batch, batch_idx):
        self.seen["val"].add(self.criterion.label_smoothing)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.01)


def test_training_steps_see_them_and_validation_does_not(quiet_trainer, loader):
    module = Strangers()
    quiet_trainer(callbacks=[LabelSmoothing(0.2)], val_check_interval=1).fit(
        module, loader(), loader()
    )
    assert module.seen == {"train": {0.2}, "val": {0.0}}
    assert module.criterion.label_smoothing == 0


def test_an_error_in_a_step_leaves_nothing_behind(quiet_trainer, loader):
    module = Strangers(fail=True)
    with pytest.raises(RuntimeError, match="the user's own error"):
        quiet_trainer(callbacks=[LabelSmoothing(0.2)]).fit(module, loader(), loader())
    assert module.criterion.label_smoothing == 0


def test_a_module_without_criterion_is_told_what_to_define(quiet_trainer, loader):
    module = Strangers()
    module.criterion = nn.MSELoss()
    with pytest.raises(TypeError, match=r"self\.criterion = nn\.CrossEntropyLoss"):
        quiet_trainer(callbacks=[LabelSmoothing()]).fit(module, loader(), loader())
