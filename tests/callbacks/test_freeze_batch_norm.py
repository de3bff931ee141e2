"""Frozen batch norms: not a bit of theirs moves, whatever trains around them."""

import copy
from functools import partial

import pytest
import torch
from lightning.pytorch import Callback, LightningModule
from lightning.pytorch.callbacks import (
    EMAWeightAveraging,
    ModelCheckpoint,
    StochasticWeightAveraging,
)
from torch import nn, optim

from lecture_nets.callbacks import FreezeBatchNorm, freeze_batch_norm
from lecture_nets.training import AlexNetModule


class Stranger(LightningModule):
    """One norm with history, between two layers that train with momentum and weight decay."""

    def __init__(self):
        super().__init__()
        self.criterion = nn.CrossEntropyLoss()
        self.conv = nn.Conv2d(3, 8, 9, stride=8)
        self.norm = nn.BatchNorm2d(8)
        self.classifier = nn.Linear(8, 10)
        self.modes = set()
        for value in (self.norm.running_mean, self.norm.weight, self.norm.bias):
            nn.init.normal_(value)
        nn.init.uniform_(self.norm.running_var)

    def forward(self, images):
        return self.classifier(self.norm(self.conv(images)).relu().mean((2, 3)))

    def training_step(self, batch, batch_idx):
        self.modes.add((self.norm.training, self.conv.training))
        return self.criterion(self(batch[0]), batch[1])

    def validation_step(self, batch, batch_idx):
        self.log("val_loss", self.criterion(self(batch[0]), batch[1]))

    def on_validation_end(self):
        self.train()  # as careless code does

    def configure_optimizers(self):
        return optim.SGD(self.parameters(), lr=0.1, momentum=0.9, weight_decay=0.1)


def test_freezing_returns_the_names_and_a_left_over_gradient_moves_nothing():
    net = nn.Sequential(nn.Conv2d(3, 8, 1), nn.BatchNorm2d(8), nn.BatchNorm1d(8))
    net[1].weight.grad = torch.ones(8)
    assert freeze_batch_norm(net) == ["1", "2"]
    before = copy.deepcopy(net[1].state_dict())
    optim.SGD(net.parameters(), lr=0.1, weight_decay=0.1).step()
    net[1](torch.randn(2, 8, 4, 4))
    torch.testing.assert_close(net[1].state_dict(), before, rtol=0, atol=0)


@pytest.mark.parametrize(
    "averages",
    [
        [],
        [partial(EMAWeightAveraging, decay=0.7)],
        [partial(StochasticWeightAveraging, swa_lrs=0.01, swa_epoch_start=1)],
    ],
    ids=["alone", "EMA", "SWA"],
)
@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
def test_not_a_bit_moves(averages, first, quiet_trainer, loader, tmp_path):
    module = Stranger()
    before = copy.deepcopy(module.state_dict())
    ours, others = [FreezeBatchNorm()], [average() for average in averages]
    trainer = quiet_trainer(
        max_epochs=3,
        val_check_interval=1,
        enable_checkpointing=True,
        callbacks=[
            *(ours + others if first else others + ours),
            ModelCheckpoint(tmp_path, filename="end"),
        ],
    )
    trainer.fit(module, loader(), loader())
    saved = torch.load(tmp_path / "end.ckpt", weights_only=True)["state_dict"]
    for after in (module.state_dict(), saved):
        for name, value in before.items():
            assert torch.equal(after[name], value) == name.startswith("norm."), name
    assert module.modes == {(False, True)}
    assert module.norm.weight.requires_grad  # as it was
    assert module.norm.training


def test_a_resumed_fit_keeps_the_norms_of_the_checkpoint(quiet_trainer, loader, tmp_path):
    first, resumed = Stranger(), Stranger()  # the second starts with other norms
    trainer = quiet_trainer(callbacks=[FreezeBatchNorm()])
    trainer.fit(first, loader(), loader())
    trainer.save_checkpoint(tmp_path / "end.ckpt")
    quiet_trainer(max_epochs=2, callbacks=[FreezeBatchNorm()]).fit(
        resumed, loader(), loader(), ckpt_path=tmp_path / "end.ckpt"
    )
    for name, value in first.norm.state_dict().items():
        assert torch.equal(resumed.norm.state_dict()[name], value)


class Fails(Callback):
    def on_train_batch_end(self, *args):
        raise RuntimeError("the user's own error")


def test_after_an_error_the_norms_train_again(quiet_trainer, loader):
    module = Stranger()
    with pytest.raises(RuntimeError, match="the user's own error"):
        quiet_trainer(callbacks=[FreezeBatchNorm(), Fails()]).fit(module, loader(), loader())
    assert module.norm.weight.requires_grad
    assert module.norm.training


def test_a_network_without_batch_norm_is_refused(quiet_trainer, loader):
    with pytest.raises(TypeError, match="no batch norm in AlexNetModule"):
        quiet_trainer(callbacks=[FreezeBatchNorm()]).fit(AlexNetModule(width=0.1), loader())
