"""Errors in the words of a command line."""


class UsageError(ValueError):
    """The words of the command line do not fit."""
