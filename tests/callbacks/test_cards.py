"""The page about the callbacks, held to the code and to the measurements."""

import json
import re
from pathlib import Path

from lecture_nets import callbacks

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "callbacks.md").read_text()


def test_the_table_is_what_was_measured():
    rows = re.findall(r"^\| `(\w+)` \| (.+) \| (.+) \| (.+) \|$", PAGE, re.MULTILINE)
    results = json.loads((DOCS / "results" / "callbacks.json").read_text())
    assert {
        name: {"measured": measured, "without": float(without), "with": float(with_it)}
        for name, measured, without, with_it in rows
    } == results


def test_every_callback_of_the_table_has_a_card_and_its_functions_exist():
    cards = re.findall(r"^## (\w+)$", PAGE, re.MULTILINE)
    assert set(cards) == set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))
    for name in (*cards, *re.findall(r"By hand: `(\w+)\(", PAGE)):
        assert hasattr(callbacks, name), name
