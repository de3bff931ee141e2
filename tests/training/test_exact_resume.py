"""ExactResume: an interrupted run equals an uninterrupted one, bit for bit."""

import random

import numpy as np
import pytest
import torch
from lightning.pytorch import LightningModule, Trainer, seed_everything
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from torch import nn
from torch.utils.data import DataLoader, IterableDataset, TensorDataset, WeightedRandomSampler

from lecture_nets.data.order import EpochOrder
from lecture_nets.training.exact_resume import (
    ExactResume,
    random_state,
    saved_inside_epoch,
    set_random_state,
)

EPOCHS, BATCHES = 4, 3

# The resumed runs save elsewhere on purpose, and then ModelCheckpoint forgets its best score.
pytestmark = pytest.mark.filterwarnings("ignore:The dirpath has changed")


class Random(LightningModule):
    """Dropout from torch, noise from NumPy, a sign from Python; remembers which samples it saw."""

    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(4, 16), nn.BatchNorm1d(16), nn.Dropout(0.5), nn.Linear(16, 1)
        )
        self.seen = []

    def training_step(self, batch, batch_idx):
        images, index = batch
        self.seen.append(index.tolist())
        noise = np.random.normal() * random.choice([-1, 1])
        return (self.net(images) - noise).square().mean()

    def validation_step(self, batch, batch_idx):
        self.log("val_loss", self.net(batch[0]).square().mean())

    def configure_optimizers(self):
        torch.rand(3)  # as some do who build a part of the net here
        optimizer = torch.optim.SGD(self.parameters(), lr=0.01, momentum=0.9)
        return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.9)]


def loader(**kwargs):
    images = torch.linspace(-1, 1, 96).reshape(24, 4)
    return DataLoader(TensorDataset(images, torch.arange(24)), batch_size=8, **kwargs)


def fit(folder, resume=None, *, exact=True, val=True, train=None, epochs=EPOCHS, window=1, **saver):
    seed_everything(1 if resume is None else 2, verbose=False)
    module = Random()
    callbacks = [ExactResume()] if exact else []
    callbacks.append(ModelCheckpoint(folder, filename="{epoch}-{step}", save_top_k=-1, **saver))
    trainer = Trainer(
        accelerator="cpu",
        max_epochs=epochs,
        accumulate_grad_batches=window,
        callbacks=callbacks,
        default_root_dir=folder,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        limit_val_batches=1.0 if val else 0,
    )
    train = loader(shuffle=True) if train is None else train
    trainer.fit(module, train, loader(), ckpt_path=resume)
    return trainer, module


def same(one, other):
    """Whether two nested states are equal to the last bit."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return torch.equal(one, other) if isinstance(one, torch.Tensor) else one == other


def test_random_state_survives_a_safe_load(tmp_path):
    def draw():
        return random.random(), np.random.rand(3).tolist(), torch.rand(3).tolist()

    np.random.normal()  # leaves a second normal number in NumPy's store
    torch.save(random_state(), tmp_path / "state")
    first = draw()
    set_random_state(torch.load(tmp_path / "state", weights_only=True))
    assert draw() == first


@pytest.mark.parametrize("stopped_after", [1, 2, 3])
@pytest.mark.parametrize(
    ("val", "saver"),
    [
        (True, {}),
        (False, {}),
        (True, {"monitor": "val_loss", "save_on_train_epoch_end": False}),
    ],
    ids=["default", "no-validation", "saved-after-validation"],
)
def test_resumed_run_equals_the_uninterrupted_one(tmp_path, stopped_after, val, saver):
    whole_trainer, whole = fit(tmp_path / "whole", val=val, **saver)
    steps = stopped_after * BATCHES
    file = tmp_path / "whole" / f"epoch={stopped_after - 1}-step={steps}.ckpt"
    trainer, resumed = fit(tmp_path / "resumed", file, val=val, **saver)

    assert resumed.seen == whole.seen[steps:]
    assert same(whole.state_dict(), resumed.state_dict())
    assert trainer.global_step == whole_trainer.global_step == EPOCHS * BATCHES
    assert same(whole_trainer.optimizers[0].state_dict(), trainer.optimizers[0].state_dict())
    last = f"epoch={EPOCHS - 1}-step={EPOCHS * BATCHES}.ckpt"
    states = [
        torch.load(tmp_path / run / last, weights_only=True)["callbacks"]["ExactResume"]
        for run in ("whole", "resumed")
    ]
    assert same(*states)


def test_without_it_the_runs_differ(tmp_path):
    _, whole = fit(tmp_path / "whole", exact=False)
    _, resumed = fit(tmp_path / "resumed", tmp_path / "whole" / "epoch=1-step=6.ckpt", exact=False)
    assert not same(whole.state_dict(), resumed.state_dict())


def test_exact_where_the_schedule_asks_for_the_number_of_steps(tmp_path, monkeypatch):
    plain = Random.configure_optimizers

    def with_one_cycle(self):
        [optimizer], _ = plain(self)
        steps = self.trainer.estimated_stepping_batches  # starts the loader
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, steps)
        return [optimizer], [{"scheduler": schedule, "interval": "step"}]

    monkeypatch.setattr(Random, "configure_optimizers", with_one_cycle)
    _, whole = fit(tmp_path / "whole")
    _, resumed = fit(tmp_path / "resumed", tmp_path / "whole" / f"epoch=0-step={BATCHES}.ckpt")
    assert same(resumed.state_dict(), whole.state_dict())


def test_exact_with_loader_processes(tmp_path):
    kwargs = {"shuffle": True, "num_workers": 1}
    _, whole = fit(tmp_path / "whole", train=loader(**kwargs))
    _, resumed = fit(
        tmp_path / "resumed", tmp_path / "whole" / "epoch=1-step=6.ckpt", train=loader(**kwargs)
    )
    assert same(whole.state_dict(), resumed.state_dict())


NOT_RESUMABLE = "ignore:You're resuming from a checkpoint that ended before the epoch"


class KnowsItsPlace:
    """A loader with a state, as torchdata's StatefulDataLoader."""

    def __init__(self):
        self.next = 0
        self.batches = list(loader())

    def __len__(self):
        return len(self.batches)

    def __iter__(self):
        for place in range(self.next, len(self)):
            self.next = (place + 1) % len(self)
            yield self.batches[place]

    def state_dict(self):
        return {"next": self.next}

    def load_state_dict(self, state):
        self.next = state["next"]


def ordered(**options):
    data = loader().dataset
    return DataLoader(data, batch_size=8, sampler=EpochOrder(data), **options)


LOADERS = {
    "shuffled": lambda: loader(shuffle=True),
    "in two processes": lambda: loader(shuffle=True, num_workers=2),
    "by a generator": lambda: loader(shuffle=True, generator=torch.Generator().manual_seed(3)),
    "weighted": lambda: loader(sampler=WeightedRandomSampler([1.0] * 12 + [9.0] * 12, 24)),
    "by epoch": ordered,
    "by epoch in persistent processes": lambda: ordered(num_workers=1, persistent_workers=True),
    "with a state": KnowsItsPlace,
}


@pytest.mark.filterwarnings(NOT_RESUMABLE)
@pytest.mark.parametrize("step", [1, 5])
@pytest.mark.parametrize("kind", LOADERS)
def test_exact_from_inside_an_epoch(tmp_path, kind, step):
    _, whole = fit(tmp_path / "whole", train=LOADERS[kind](), every_n_train_steps=1)
    file = tmp_path / "whole" / f"epoch={step // BATCHES}-step={step}.ckpt"
    assert saved_inside_epoch(torch.load(file, weights_only=True))
    trainer, resumed = fit(tmp_path / "resumed", file, train=LOADERS[kind](), every_n_train_steps=1)
    assert resumed.seen == whole.seen[step:]
    assert same(resumed.state_dict(), whole.state_dict())
    assert trainer.global_step == EPOCHS * BATCHES


@pytest.mark.filterwarnings(NOT_RESUMABLE)
def test_exact_from_inside_an_accumulation_window(tmp_path, monkeypatch):
    class SavesInside(Callback):
        def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
            if (trainer.current_epoch, batch_idx) == (1, 0):
                trainer.save_checkpoint(tmp_path / "inside.ckpt")

    with monkeypatch.context() as patch:
        patch.setattr(Random, "configure_callbacks", lambda self: [SavesInside()])
        _, whole = fit(tmp_path / "whole", window=2, train=loader(shuffle=True))
    saved = torch.load(tmp_path / "inside.ckpt", weights_only=True)
    (state,) = saved["callbacks"]["ExactResume"]["states"]
    assert state["gradients"].keys() == dict(whole.named_parameters()).keys()
    _, resumed = fit(tmp_path / "resumed", tmp_path / "inside.ckpt", window=2)
    assert same(resumed.state_dict(), whole.state_dict())


@pytest.mark.filterwarnings(NOT_RESUMABLE)
def test_exact_from_inside_an_epoch_where_the_schedule_has_started_the_loader(
    tmp_path, monkeypatch
):
    def with_one_cycle(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=0.01, momentum=0.9)
        steps = self.trainer.estimated_stepping_batches
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, steps)
        return [optimizer], [{"scheduler": schedule, "interval": "step"}]

    monkeypatch.setattr(Random, "configure_optimizers", with_one_cycle)
    for kind in ("shuffled", "with a state"):
        _, whole = fit(tmp_path / kind, train=LOADERS[kind](), every_n_train_steps=1)
        file = tmp_path / kind / "epoch=1-step=4.ckpt"
        _, resumed = fit(
            tmp_path / "resumed" / kind, file, train=LOADERS[kind](), every_n_train_steps=1
        )
        assert resumed.seen == whole.seen[4:]
        assert same(resumed.state_dict(), whole.state_dict())


class Stream(IterableDataset):
    def __iter__(self):
        yield from loader().dataset


@pytest.mark.filterwarnings(NOT_RESUMABLE)
def test_says_that_a_stream_cannot_be_brought_to_its_place(tmp_path):
    def stream():
        return DataLoader(Stream(), batch_size=8)

    fit(tmp_path, train=stream(), every_n_train_steps=1)
    file = tmp_path / "epoch=0-step=2.ckpt"
    with pytest.warns(UserWarning, match=r"saved inside epoch 0.*Cure: resume from a checkpoint"):
        fit(tmp_path / "resumed", file, train=stream(), every_n_train_steps=1)


@pytest.mark.filterwarnings(NOT_RESUMABLE)
def test_says_that_persistent_processes_of_your_own_keep_their_random_numbers(tmp_path):
    options = {"shuffle": True, "num_workers": 1, "persistent_workers": True}
    fit(tmp_path, train=loader(**options), epochs=2)
    with pytest.warns(UserWarning, match=r"1 processes.*persistent_workers=False"):
        fit(tmp_path / "resumed", tmp_path / "epoch=0-step=3.ckpt", train=loader(**options))


def test_says_that_the_checkpoint_holds_no_random_state_for_this_process(tmp_path):
    fit(tmp_path, epochs=1, exact=False)
    with pytest.warns(UserWarning, match="states of 0 processes, this run has 1"):
        fit(tmp_path / "resumed", tmp_path / "epoch=0-step=3.ckpt", epochs=2)


def test_validating_a_checkpoint_leaves_the_callers_random_numbers_alone(tmp_path):
    trainer, module = fit(tmp_path, epochs=1)
    file = tmp_path / "epoch=0-step=3.ckpt"
    draws = []
    for path in (None, file):
        random.seed(5)
        trainer.validate(module, loader(), ckpt_path=path, verbose=False)
        draws.append(random.random())
    assert draws[0] == draws[1]
