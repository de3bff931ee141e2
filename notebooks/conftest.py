"""How pytest runs the notebooks here: pictures by their numbers, nothing after a cell that raised.

A picture's pixels differ from machine to machine, but its alternative text says what it shows: the
words must be the same, and each number within a tolerance, for training differs in late digits.
Warnings are not compared.
"""

import math
import re

import pytest

# What training on other threads or instructions may change; no planted fault stays within it.
RELATIVE, ABSOLUTE, POINTS = 0.25, 0.06, 6.0
# A number as people write it, no part of a name: not the 1 of conv_1.
NUMBER = re.compile(r"(?<![\w.])[-−+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?( ?%)?(?![\w])")


def numbers(text: str) -> list[tuple[float, bool]]:
    """Each number in a text, and whether it is a percentage."""
    return [
        (float(re.sub("[,% ]", "", found[0]).replace("−", "-")), bool(found[1]))
        for found in NUMBER.finditer(text)
    ]


def near(one: tuple[float, bool], other: tuple[float, bool]) -> bool:
    absolute = POINTS if one[1] else ABSOLUTE
    return math.isclose(one[0], other[0], rel_tol=RELATIVE, abs_tol=absolute)


class AltText(str):
    """What a picture shows, equal to another whose words are the same and whose numbers are near."""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, str) or NUMBER.sub("#", self) != NUMBER.sub("#", other):
            return False
        return all(map(near, numbers(self), numbers(other)))

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__


def as_compared(text: str) -> str:
    """An output as nbval compares it: of a picture its alternative text, not its pixels."""
    if text.startswith("<img alt="):
        return "a picture"
    return AltText(text) if text.startswith("Picture(") else text


def pytest_collectstart(collector):
    if type(collector).__name__ == "IPyNbFile":
        # A warning of some version of some library is no difference; the pairs are tested for it.
        collector.skip_compare += ("stderr",)


def pytest_itemcollected(item):
    if type(item).__name__ == "IPyNbCell":
        sanitize = item.sanitize
        item.sanitize = lambda text: as_compared(sanitize(text))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    raised = report.failed and "Cell outputs differ" not in str(report.longrepr)
    if type(item).__name__ == "IPyNbCell" and report.when == "call" and raised:
        item.parent.broken_at = item.name
    return report


def pytest_runtest_setup(item):
    if type(item).__name__ == "IPyNbCell" and hasattr(item.parent, "broken_at"):
        pytest.skip(f"{item.parent.broken_at} raised, so the rest of this notebook cannot run")
