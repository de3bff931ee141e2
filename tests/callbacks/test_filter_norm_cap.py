"""The cap on filters: which it shrinks, and that it acts with every step of the optimizer."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from lightning.pytorch import Callback, LightningModule
from lightning.pytorch.callbacks import EMAWeightAveraging
from torch import Tensor, nn, optim

from lecture_nets.callbacks import FilterNormCap, cap_filter_norms


def rms(weight: Tensor) -> Tensor:
    return weight.square().mean((1, 2, 3)).sqrt()


@settings(derandomize=True, deadline=None, max_examples=50, database=None)
@given(st.floats(1e-3, 10), st.integers(1, 5), st.integers(0, 10_000))
def test_filters_above_are_shrunk_to_the_radius_and_others_keep_every_bit(radius, groups, seed):
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Conv2d(2 * groups, 3 * groups, (3, 2), groups=groups))
    weight, loud = net[0].weight.detach(), torch.rand(3 * groups) < 0.5
    weight.mul_(radius / rms(weight)[:, None, None, None])
    weight.mul_(torch.where(loud, 1.7, 0.7)[:, None, None, None])
    before = weight.clone()
    assert cap_filter_norms(net, radius) == loud.sum()
    assert torch.equal(weight[~loud], before[~loud])
    torch.testing.assert_close(rms(weight[loud]), torch.full_like(weight[loud][:, 0, 0, 0], radius))
    directions = [nn.functional.normalize(w[loud].flatten(1)) for w in (weight, before)]
    torch.testing.assert_close(*directions)


def test_only_convolutions_are_capped():
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    assert cap_filter_norms(net, 1e-9) == 0


class Stranger(LightningModule):
    def __init__(self):
        super().__init__()
        self.criterion = nn.CrossEntropyLoss()
        self.conv = nn.Conv2d(3, 8, 9, stride=8)
        self.classifier = nn.Linear(8, 10)

    def training_step(self, batch, batch_idx):
        return self.criterion(self.classifier(self.conv(batch[0]).mean((2, 3))), batch[1])

    def configure_optimizers(self):
        return optim.SGD(self.parameters(), lr=0.1)


class Notes(Callback):
    """The loudest filter and the number of the optimizer's steps after each batch."""

    def __init__(self):
        self.seen = []

    def on_train_batch_end(self, trainer, pl_module, *args):
        self.seen.append((trainer.global_step, rms(pl_module.conv.weight).max().item()))


def fit(trainer, module, data) -> None:
    nn.init.normal_(module.conv.weight)  # RMS 1, ten times the radius
    trainer.fit(module, data)


def test_gradient_accumulation_caps_after_real_steps_only(quiet_trainer, loader):
    notes = Notes()
    trainer = quiet_trainer(accumulate_grad_batches=2, callbacks=[notes, FilterNormCap(0.1)])
    fit(trainer, Stranger(), loader(16))
    assert [steps for steps, _ in notes.seen] == [0, 1, 1, 2]
    assert notes.seen[0][1] > 0.9
    assert max(loudest for _, loudest in notes.seen[1:]) < 0.1001


@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
def test_an_average_takes_in_capped_filters_only(first, quiet_trainer, loader):
    module, ours, average = Stranger(), [FilterNormCap(0.1)], [EMAWeightAveraging(decay=0.0)]
    trainer = quiet_trainer(callbacks=ours + average if first else average + ours)
    fit(trainer, module, loader())
    assert rms(module.conv.weight).max() < 0.1001


def test_after_the_fit_the_optimizer_is_free(quiet_trainer, loader):
    module = Stranger()
    trainer = quiet_trainer(callbacks=[FilterNormCap(0.1)])
    fit(trainer, module, loader())
    nn.init.normal_(module.conv.weight)
    trainer.optimizers[0].step()
    assert rms(module.conv.weight).max() > 0.9


@pytest.mark.parametrize("radius", [0, -1.0, float("nan")])
def test_a_radius_outside_its_range(radius):
    with pytest.raises(ValueError, match="above 0"):
        FilterNormCap(radius)


def test_a_module_without_convolutions_is_refused(quiet_trainer, loader):
    module = Stranger()
    module.conv = nn.Linear(3, 8)
    with pytest.raises(TypeError, match=r"no nn\.Conv2d in Stranger"):
        quiet_trainer(callbacks=[FilterNormCap()]).fit(module, loader())
