"""Which Inception V2 is the paper's? The measured table, held to the code and to the docstring."""

import inspect
import json
import re
import runpy
from pathlib import Path

import pytest

from lecture_nets.nets import InceptionV2

ROOT = Path(__file__).parents[2]
WRITTEN = json.loads((ROOT / "docs" / "results" / "inception_v2_variants.json").read_text())


def variants_that(claim: str) -> list[tuple[str, int]]:
    return [(v["stem"], v["num_factorized"]) for v in WRITTEN["variants"] if v[claim]]


def test_the_results_are_what_the_code_counts():
    script = ROOT / "tests" / "benchmarks" / "inception_v2_variants.py"
    assert runpy.run_path(str(script))["table"]() == WRITTEN


def test_the_docstring_holds_the_results():
    rows = re.findall(
        r"^ +(\dx\d) +(\d) +([\d,]+) +([\d,]+) +(\d+) +(\d+)$",
        inspect.getdoc(InceptionV2),
        re.MULTILINE,
    )
    columns = ("num_factorized", "parameters", "macs", "longest_path", "without_reductions")
    stated = [(stem, *(int(n.replace(",", "")) for n in numbers)) for stem, *numbers in rows]
    assert stated == [(v["stem"], *(v[column] for column in columns)) for v in WRITTEN["variants"]]


@pytest.mark.parametrize(
    ("claim", "variants"),
    [
        ("longest_path_meets_layers", []),
        ("without_reductions_meets_layers", [("3x3", 4)]),
        ("meets_parameters", [("3x3", 4), ("3x3", 3), ("7x7", 4), ("7x7", 3)]),
    ],
)
def test_variants_that_meet_a_claim(claim, variants):
    assert variants_that(claim) == variants
