"""Checkpoint files that a crash cannot tear."""

from pathlib import Path
from typing import Any

from lightning.pytorch.plugins import TorchCheckpointIO

from lecture_nets.checkpoints.read import read_checkpoint, sums_beside
from lecture_nets.checkpoints.write import write_checkpoint


class SafeCheckpointIO(TorchCheckpointIO):
    """Lightning's checkpoint files, safe against kill -9, full disks, power cuts and flipped bits.

    Each file is written beside its final name, synced, tried and renamed, and its SHA-256 kept in
    ``<name>.sha256``. Loading checks the sum and is always ``weights_only=True``, whatever the
    Trainer or the environment says. Addresses with ``://`` are left to Lightning. It may be
    wrapped: ``AsyncCheckpointIO(SafeCheckpointIO())`` saves while training goes on.

    Example::

        Trainer(plugins=[SafeCheckpointIO()])
    """

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None
    ) -> None:
        if "://" in str(path) or storage_options is not None:
            super().save_checkpoint(checkpoint, path, storage_options)
        else:
            write_checkpoint(checkpoint, path)

    def load_checkpoint(
        self, path: str | Path, map_location: Any = "cpu", weights_only: bool | None = None
    ) -> dict[str, Any]:
        if "://" in str(path):
            return super().load_checkpoint(path, map_location, weights_only=True)
        return read_checkpoint(path, map_location)

    def remove_checkpoint(self, path: str | Path) -> None:
        if "://" not in str(path):
            sums_beside(Path(path)).unlink(missing_ok=True)
        super().remove_checkpoint(path)


def use_safe_files(trainer: Any) -> None:
    """Let a Trainer write and read its checkpoints through `SafeCheckpointIO`.

    Not where its user chose a plugin for files, nor where a strategy writes files of its own. To be
    called before any checkpoint is read and in every process, so in ``configure_callbacks``.
    """
    # Lightning has no public name for what the user gave; `lightning<2.7` and a test hold this one.
    chosen = trainer._accelerator_connector.checkpoint_io
    if chosen is None and type(trainer.strategy.checkpoint_io) is TorchCheckpointIO:
        trainer.strategy.checkpoint_io = SafeCheckpointIO()
