"""What the words of a command line may be wrong with."""


class UsageError(ValueError):
    """The words of the command line do not fit."""
