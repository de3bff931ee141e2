"""Resuming a run as if it had never been interrupted."""

import random
from typing import Any

import numpy as np
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.utilities import rank_zero_warn
from torch import Generator
from torch.utils.data import DataLoader, IterableDataset


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
    """A run that was interrupted anywhere ends as one that was not, bit for bit on the CPU.

    A Lightning checkpoint holds weights, optimizer and counters, but neither the random generators
    nor the place in the epoch: a resumed run drops other units and sees some images twice. This
    callback stores the generators of Python, NumPy, torch, the GPU and the training loader, each
    process its own; how they stood when the epoch began; and, inside an accumulation window, the
    gradients so far.

    From inside an epoch, what was seen is passed over: at once where the loader's sampler has
    ``skip``, as those of our data modules have (`lecture_nets.data.order.EpochOrder`), or where the
    loader has ``load_state_dict`` (torchdata's ``StatefulDataLoader``); otherwise by reading the
    batches again without training on them.

    Not exact, and said in one warning on resuming: another number of processes; a stream
    (`IterableDataset`) without ``state_dict``, inside an epoch; loader processes of your own that
    are persistent or of another number and change samples at random. Not seen: what others' hooks
    draw at the start of an epoch, GPU kernels that add in no fixed order
    (``Trainer(deterministic=True)``). What is logged for the epoch of the interruption covers its
    rest.

    Example::

        trainer = Trainer(max_epochs=4, callbacks=[ExactResume()])
        trainer.fit(InceptionV3Module(), ckpt_path="checkpoints/epoch=1-step=500.ckpt")
    """

    def __init__(self) -> None:
        self._resumed: dict[str, Any] | None = None  # until the first batch
        self._seen = 0  # batches of the epoch before the interruption
        self._epoch: dict[str, Any] = {}

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        self._resumed, self._seen, self._epoch = None, 0, {}

    def state_dict(self) -> dict[str, Any]:
        # Filled in `on_save_checkpoint`, which knows the device. Here, so that Lightning warns
        # whoever resumes without this callback.
        return {"states": []}

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        mine = self._state(trainer) | {
            "epoch": self._epoch,
            "loaders": [
                {"seed": getattr(loader.sampler, "seed", None), "workers": loader.num_workers}
                for loader in _loaders(trainer.train_dataloader)
            ],
            "gradients": gradients_inside_window(trainer, pl_module),
        }
        states: list[Any] = [mine]
        # After an error the process group may be gone: then it is this process's file alone.
        if trainer.world_size > 1 and torch.distributed.is_initialized():
            states = [None] * trainer.world_size
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
        self._resumed = states[trainer.global_rank]
        if saved_inside_epoch(checkpoint):
            progress = checkpoint["loops"]["fit_loop"]["epoch_loop.batch_progress"]
            self._seen = progress["current"]["ready"]

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if self._resumed is None:
            return
        loaders = _loaders(trainer.train_dataloader)
        for loader, facts in zip(loaders, self._resumed.get("loaders", []), strict=False):
            if facts["seed"] is not None and hasattr(loader.sampler, "seed"):
                setattr(loader.sampler, "seed", facts["seed"])  # noqa: B010 (torch declares none)
            self._warn_of(loader, facts)
        if self._seen:
            self._pass_over(trainer, loaders)
        self._restore(trainer)
        weights = dict(pl_module.named_parameters())
        for name, gradient in self._resumed.get("gradients", {}).items():
            weights[name].grad = gradient.to(weights[name].device)

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._epoch = self._state(trainer)
        fit: Any = trainer.fit_loop
        # As in Lightning's `on_run_start`: it does not start the loader of a run's first epoch
        # here, since it has done so before, when the generators and the epoch were others.
        started = trainer.current_epoch > 0 and not (fit.is_resuming or fit.epoch_loop.restarting)
        loaders = _loaders(trainer.train_dataloader)
        apart = any(loader.num_workers > 0 for loader in loaders)
        if not started and can_start_again(loaders) and (apart or self._resumed is not None):
            iter(fit._data_fetcher)
            started = True
        self._epoch["started"] = started

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        self._resumed = None

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        # No batch since the resume: the file was saved after the epoch's validation, and Lightning
        # has started the loader once just to find the epoch done. Take back what that drew.
        self._restore(trainer)

    def _pass_over(self, trainer: Trainer, loaders: list[DataLoader]) -> None:
        """Bring the training loader behind the batches that were seen before the interruption."""
        fit: Any = trainer.fit_loop
        if fit._combined_loader_states_to_load:
            # Loaders that know their place. A schedule that asks for the number of steps has
            # Lightning start them before it has read the places, which then are forgotten.
            fit._load_combined_loader_states()
            iter(fit._data_fetcher)
            return
        assert self._resumed is not None
        begun = self._resumed.get("epoch")
        if not begun or not can_start_again(loaders):
            if any(
                not hasattr(loader, "load_state_dict") for loader in fit._combined_loader.flattened
            ):
                rank_zero_warn(
                    f"ExactResume: the checkpoint was saved inside epoch {trainer.current_epoch}, "
                    "behind a loader that cannot be brought there again. Weights and optimizer are "
                    "exact, but some samples come twice, others not at all. Cure: resume from a "
                    "checkpoint of an epoch's end, or use a loader with `state_dict` and "
                    "`load_state_dict`."
                )
            return
        for loader in loaders:
            for part in (loader.sampler, loader.batch_sampler):
                if callable(set_epoch := getattr(part, "set_epoch", None)):
                    set_epoch(fit.epoch_progress.current.processed)
        if not begun["started"]:
            iter(fit._data_fetcher)
        self._set(trainer, begun)
        skipped = all(hasattr(loader.sampler, "skip") for loader in loaders)
        if skipped:
            for loader in loaders:
                loader.sampler.skip(self._seen * (loader.batch_size or 1))  # pyright: ignore
        if begun["started"] or skipped:
            iter(fit._data_fetcher)
        if not skipped:
            for _ in range(self._seen):
                next(fit._data_fetcher)
        fit._data_fetcher.fetched = 0  # Lightning itself counts those of before

    def _warn_of(self, loader: DataLoader, facts: dict[str, Any]) -> None:
        if not (facts["workers"] or loader.num_workers) or hasattr(loader.sampler, "skip"):
            return
        if loader.persistent_workers or facts["workers"] != loader.num_workers:
            rank_zero_warn(
                f"ExactResume: the training loader has {loader.num_workers} processes of its own "
                f"({facts['workers']} before), "
                f"{'which outlive' if loader.persistent_workers else 'restarted for'} an epoch. "
                "The order of samples is exact, random changes that these processes make are not. "
                "Cure: DataLoader(persistent_workers=False) and the same num_workers."
            )

    def _state(self, trainer: Trainer) -> dict[str, Any]:
        return random_state(trainer.strategy.root_device) | {
            "generators": [one.get_state() for one in _generators(trainer)]
        }

    def _set(self, trainer: Trainer, state: dict[str, Any]) -> None:
        set_random_state(state, trainer.strategy.root_device)
        for one, before in zip(_generators(trainer), state.get("generators", []), strict=False):
            one.set_state(before)

    def _restore(self, trainer: Trainer) -> None:
        if self._resumed is not None:
            self._set(trainer, self._resumed)


def gradients_inside_window(trainer: Trainer, module: LightningModule) -> dict[str, Any]:
    """Gradients that an accumulation window has gathered, by parameter; at its end nothing."""
    progress = trainer.fit_loop.epoch_loop.batch_progress
    whole = progress.is_last_batch or progress.current.ready % trainer.accumulate_grad_batches == 0
    if whole or not module.automatic_optimization:
        return {}
    return {
        name: weight.grad.cpu()
        for name, weight in module.named_parameters()
        if weight.grad is not None
    }


def can_start_again(loaders: list[DataLoader]) -> bool:
    """Whether each can be started twice without loss: not a stream, which may be used up."""
    return bool(loaders) and not any(
        isinstance(loader.dataset, IterableDataset) or hasattr(loader, "load_state_dict")
        for loader in loaders
    )


def _generators(trainer: Trainer) -> list[Generator]:
    """The generators of the training loaders' own, each once."""
    parts = [part for x in _loaders(trainer.train_dataloader) for part in (x, x.sampler)]
    found = [getattr(part, "generator", None) for part in parts]
    return list({id(one): one for one in found if isinstance(one, Generator)}.values())


def _loaders(loaders: Any) -> list[DataLoader]:
    """The loaders in whatever collection Lightning was given."""
    if isinstance(loaders, DataLoader):
        return [loaders]
    if isinstance(loaders, dict):
        loaders = list(loaders.values())
    if not isinstance(loaders, list | tuple):
        return []
    return [loader for part in loaders for loader in _loaders(part)]
