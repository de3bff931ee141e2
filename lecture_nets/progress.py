"""The one progress bar of this package: on standard error, and gone when the work is done."""

import sys
from collections.abc import Iterable, Sized
from typing import TypeVar

from rich.console import Console
from rich.progress import track

Step = TypeVar("Step")


def progress(
    steps: Iterable[Step], what: str, *, total: int | None = None, bar_from: int = 0
) -> Iterable[Step]:
    """``steps``, with a bar beside their number where someone looks at a terminal.

    Args:
        steps: what to go through.
        what: what is done, in a word or two.
        total: how many steps there are, for those without a length.
        bar_from: no bar for fewer steps, which are over before it could be read.
    """
    if total is None and isinstance(steps, Sized):
        total = len(steps)
    quiet = not sys.stderr.isatty() or (total is not None and total < bar_from)
    console = Console(stderr=True)
    return track(steps, what, total=total, console=console, transient=True, disable=quiet)
