"""`Trainer().fit(module)` and nothing else: what may happen to it, and what is lost (nothing)."""

import os
import resource
import signal
import time
from datetime import timedelta
from pathlib import Path

import pytest
import torch
from lightning.pytorch import Callback, Trainer, seed_everything
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.plugins import TorchCheckpointIO
from lightning.pytorch.strategies import DDPStrategy
from torch.multiprocessing import ProcessExitedException, ProcessRaisedException

from lecture_nets import AlexNetModule, load
from lecture_nets.checkpoints import CheckpointError, SafeCheckpointIO
from lecture_nets.data import PartsWorldDataModule
from lecture_nets.training import ExactResume, FiniteGuard, Recipe, StopOnSignal

pytestmark = [
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded"),  # Python 3.12
    pytest.mark.filterwarnings("ignore:Checkpoint directory .* exists and is not empty"),
    pytest.mark.filterwarnings("ignore:You're resuming from a checkpoint that ended before the"),
    pytest.mark.filterwarnings("ignore:The dirpath has changed"),
]
FORKED = pytest.mark.skipif(torch.cuda.is_available(), reason="CUDA forbids forking")


def Module(**options):  # noqa: N802 (a module of ours, as small as it gets)
    return AlexNetModule(10, width=0.0625, **{"recipe": "quick"} | options)


def data(**options):
    return PartsWorldDataModule(64, batch_size=4, train_size=16, val_size=8, test_size=8, **options)


def trainer(folder, **options):
    """As bare as it gets: what is switched off writes and checks nothing."""
    quiet = dict(
        accelerator="cpu",
        default_root_dir=folder,
        max_epochs=3,
        log_every_n_steps=1,
        enable_progress_bar=False,
        enable_model_summary=False,
        logger=False,
    )
    return Trainer(**quiet | options)


class Does(Callback):
    """Calls ``action`` at the start of the third step, on one process."""

    def __init__(self, action, rank=0):
        self.action, self.rank = action, rank

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        if trainer.global_step == 2 and trainer.global_rank == self.rank:
            self.action()


def raises(signum):
    def action():
        signal.signal(signum, signal.getsignal(signum))  # it is handled, not ignored
        signal.raise_signal(signum)

    return action


@pytest.mark.parametrize(
    ("signum", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)]
)
def test_a_signal_saves_the_step_and_ends_with_its_code(tmp_path, signum, code):
    before = signal.getsignal(signum)
    default = signal.default_int_handler if signum == signal.SIGINT else signal.SIG_DFL
    signal.signal(signum, default)
    try:
        with pytest.raises(SystemExit) as stop:
            trainer(tmp_path, callbacks=[Does(raises(signum))]).fit(Module(), data())
    finally:
        signal.signal(signum, before)
    assert stop.value.code == code
    (saved,) = tmp_path.rglob("stopped-epoch=0-step=3.ckpt")
    assert saved.with_name(saved.name + ".sha256").exists()
    assert load(saved).num_classes == 10


@pytest.mark.parametrize("workers", [0, 2])
def test_a_stopped_run_that_goes_on_equals_one_that_was_never_stopped(tmp_path, workers):
    def fit(folder, resume=None, callbacks=(), seed=1):
        seed_everything(seed, verbose=False)
        module = Module()
        run = trainer(tmp_path / folder, callbacks=[*callbacks])
        run.fit(module, data(num_workers=workers), ckpt_path=resume)
        return module.state_dict()

    whole = fit("whole")
    with pytest.raises(SystemExit):
        fit("stopped", callbacks=[Does(raises(signal.SIGTERM))])
    (saved,) = tmp_path.rglob("stopped-*.ckpt")
    resumed = fit("resumed", saved, seed=2)
    assert all(torch.equal(resumed[key], whole[key]) for key in whole)


def saved_by(folder):
    trainer(folder, max_epochs=1).fit(Module(), data())
    return next(folder.rglob("*.ckpt"))


def test_foreign_code_is_refused_whatever_the_environment_says(tmp_path, monkeypatch):
    class Evil:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "EVIL",))

    torch.save({"state_dict": {}, "epoch": Evil()}, tmp_path / "evil.ckpt")
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    for action in ("fit", "validate", "test"):
        with pytest.raises(CheckpointError, match="could run foreign code"):
            getattr(trainer(tmp_path), action)(
                Module(), datamodule=data(), ckpt_path=tmp_path / "evil.ckpt", weights_only=False
            )
    assert not (tmp_path / "EVIL").exists()


@pytest.mark.parametrize("content", [b"", b"hello", b"<html>", b"\x80\x02]q\x00."])
def test_a_file_that_is_no_checkpoint_is_told_without_bad_advice(tmp_path, content):
    (tmp_path / "t.ckpt").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"t\.ckpt ") as told:
        trainer(tmp_path).fit(Module(), data(), ckpt_path=tmp_path / "t.ckpt")
    assert "weights_only" not in str(told.value)


def test_a_flipped_bit_is_refused(tmp_path):
    saved = saved_by(tmp_path)
    content = bytearray(saved.read_bytes())
    content[len(content) // 2] ^= 1
    saved.write_bytes(content)
    with pytest.raises(CheckpointError, match="has changed since it was saved"):
        trainer(tmp_path).fit(Module(), data(), ckpt_path=saved)


def test_a_folder_that_cannot_be_written_ends_it_before_the_first_step(tmp_path):
    (tmp_path / "file").write_text("")
    steps = []
    with pytest.raises(OSError, match=r"Cannot write .*Cure"):
        trainer(tmp_path / "file", callbacks=[Does(lambda: steps.append(1))]).fit(Module(), data())
    assert not steps


@FORKED
def test_a_full_disk_leaves_the_old_file_whole(tmp_path):
    saver = dict(dirpath=tmp_path, filename="last", enable_version_counter=False)
    trainer(tmp_path, max_epochs=1, callbacks=[ModelCheckpoint(**saver)]).fit(Module(), data())
    before = (tmp_path / "last.ckpt").read_bytes()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, resource.RLIM_INFINITY))
            with pytest.raises(OSError, match=r"Cannot write .*Needed [\d,]+ bytes"):
                trainer(tmp_path, callbacks=[ModelCheckpoint(**saver)]).fit(Module(), data())
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(pid, 0)[1] == 0
    assert (tmp_path / "last.ckpt").read_bytes() == before
    assert load(tmp_path / "last.ckpt")


def test_what_the_user_brings_of_the_kind_takes_precedence(tmp_path):
    files = TorchCheckpointIO()
    mine = [FiniteGuard(), ExactResume(), StopOnSignal(signals=[signal.SIGTERM])]
    run = trainer(tmp_path, callbacks=list(mine), plugins=[files], max_epochs=1)
    run.fit(Module(), data())
    assert run.strategy.checkpoint_io is files
    for one in mine:
        assert [other for other in run.callbacks if type(other) is type(one)] == [one]
    bare = trainer(tmp_path, max_epochs=1)
    bare.fit(Module(), data())
    assert type(bare.strategy.checkpoint_io) is SafeCheckpointIO
    for kind in (FiniteGuard, ExactResume, StopOnSignal):
        assert sum(type(one) is kind for one in bare.callbacks) == 1


@pytest.mark.filterwarnings("ignore:You are trying to `self.log")
def test_barebones_trains(tmp_path):
    run = Trainer(barebones=True, accelerator="cpu", max_epochs=1, default_root_dir=tmp_path)
    run.fit(Module(), data())
    assert run.global_step == 4
    assert not list(tmp_path.rglob("*.ckpt"))


# Two processes

PLATEAU = Recipe(
    optimizer="sgd", lr=0.01, schedule="plateau", patience=0, options={"momentum": 0.9}
)


def two(**options):
    return dict(
        devices=2,
        strategy=DDPStrategy(
            start_method="fork", process_group_backend="gloo", timeout=timedelta(seconds=20)
        ),
        **options,
    )


@FORKED
@pytest.mark.filterwarnings("ignore:.*DistributedSampler.*")
def test_a_signal_to_one_process_of_two_stops_both_and_they_go_on_exactly(tmp_path, monkeypatch):
    monkeypatch.setenv("PL_GLOBAL_SEED", "1")

    class Keeps(Callback):
        def on_train_end(self, trainer, pl_module):
            folder = Path(trainer.default_root_dir)
            torch.save(pl_module.state_dict(), folder / f"weights-{trainer.global_rank}")

    def fit(folder, resume=None, callbacks=()):
        (tmp_path / folder).mkdir()
        torch.manual_seed(1)
        run = trainer(tmp_path / folder, **two(callbacks=[Keeps(), *callbacks]))
        run.fit(Module(recipe=PLATEAU), data(), ckpt_path=resume)
        return [torch.load(tmp_path / folder / f"weights-{rank}") for rank in (0, 1)]

    one, other = fit("whole")
    # The schedule looks at a loss: were it each process's own, the rates would part.
    assert all(torch.equal(one[key], other[key]) for key in one)
    start = time.monotonic()
    with pytest.raises(ProcessExitedException, match="exit code 143"):
        fit("stopped", callbacks=[Does(raises(signal.SIGTERM), rank=1)])
    assert time.monotonic() - start < 18  # nobody waited for the time-out
    (saved,) = (tmp_path / "stopped").rglob("stopped-*.ckpt")
    for weights in fit("resumed", saved):
        assert all(torch.equal(weights[key], one[key]) for key in one)


@FORKED
def test_processes_that_read_different_classes_are_told(tmp_path):
    class Other(PartsWorldDataModule):
        def setup(self, stage=None):
            super().setup(stage)
            if torch.distributed.get_rank() == 1:
                self.class_names = (*self.class_names[1:], "zebra")

    with pytest.raises(
        ProcessRaisedException, match=r"process 0: car.*process 1: .*zebra.*same folder"
    ):
        trainer(tmp_path, **two()).fit(
            Module(), Other(64, batch_size=4, train_size=16, val_size=8, test_size=8)
        )
