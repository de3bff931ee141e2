"""Lightning without the lines that no user can act on."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


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
            yield
    finally:
        for logger in loggers:
            logger.removeFilter(is_no_tip)
