"""The embedded images, on which a module trains when it is given nothing, and only then."""

from typing import TYPE_CHECKING

from lightning.pytorch import LightningModule, Trainer

if TYPE_CHECKING:
    from lecture_nets.data.parts_world import PartsWorldDataModule

IMAGE_SIZE = 96  # for the networks whose min_size allows it, all of the lecture's
NOT_SET = 1000  # what Lightning puts in place of a max_epochs that nobody gave


def brings_the_training_data(module: LightningModule, trainer: Trainer) -> bool:
    """Whether `fit` was given no data, so that the module's own loaders feed it."""
    # Lightning has no public name for it; `lightning<2.7` and a test hold this one.
    return trainer.fit_loop._data_source.instance is module


def learns_from_embedded_images(module: LightningModule, trainer: Trainer) -> bool:
    """The same, or `fit` was given a `PartsWorldDataModule`."""
    from lecture_nets.data.parts_world import PartsWorldDataModule

    return brings_the_training_data(module, trainer) or isinstance(
        trainer.datamodule,  # pyright: ignore[reportAttributeAccessIssue]
        PartsWorldDataModule,
    )


def has_no_end(trainer: Trainer) -> bool:
    return trainer.max_epochs == NOT_SET and trainer.max_steps == -1


def end_of(trainer: Trainer) -> str:
    """When training stops, in words; ``max_steps`` or ``max_time`` may come first."""
    epochs = trainer.max_epochs or 0
    return f"after {epochs} epochs" if epochs > 0 else "where the Trainer says"


def parts_world(batch_size: int, stage: str) -> "PartsWorldDataModule":
    """The embedded images, drawn for ``stage``; the pixels are kept once for the whole process."""
    from lecture_nets.data.parts_world import PartsWorldDataModule

    data = PartsWorldDataModule(image_size=IMAGE_SIZE, batch_size=batch_size)
    data.setup(stage)
    return data
