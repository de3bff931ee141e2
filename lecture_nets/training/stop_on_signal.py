"""Ending a run cleanly when the terminal, the scheduler or the user asks for it."""

import signal
import threading
from collections.abc import Iterable
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from lecture_nets.training.safe_checkpoint_io import check_writable

# Ctrl+C, the scheduler's or container's notice, a closed terminal, SLURM's early warning.
# Windows has the first two only.
DEFAULT_SIGNALS = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1")
    if hasattr(signal, name)
)


def may_replace(signum: int) -> bool:
    """Whether the signal is free to be handled here.

    Not what is ignored on purpose (``nohup``, ``&``), nor SIGUSR1 where Lightning requeues on SLURM.
    """
    handler = signal.getsignal(signum)
    if handler is None or handler is signal.SIG_IGN:
        return False
    return handler is signal.SIG_DFL or signum != getattr(signal, "SIGUSR1", None)


def checkpoint_folder(trainer: Trainer) -> Path:
    """Where the run's checkpoints go: the first checkpoint callback's folder, else the root."""
    return Path(getattr(trainer.checkpoint_callback, "dirpath", None) or trainer.default_root_dir)


class StopOnSignal(Callback):
    """On a signal: finishes the step, saves a checkpoint, ends the process with ``128 + signal``.

    So SIGTERM ends with 143, Ctrl+C with 130, a closed terminal (SIGHUP) with 129. Lightning alone
    ends with 0, 1 and no file at all. The checkpoint ``stopped-epoch=E-step=S.ckpt`` lies beside
    the run's others; one line says where. Resume with ``trainer.fit(model, ckpt_path=...)``.

    The handler only sets a flag, so nothing is saved in the middle of a step; the second signal
    changes nothing, the third is the system's default and kills at once. A step is over after the
    optimiser's step (not inside an accumulation window); in a single process, a validation batch
    counts too. With several processes the flag is shared at every step, so whichever process gets
    the signal, all save together; only the first of each machine ends with ``128 + signal``, since
    Lightning kills the first with SIGKILL when another ends with anything but 0.

    Place it behind callbacks that act after a step (weight averaging): what stands behind it in the
    list has not seen the last step when the file is written.

    Signals go to the main thread, so in any other thread this callback does nothing. It works
    inside ``fit`` only, and cannot see a signal sent to the parent of ``ddp_fork``, ``ddp_spawn``
    or ``ddp_notebook``, where no callback runs.

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
        if trainer.is_global_zero and not trainer.fast_dev_run:
            check_writable(checkpoint_folder(trainer))

    # From here on the Trainer's own handlers are in place, and these replace them until fit ends:
    # Lightning's for SIGTERM starts a collective, wherever the other processes may be.
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
        late = self._restore()
        if late:  # all is trained and saved, yet the caller's script shall not go on
            raise SystemExit(128 + late)

    def _handle(self, signum: int, frame: FrameType | None) -> None:
        self._received.append(signum)
        if len(self._received) == 2:
            # Python's handlers wait until the running operation returns; the system's do not.
            for taken in self._previous:
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
        received, self._received, self._previous = self._received, [], {}
        return received[0] if received else 0

    def _stop_if_asked(self, trainer: Trainer) -> None:
        signum = self._received[0] if self._received else 0
        if trainer.world_size > 1:
            shared = torch.tensor(signum, device=trainer.strategy.root_device)
            torch.distributed.all_reduce(shared, torch.distributed.ReduceOp.MAX)
            signum = int(shared)
        if not signum:
            return
        name = signal.Signals(signum).name
        if trainer.sanity_checking or trainer.fast_dev_run:
            rank_zero_info(f"Stopped by {name} before there was anything to save.")
        else:
            file = f"stopped-epoch={trainer.current_epoch}-step={trainer.global_step}.ckpt"
            path = checkpoint_folder(trainer) / file
            trainer.save_checkpoint(path)
            rank_zero_info(f"Stopped by {name}. Go on with: trainer.fit(…, ckpt_path={str(path)!r})")
        raise SystemExit(128 + signum if trainer.local_rank == 0 else 0)
