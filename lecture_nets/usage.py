"""How does the shell say that the words of a command do not fit?"""

import difflib
from collections.abc import Iterable


class UsageError(ValueError):
    """The words of the command line do not fit."""


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """One line that lists what there is, with a guess at what was meant."""
    known = list(known)
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    hint = f" Did you mean {near[0]}?" if near else ""
    return f"unknown {kind} {name!r}.{hint} There are: {', '.join(known)}."


def check_known(kind: str, name: str, known: Iterable[str]) -> None:
    """Refuse a name that is none of ``known``.

    Raises:
        UsageError: it is not; lists those there are.
    """
    known = list(known)
    if name not in known:
        raise UsageError(unknown(kind, name, known))
