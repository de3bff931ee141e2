"""FiniteGuard: no NaN reaches weights, running statistics or files."""

import math
import time
from datetime import timedelta

import pytest
import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.strategies import DDPStrategy
from torch import nn
from torch.multiprocessing import ProcessRaisedException
from torch.utils.data import DataLoader, TensorDataset

from lecture_nets.checkpoints.finite import non_finite_keys
from lecture_nets.training.finite_guard import FiniteGuard, NonFiniteError, describe_input

NAN, INF = math.nan, math.inf


class Tiny(LightningModule):
    """Four features, a norm, a linear layer; spoils its loss or its score on demand."""

    def __init__(self, spoil_step=None, spoil=NAN, score=0.5, manual=False):
        super().__init__()
        self.net = nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 1))
        self.register_buffer("mask", torch.tensor([0.0, -INF]))
        self.spoil_step, self.spoil, self.score = spoil_step, spoil, score
        self.automatic_optimization = not manual
        self.before = {}

    def training_step(self, batch, batch_idx):
        self.before = {key: value.clone() for key, value in self.net.named_parameters()}
        loss = self.net(batch[0]).square().mean()
        if self.global_step == self.spoil_step:
            loss = loss * self.spoil
        if not self.automatic_optimization:
            self.optimizers().zero_grad()
            self.manual_backward(loss)
            self.optimizers().step()
        return loss

    def validation_step(self, batch, batch_idx):
        self.log("val_score", self.score)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.125, momentum=0.9)


def fit(module, folder, data=None, val=False, **kwargs):
    data = torch.ones(16, 4) if data is None else data
    loader = DataLoader(TensorDataset(data), batch_size=4)
    kwargs = {"max_epochs": 1, "callbacks": [FiniteGuard()], "enable_checkpointing": False} | kwargs
    trainer = Trainer(
        accelerator="cpu",
        default_root_dir=folder,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        limit_val_batches=1.0 if val else 0,
        **kwargs,
    )
    trainer.fit(module, loader, loader)
    return trainer


@pytest.mark.parametrize(
    ("batch", "text"),
    [
        (torch.tensor([[1.0], [-3.0]]), "largest magnitude 3. "),
        ([torch.tensor([1, 2]), torch.tensor([[1.0], [NAN], [INF]])], "Samples [1, 2]"),
        ({"image": torch.tensor([[0.5]])}, "largest magnitude 0.5"),
        ((torch.tensor([1, 2]), "label"), ""),
        (None, ""),
    ],
)
def test_description_of_a_batch(batch, text):
    assert text in describe_input(batch)


@pytest.mark.parametrize("spoil", [NAN, INF, -INF])
@pytest.mark.parametrize("manual", [False, True])
def test_stops_before_the_optimizer_sees_the_loss(tmp_path, spoil, manual):
    module = Tiny(spoil_step=2, spoil=spoil, manual=manual)
    with pytest.raises(NonFiniteError, match=r"The loss is .*epoch 0, batch 2 .*0\.125") as error:
        fit(module, tmp_path)
    assert all(
        torch.equal(value, module.before[key]) for key, value in module.net.named_parameters()
    )
    for part in ("largest magnitude 1", "Cure: a lower learning rate", "gradient_clip_val", "32"):
        assert part in str(error.value)


def test_good_weights_are_saved_on_the_way_out(tmp_path):
    saver = ModelCheckpoint(tmp_path, save_on_exception=True)
    with pytest.raises(NonFiniteError):
        fit(Tiny(2), tmp_path, callbacks=[FiniteGuard(), saver], enable_checkpointing=True)
    (file,) = tmp_path.glob("*.ckpt")
    saved = torch.load(file, weights_only=True)
    assert saved["global_step"] == 2
    assert non_finite_keys(saved["state_dict"]) == ["mask"]  # infinite by design, left alone


def test_finds_the_image_that_is_not_a_number(tmp_path):
    data = torch.ones(16, 4)
    data[9, 2] = NAN
    with pytest.raises(NonFiniteError, match=r"batch 2 .*Samples \[1\] of the batch hold NaN"):
        fit(Tiny(), tmp_path, data)


class OnlyStatistics(Tiny):
    """Runs the net, but takes a loss that no input reaches: only the statistics see the image."""

    def training_step(self, batch, batch_idx):
        self.net(batch[0])
        return self.net[1].weight.square().mean()


@pytest.mark.parametrize("val", [False, True])
def test_spoiled_running_statistics_end_the_run_at_the_end_of_the_epoch(tmp_path, val):
    data = torch.ones(16, 4)
    data[9, 2] = NAN
    with pytest.raises(NonFiniteError, match=r"net\.0\.running_mean.*last good file: none"):
        fit(OnlyStatistics(), tmp_path, data, val)


class Spoils(FiniteGuard):
    """The guard with its eyes shut at the epoch's end, so that the save has to see it."""

    def on_train_epoch_end(self, trainer, pl_module):
        if trainer.current_epoch == 1:
            pl_module.net[1].weight.data[0, 0] = NAN


def test_no_spoiled_checkpoint_is_written_and_the_good_one_is_named(tmp_path):
    saver = ModelCheckpoint(tmp_path, filename="{epoch}", save_top_k=-1)
    with pytest.raises(NonFiniteError, match=r"net\.1\.weight, in epoch 1.*epoch=0\.ckpt") as error:
        fit(Tiny(), tmp_path, callbacks=[Spoils(), saver], max_epochs=3, enable_checkpointing=True)
    assert [file.name for file in tmp_path.glob("*.ckpt")] == ["epoch=0.ckpt"]
    assert "1 of 8 weights" in str(error.value)


def test_a_monitored_score_that_is_not_a_number(tmp_path):
    saver = ModelCheckpoint(tmp_path, monitor="val_score", save_on_train_epoch_end=False)
    callbacks = [FiniteGuard(), saver]
    with pytest.raises(NonFiniteError, match=r"monitored score val_score is nan in epoch 0"):
        fit(Tiny(score=NAN), tmp_path, val=True, callbacks=callbacks, enable_checkpointing=True)
    assert saver.best_model_path == ""
    assert not list(tmp_path.glob("*.ckpt"))


def test_weights_that_are_spoiled_from_the_start(tmp_path):
    module = Tiny()
    module.net[1].bias.data.fill_(NAN)
    with pytest.raises(NonFiniteError, match=r"net\.1\.bias, in epoch 0 \(global step 0\)"):
        fit(module, tmp_path)


def test_changes_nothing_in_a_sound_run(tmp_path):
    weights = []
    for callbacks in ([], [FiniteGuard()]):
        torch.manual_seed(0)
        module = Tiny()
        fit(module, tmp_path, val=True, callbacks=callbacks, accumulate_grad_batches=2)
        weights.append(module.state_dict())
    assert all(torch.equal(value, weights[1][key]) for key, value in weights[0].items())


@pytest.mark.skipif(torch.cuda.is_available(), reason="CUDA forbids forking")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")
def test_all_processes_stop_when_one_has_a_bad_loss(tmp_path):
    class OnlyRankOne(Tiny):
        def training_step(self, batch, batch_idx):
            self.spoil = NAN if self.global_rank == 1 else 1.0
            return super().training_step(batch, batch_idx)

    strategy = DDPStrategy(
        start_method="fork", process_group_backend="gloo", timeout=timedelta(seconds=10)
    )
    start = time.monotonic()
    with pytest.raises(ProcessRaisedException, match="NonFiniteError: The loss is "):
        fit(OnlyRankOne(spoil_step=1), tmp_path, strategy=strategy, devices=2)
    assert time.monotonic() - start < 9  # nobody waited for the other until the time-out
