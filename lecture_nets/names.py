"""Choosing by name: what is chosen, or one line with the names there are and a suggestion."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

Choice = TypeVar("Choice")


class UnknownNameError(ValueError):
    """A name or a value that is none of those there are to choose from."""


def unknown(kind: str, name: object, known: Iterable[object]) -> str:
    """One line that lists what there is, with a guess at what was meant."""
    names = {str(each).lower(): str(each) for each in known}
    near = difflib.get_close_matches(str(name).lower(), names, n=1, cutoff=0.4)
    hint = f" Did you mean {names[near[0]]}?" if near else ""
    return f"unknown {kind} {name!r}.{hint} There are: {', '.join(names.values())}."


def choose(kind: str, name: object, choices: Mapping[Any, Choice]) -> Choice:
    """``choices[name]``.

    Raises:
        UnknownNameError: there is no such name; lists those there are.
    """
    if name not in choices:
        raise UnknownNameError(unknown(kind, name, choices))
    return choices[name]
