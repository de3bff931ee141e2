"""Lightning without the lines that no user can act on."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lightning.pytorch import Trainer


def is_no_tip(record: logging.LogRecord) -> bool:
    return "💡 Tip" not in record.getMessage()


@contextmanager
def quiet_lightning() -> Iterator[None]:
    """Within, or as a decorator: no advertisements, no warnings about Lightning itself."""
    loggers = [
        logging.getLogger(name)
        for name in ("lightning.pytorch.utilities.rank_zero", "lightning.pytorch")
    ]
    for logger in loggers:
        logger.addFilter(is_no_tip)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".*LeafSpec.*", FutureWarning)
            warnings.filterwarnings("ignore", ".*LightningCLI's args parameter.*")
            warnings.filterwarnings("ignore", ".*does not have many workers.*")
            # litdata gives every worker images of its own, which Lightning cannot know.
            warnings.filterwarnings("ignore", "Your `IterableDataset` has `__len__` defined")
            yield
    finally:
        for logger in loggers:
            logger.removeFilter(is_no_tip)


def quiet_trainer(**options: Any) -> Trainer:
    """A Trainer that prints and writes nothing; ``options`` of `Trainer` take precedence."""
    quiet: dict[str, Any] = dict(
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )
    return Trainer(**(quiet | options))
