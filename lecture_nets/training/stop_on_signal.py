"""Ending a run cleanly when the terminal, the scheduler or the user asks for it."""

import os
import signal
import threading
from collections.abc import Iterable
from types import FrameType
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.utilities import rank_zero_info

from lecture_nets.checkpoints import check_writable

# Ctrl+C, a scheduler's notice, a closed terminal, SLURM's early notice; Windows has two of them.
NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1")
DEFAULT_SIGNALS = tuple(signal.Signals[name] for name in NAMES if hasattr(signal, name))


def may_replace(signum: int) -> bool:
    """Whether the signal is free to be handled here.

    Not what is ignored on purpose (``nohup``, ``&``), nor Lightning's own SIGUSR1 on SLURM.
    """
    handler = signal.getsignal(signum)
    if handler is None or handler is signal.SIG_IGN:
        return False
    return handler is signal.SIG_DFL or signum != getattr(signal, "SIGUSR1", None)


def checkpoint_folder(trainer: Trainer) -> str:
    """The folder of the run's checkpoints: the first checkpoint callback's, else the root."""
    return str(getattr(trainer.checkpoint_callback, "dirpath", None) or trainer.default_root_dir)


class StopOnSignal(Callback):
    """On a signal: finishes the step, saves a checkpoint, ends the process with ``128 + signal``.

    So SIGTERM ends with 143, Ctrl+C with 130, a closed terminal (SIGHUP) with 129; Lightning alone
    ends with 0, 1 and -1 and saves nothing. ``stopped-epoch=E-step=S.ckpt`` lies beside the run's
    other checkpoints, and one line tells how to go on from it.

    The handler only sets a flag. The step is finished first (not inside an accumulation window; in
    a single process a validation batch counts too). A second signal changes nothing, a third one
    kills at once. Several processes share the flag at every step and save together; the first of
    each machine ends with ``128 + signal``, the others with 0, or Lightning would kill the first.

    Place it behind callbacks that act after a step (weight averaging): the file has not seen what
    those behind it do with the last step. It does nothing outside ``fit`` or the main thread, and
    cannot see a signal to the parent of ``ddp_fork`` or ``ddp_notebook``.

    Args:
        signals: which ones to handle.

    Raises:
        SystemExit: from ``fit``, after the checkpoint is written.
        OSError: at the start of fit, when the checkpoint folder is not writable.

    Example::

        Trainer(callbacks=[StopOnSignal()]).fit(InceptionV3Module())
    """

    def __init__(self, signals: Iterable[int] = DEFAULT_SIGNALS) -> None:
        self.signals = tuple(signals)
        self._received: list[int] = []
        self._previous: dict[int, Any] = {}

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        folder = checkpoint_folder(trainer)
        saves = trainer.checkpoint_callback is not None  # else only a signal would make a file
        if saves and trainer.is_global_zero and "://" not in folder:
            check_writable(folder)

    # Lightning's own handlers, in place by now, give way: the SIGTERM one starts a collective.
    def on_sanity_check_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._install()

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._install()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if trainer.is_last_batch or (batch_idx + 1) % trainer.accumulate_grad_batches == 0:
            self._stop_if_asked(trainer)

    def on_validation_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        # Processes may have different numbers of validation batches, so they cannot agree here.
        if trainer.state.fn == "fit" and trainer.world_size == 1:
            self._stop_if_asked(trainer)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._stop_if_asked(trainer)

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        self._restore()

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        if late := self._restore():
            raise SystemExit(128 + late)  # all is saved, yet the caller's script must not go on

    def _handle(self, signum: int, frame: FrameType | None) -> None:
        self._received.append(signum)
        if len(self._received) == 2:
            for taken in self._previous:  # Python's handlers wait for the running operation
                signal.signal(taken, signal.SIG_DFL)

    def _install(self) -> None:
        if self._previous or threading.current_thread() is not threading.main_thread():
            return
        for signum in filter(may_replace, self.signals):
            self._previous[signum] = signal.signal(signum, self._handle)

    def _restore(self) -> int:
        """Give the signals back, unless another has them by now; the first one received, or 0."""
        for signum, handler in self._previous.items():
            if signal.getsignal(signum) == self._handle:
                signal.signal(signum, handler)
        first = next(iter(self._received), 0)
        self._received, self._previous = [], {}
        return first

    def _stop_if_asked(self, trainer: Trainer) -> None:
        signum = next(iter(self._received), 0)
        if trainer.world_size > 1:
            shared = torch.tensor(signum, device=trainer.strategy.root_device)
            torch.distributed.all_reduce(shared, torch.distributed.ReduceOp.MAX)
            signum = int(shared)
        if not signum:
            return
        name = signal.Signals(signum).name
        if trainer.sanity_checking:
            rank_zero_info(f"Stopped by {name} before the first step, so nothing is saved.")
        else:
            file = f"stopped-epoch={trainer.current_epoch}-step={trainer.global_step}.ckpt"
            path = os.path.join(checkpoint_folder(trainer), file)
            trainer.save_checkpoint(path)
            rank_zero_info(f"Stopped by {name}. Go on with: trainer.fit(..., ckpt_path={path!r})")
        raise SystemExit(128 + signum if trainer.local_rank == 0 else 0)
