"""StopOnSignal: the step is finished, the file is written, the exit code tells the signal."""

import faulthandler
import logging
import os
import signal
import threading
import time
import traceback
from datetime import timedelta

import pytest
import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from lightning.pytorch.strategies import DDPStrategy
from torch import nn
from torch.multiprocessing import ProcessExitedException
from torch.utils.data import DataLoader, TensorDataset

from lecture_nets.training.exact_resume import ExactResume
from lecture_nets.training.finite_guard import FiniteGuard
from lecture_nets.training.stop_on_signal import DEFAULT_SIGNALS, StopOnSignal, may_replace

pytestmark = [
    # Python 3.12 warns of what these tests need: a child that has imported everything already.
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded"),
    pytest.mark.filterwarnings("ignore:You're resuming from a checkpoint that ended before the"),
    pytest.mark.filterwarnings("ignore:Checkpoint directory .* exists and is not empty"),
]

BATCHES = 6


class Slow(LightningModule):
    """Tells each training step (s) and validation batch (v), then takes its time."""

    def __init__(self, tell=None, seconds=0.0):
        super().__init__()
        self.net = nn.Linear(2, 1)
        self.tell, self.seconds = tell, seconds

    def step(self, letter, batch):
        if self.tell is not None:
            if not self.trainer.sanity_checking:
                os.write(self.tell, letter)
            time.sleep(self.seconds)
        return self.net(batch[0]).square().mean()

    def training_step(self, batch, batch_idx):
        return self.step(b"s", batch)

    def validation_step(self, batch, batch_idx):
        self.log("val_loss", self.step(b"v", batch))

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


def fit(folder, module, resume=None, callbacks=None, val=False, **kwargs):
    loader = DataLoader(TensorDataset(torch.ones(4 * BATCHES, 2)), batch_size=4)
    kwargs = {"max_epochs": 2, "num_sanity_val_steps": 0} | kwargs
    trainer = Trainer(
        accelerator="cpu",
        callbacks=[StopOnSignal(), ModelCheckpoint(folder)] if callbacks is None else callbacks,
        default_root_dir=folder,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        limit_val_batches=1.0 if val else 0,
        **kwargs,
    )
    trainer.fit(module, loader, loader, ckpt_path=resume)
    return trainer


def handlers():
    return {signum: signal.getsignal(signum) for signum in DEFAULT_SIGNALS}


@pytest.fixture(autouse=True)
def from_a_terminal():
    """Signals as a shell in a terminal leaves them; `nohup` and `&` would have some ignored."""
    before = handlers()
    for signum in DEFAULT_SIGNALS:
        default = signal.default_int_handler if signum == signal.SIGINT else signal.SIG_DFL
        signal.signal(signum, default)
    yield
    for signum, handler in before.items():
        signal.signal(signum, handler)


class Child:
    """A forked process that trains; ends as a script that lets SystemExit through would."""

    def __init__(self, folder, seconds=0.1, **kwargs):
        self.log = folder / "log"
        self.listen, tell = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            code = 1
            with self.log.open("a", buffering=1) as log:
                try:
                    os.setsid()
                    logging.getLogger("lightning.pytorch").addHandler(logging.StreamHandler(log))
                    faulthandler.dump_traceback_later(25, exit=True, file=log)
                    torch.set_num_threads(1)
                    fit(folder, Slow(tell, seconds), **kwargs)
                    code = 0
                except SystemExit as exit:
                    code = exit.code or 0
                except BaseException:
                    traceback.print_exc(file=log)
                finally:
                    os._exit(code)
        os.close(tell)

    def wait_for(self, letter, count=1):
        while count:
            count -= os.read(self.listen, 1) == letter

    def send(self, *signals):
        for signum in signals:
            os.kill(self.pid, signum)
            time.sleep(0.02)

    def exit_code(self):
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self.listen)
        return code


def stopped(folder):
    return sorted(file.name for file in folder.glob("stopped-*.ckpt"))


@pytest.mark.parametrize(
    ("signals", "code"),
    [
        ([signal.SIGTERM], 143),
        ([signal.SIGINT], 130),
        ([signal.SIGHUP], 129),
        ([signal.SIGUSR1], 138),
        ([signal.SIGINT, signal.SIGINT], 130),
        ([signal.SIGTERM, signal.SIGINT], 143),
    ],
)
def test_finishes_the_step_saves_and_tells_the_signal(tmp_path, signals, code):
    child = Child(tmp_path)
    child.wait_for(b"s", 3)
    child.send(*signals)
    assert child.exit_code() == code, child.log.read_text()
    assert stopped(tmp_path) == ["stopped-epoch=0-step=3.ckpt"]
    assert torch.load(tmp_path / stopped(tmp_path)[0], weights_only=True)["global_step"] == 3
    name = signals[0].name
    (line,) = [line for line in child.log.read_text().splitlines() if "Stopped by" in line]
    assert f"Stopped by {name}. Go on with: trainer.fit(..., ckpt_path=" in line
    assert f"{tmp_path}/stopped-epoch=0-step=3.ckpt" in line


def test_third_signal_kills_at_once(tmp_path):
    child = Child(tmp_path, seconds=20)
    child.wait_for(b"s")
    start = time.monotonic()
    child.send(signal.SIGINT, signal.SIGINT, signal.SIGINT)
    assert child.exit_code() == -signal.SIGINT
    assert time.monotonic() - start < 5
    assert stopped(tmp_path) == []


def test_resumed_run_takes_every_step(tmp_path):
    child = Child(tmp_path, callbacks=[StopOnSignal()], enable_checkpointing=False)
    child.wait_for(b"s", BATCHES + 2)
    child.send(signal.SIGTERM)
    assert child.exit_code() == 143, child.log.read_text()
    name = f"stopped-epoch=1-step={BATCHES + 2}.ckpt"
    assert stopped(tmp_path) == [name]  # in the root, since there is no other folder
    trainer = fit(tmp_path, Slow(), resume=tmp_path / name, callbacks=[])
    assert (trainer.global_step, trainer.current_epoch) == (2 * BATCHES, 2)


def test_signal_in_the_validation_does_not_wait_for_its_end(tmp_path):
    child = Child(tmp_path, val=True)
    child.wait_for(b"v", 2)
    child.send(signal.SIGTERM)
    assert child.exit_code() == 143, child.log.read_text()
    assert stopped(tmp_path) == [f"stopped-epoch=0-step={BATCHES}.ckpt"]
    trainer = fit(
        tmp_path, Slow(), tmp_path / stopped(tmp_path)[0], [ModelCheckpoint(tmp_path)], val=True
    )
    assert (trainer.global_step, trainer.current_epoch) == (2 * BATCHES, 2)


def test_never_saves_inside_an_accumulation_window(tmp_path):
    child = Child(tmp_path, accumulate_grad_batches=4)
    child.wait_for(b"s", 2)
    child.send(signal.SIGTERM)
    assert child.exit_code() == 143, child.log.read_text()
    saved = torch.load(tmp_path / "stopped-epoch=0-step=1.ckpt", weights_only=True)
    assert saved["loops"]["fit_loop"]["epoch_loop.batch_progress"]["current"]["processed"] == 4


def test_signal_in_the_sanity_check_saves_nothing(tmp_path):
    class Tells(Callback):
        def on_sanity_check_start(self, trainer, pl_module):
            os.write(pl_module.tell, b"c")

    child = Child(tmp_path, callbacks=[StopOnSignal(), Tells()], val=True, num_sanity_val_steps=3)
    child.wait_for(b"c")
    child.send(signal.SIGTERM)
    assert child.exit_code() == 143, child.log.read_text()
    assert stopped(tmp_path) == []
    assert "before the first step, so nothing is saved" in child.log.read_text()


class RaisesSignal(Callback):
    """Sends a signal to the process itself, from inside the hook of that name."""

    def __init__(self, hook):
        setattr(self, hook, lambda *_: signal.raise_signal(signal.SIGTERM))


@pytest.mark.parametrize("hook", ["on_train_epoch_end", "on_train_end"])
def test_late_signal_still_ends_the_process(tmp_path, hook):
    callbacks = [StopOnSignal(), RaisesSignal(hook), ModelCheckpoint(tmp_path)]
    with pytest.raises(SystemExit) as error:
        fit(tmp_path, Slow(), callbacks=callbacks, max_epochs=1)
    assert error.value.code == 143


@pytest.mark.parametrize("end", ["good", "error", "signal"])
def test_gives_the_handlers_back(tmp_path, end):
    class Ends(Callback):
        def on_train_batch_end(self, *_):
            assert all(handler != before[signum] for signum, handler in handlers().items())
            if end == "error":
                raise KeyError("mine")
            if end == "signal":
                signal.raise_signal(signal.SIGHUP)

    before = handlers()
    expected = {"good": (), "error": KeyError, "signal": SystemExit}[end]
    callbacks = [Ends(), StopOnSignal(), ModelCheckpoint(tmp_path)]
    if expected:
        with pytest.raises(expected):
            fit(tmp_path, Slow(), callbacks=callbacks)
    else:
        fit(tmp_path, Slow(), callbacks=callbacks)
    assert handlers() == before
    fit(tmp_path, Slow(), callbacks=[])  # and no signal is left over for a later run


def test_ignored_signals_stay_ignored(monkeypatch):
    held = {signal.SIGHUP: signal.SIG_IGN, signal.SIGUSR1: print, signal.SIGTERM: print}
    monkeypatch.setattr(signal, "getsignal", lambda signum: held.get(signum))
    assert not may_replace(signal.SIGHUP)  # nohup
    assert not may_replace(signal.SIGUSR1)  # Lightning requeues on SLURM
    assert may_replace(signal.SIGTERM)
    assert not may_replace(signal.SIGINT)  # held by code outside of Python


def test_does_nothing_outside_the_main_thread(tmp_path):
    before, seen = handlers(), []

    class Looks(Callback):
        def on_train_batch_end(self, *_):
            seen.append(signal.getsignal(signal.SIGINT))

    callbacks = [StopOnSignal(), Looks()]
    thread = threading.Thread(
        target=fit, args=(tmp_path, Slow()), kwargs={"callbacks": callbacks, "max_epochs": 1}
    )
    thread.start()
    thread.join()
    assert seen == [before[signal.SIGINT]] * BATCHES


def test_folder_that_cannot_be_written_ends_the_run_before_the_first_step(tmp_path):
    (tmp_path / "file").write_text("")
    callbacks = [StopOnSignal(), ModelCheckpoint(tmp_path / "file" / "inside")]
    with pytest.raises(NotADirectoryError, match="Cannot write"):
        fit(tmp_path, Slow(), callbacks=callbacks)


@pytest.mark.skipif(torch.cuda.is_available(), reason="CUDA forbids forking")
@pytest.mark.parametrize("rank", [0, 1])
def test_one_process_of_two_gets_the_signal_and_both_stop(tmp_path, rank):
    class Tells(Callback):
        def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
            if batch_idx == 2 and trainer.global_rank == rank:
                signal.raise_signal(signal.SIGTERM)

    strategy = DDPStrategy(
        start_method="fork", process_group_backend="gloo", timeout=timedelta(seconds=10)
    )
    callbacks = [Tells(), StopOnSignal(), ExactResume(), FiniteGuard(), ModelCheckpoint(tmp_path)]
    start = time.monotonic()
    with pytest.raises(ProcessExitedException, match="process 0 terminated with exit code 143"):
        fit(tmp_path, Slow(), callbacks=callbacks, strategy=strategy, devices=2)
    assert time.monotonic() - start < 9  # nobody waited for the other until the time-out
    assert stopped(tmp_path) == ["stopped-epoch=0-step=3.ckpt"]
    saved = torch.load(tmp_path / stopped(tmp_path)[0], weights_only=True)
    assert len(saved["callbacks"]["ExactResume"]["states"]) == 2
