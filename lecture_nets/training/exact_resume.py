"""Resuming a run as if it had never been interrupted."""

import random
from typing import Any

import numpy as np
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.utilities import rank_zero_warn
from torch.utils.data import DataLoader


def random_state(device: torch.device | None = None) -> dict[str, Any]:
    """The state of all random generators, in tensors and plain values only.

    So it can lie in a checkpoint and be loaded with ``weights_only=True``.
    """
    name, keys, *rest = np.random.get_state()
    state: dict[str, Any] = {
        "python": random.getstate(),
        "numpy": [name, np.asarray(keys).tolist(), *rest],
        "torch": torch.get_rng_state(),
    }
    if device is not None and device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    return state


def set_random_state(state: dict[str, Any], device: torch.device | None = None) -> None:
    """Put back what `random_state` returned."""
    random.setstate(state["python"])
    name, keys, *rest = state["numpy"]
    np.random.set_state((name, np.array(keys, dtype=np.uint32), *rest))
    torch.set_rng_state(state["torch"])
    if device is not None and device.type == "cuda" and "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"], device)


def saved_inside_epoch(checkpoint: dict[str, Any]) -> bool:
    """Whether batches of the epoch were still to come, and the loader kept no note of which."""
    fit_loop = checkpoint["loops"]["fit_loop"]
    progress = fit_loop["epoch_loop.batch_progress"]
    ready, completed = progress["current"]["ready"], progress["current"]["completed"]
    whole = ready == 0 or (progress["is_last_batch"] and completed == ready)
    return not whole and "combined_loader" not in fit_loop


class ExactResume(Callback):
    """Four epochs equal two epochs, an interruption and two more, bit for bit on the CPU.

    A Lightning checkpoint holds weights, optimizer and counters, but not the random generators: a
    resumed run sees the images in another order and drops other units. This callback stores the
    states of Python's, NumPy's, torch's and the GPU's generator (one set for every process).

    It holds for every checkpoint saved at the end of an epoch, `ModelCheckpoint`'s default. Not
    exact, and said in one warning: a checkpoint from inside an epoch, since the loader begins the
    epoch anew; another number of processes; a loader that draws from a ``generator`` of its own.
    Not seen by this callback: random transforms in ``persistent_workers``, whose generators live
    in the worker, and GPU kernels that add in no fixed order (``Trainer(deterministic=True)``).

    Example::

        trainer = Trainer(max_epochs=4, callbacks=[ExactResume()])
        trainer.fit(InceptionV3Module(), ckpt_path="checkpoints/epoch=1-step=500.ckpt")
    """

    def __init__(self) -> None:
        self._resumed: dict[str, Any] | None = None

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        self._resumed = None

    def state_dict(self) -> dict[str, Any]:
        # Filled in `on_save_checkpoint`, which knows the device. Here, so that Lightning warns
        # whoever resumes without this callback.
        return {"states": []}

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        states: list[Any] = [random_state(trainer.strategy.root_device)]
        if trainer.world_size > 1:
            mine, states = states[0], [None] * trainer.world_size
            torch.distributed.all_gather_object(states, mine)
        checkpoint["callbacks"][self.state_key] = {"states": states}

    def on_load_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        states = checkpoint["callbacks"].get(self.state_key, {}).get("states", [])
        if trainer.state.fn != "fit":
            return
        if len(states) != trainer.world_size:
            rank_zero_warn(
                f"ExactResume: the checkpoint holds the random states of {len(states)} processes, "
                f"this run has {trainer.world_size}. The run goes on with fresh random numbers. "
                "Cure: the same number of devices, and ExactResume() in the run that saves."
            )
            return
        if saved_inside_epoch(checkpoint):
            rank_zero_warn(
                f"ExactResume: the checkpoint was saved inside epoch {checkpoint['epoch']}. "
                "Weights and optimizer are exact, but the rest of the epoch draws its batches "
                "anew: some samples come twice, others not at all. Cure: resume from a checkpoint "
                "of an epoch's end, or use a loader with `state_dict` and `load_state_dict`."
            )
        self._resumed = states[trainer.global_rank]
        self._restore(trainer)

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._restore(trainer)  # `configure_optimizers` may have drawn numbers since
        loader = trainer.fit_loop._combined_loader
        if self._resumed is not None and loader is not None:
            # A schedule asked for the number of steps, so Lightning has started the loader already
            # and will not start it for the first epoch: what starting draws is drawn here.
            iter(loader)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        for loader in _loaders(trainer.train_dataloader):
            if getattr(loader.sampler, "generator", None) is not None:
                rank_zero_warn(
                    "ExactResume: the training loader shuffles with a generator of its own, which "
                    "no checkpoint holds, so a resumed run sees another order. Cure: build the "
                    "DataLoader without `generator=`; `seed_everything` makes it repeatable."
                )

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        self._resumed = None

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        # No batch since the resume: the file was saved after the epoch's validation, and Lightning
        # has started the loader once just to find the epoch done. Take back what that drew.
        self._restore(trainer)

    def _restore(self, trainer: Trainer) -> None:
        if self._resumed is not None:
            set_random_state(self._resumed, trainer.strategy.root_device)


def _loaders(loaders: Any) -> list[DataLoader]:
    """The loaders in whatever collection Lightning was given."""
    if isinstance(loaders, DataLoader):
        return [loaders]
    if isinstance(loaders, dict):
        loaders = list(loaders.values())
    if not isinstance(loaders, list | tuple):
        return []
    return [loader for part in loaders for loader in _loaders(part)]
