"""Errors in the words of a command line, and strangers' words made safe to show."""


class UsageError(ValueError):
    """The words of the command line do not fit."""


def check_positive(option: str, value: int | None) -> None:
    """An option that counts something, where it is given.

    Raises:
        UsageError: below 1.
    """
    if value is not None and value < 1:
        raise UsageError(f"{option} {value}: at least 1.")


def printable(text: object) -> str:
    """Names from files of strangers, without what a terminal would obey."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in str(text))
