"""The entry point that Lightning calls in every `Trainer()` where this package is installed.

    LECTURE_NETS_CALLBACKS=LabelSmoothing,FilterNormCap python train.py

It is called in projects that know nothing of this package too, so it imports nothing unless asked.
"""

import os
from typing import Any

VARIABLE = "LECTURE_NETS_CALLBACKS"


def callbacks_factory() -> list[Any]:
    """The callbacks that the variable names, with their defaults; `[]` where it is not set."""
    names = [name.strip() for name in os.environ.get(VARIABLE, "").split(",") if name.strip()]
    if not names:
        return []
    from lecture_nets.cli.from_environment import from_environment

    return from_environment(VARIABLE, names)
