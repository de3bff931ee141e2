"""The notebooks' helper makes them alike; its verdicts and checks are plain."""

import re
import subprocess
import sys

import numpy as np
import pytest
import torch

from lecture_nets import notebook

FRESH = """
import logging, warnings
import torch
from lecture_nets import notebook
notebook.setup()
notebook.quiet_trainer()
assert not torch.cuda.is_initialized()
assert not logging.getLogger("lightning.pytorch.trainer").isEnabledFor(logging.INFO)
warnings.warn("LeafSpec is old", FutureWarning)
"""
DRAWS = """
import random
import numpy, torch
from lecture_nets import notebook
for seed in (3, 3, 4):
    notebook.setup(seed)
    print(random.random(), numpy.random.rand(), torch.rand(()).item())
"""


def run(code: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


def test_setup_and_a_quiet_trainer_say_nothing_and_start_no_accelerator():
    result = run(FRESH)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_import_loads_neither_torch_nor_lightning():
    code = "import sys\nfrom lecture_nets import notebook\n"
    assert run(code + "assert not {'torch', 'lightning'} & set(sys.modules)").returncode == 0


def test_setup_repeats_all_generators():
    once, again, other = (draws.split() for draws in run(DRAWS).stdout.splitlines())
    assert once == again
    assert not set(once) & set(other)


@pytest.mark.parametrize(("asked", "threads"), [("", 1), ("2", 2)])
def test_setup_computes_on_one_thread_unless_told(asked, threads):
    code = f"import os\nos.environ['OMP_NUM_THREADS'] = {asked!r}\n"
    code += "import torch\nfrom lecture_nets import notebook\nnotebook.setup()\n"
    assert run(code + "print(torch.get_num_threads())").stdout == f"{threads}\n"


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.0, "under 5 %"), (0.05, "5 % to 40 %"), (0.399, "5 % to 40 %"), (0.4, "over 40 %")],
)
def test_a_band_holds_its_lower_edge(share, words):
    assert notebook.band(share, 0.05, 0.4) == words


@pytest.mark.parametrize("edges", [(), (0.4, 0.05), (0.4, 0.4)])
def test_a_band_needs_edges_in_order(edges):
    with pytest.raises(ValueError, match="band: found edges"):
        notebook.band(0.1, *edges)


@pytest.mark.parametrize(
    ("holds", "word"),
    [
        (True, "holds"),
        (np.bool_(False), "is contradicted on our data"),
        (torch.tensor(True), "holds"),
        ("holds", "holds"),
        ("in part", "holds in part"),
        ("contradicted", "is contradicted on our data"),
        ("not testable", "is not testable here"),
    ],
)
def test_a_verdict_is_one_line(holds, word, capsys):
    notebook.verdict("C15", holds, "18/25 are left")
    assert capsys.readouterr().out == f"C15 {word}: 18/25 are left\n"


@pytest.mark.parametrize(
    ("args", "error", "said"),
    [
        (("15", True, "x"), ValueError, "found claim '15', allowed are C1, C2"),
        (("C15", True, " "), ValueError, "verdict C15: found no evidence"),
        (("C15", 1, "x"), TypeError, "verdict C15: found 1, allowed are True and False"),
        (("C15", "partly", "x"), ValueError, "unknown verdict 'partly'. Did you mean in part?"),
    ],
)
def test_a_verdict_without_claim_truth_or_evidence_is_refused(args, error, said):
    with pytest.raises(error, match=re.escape(said)):
        notebook.verdict(*args)


def test_a_right_answer_is_praised(capsys):
    notebook.check(2 + 2 == 4, "Add. · 相加。")
    assert capsys.readouterr().out == f"{notebook.AGREED}\n"


def test_a_missing_answer_stops_with_the_hint_alone():
    with pytest.raises(AssertionError, match=r"^Add\. · 相加。$") as caught:
        notebook.check(... == 4, "Add. · 相加。")
    assert caught.value._render_traceback_() == ["Add. · 相加。"]


def test_an_answer_that_was_not_compared_is_no_answer():
    with pytest.raises(TypeError, match="check: found 4, allowed are True and False"):
        notebook.check(4, "Add. · 相加。")


def test_a_record_is_read_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert notebook.record("ladder")["rungs"]


def test_an_unknown_record_gets_the_list():
    with pytest.raises(FileNotFoundError, match=r"no .*lader\.json, allowed are .*ladder, meaning"):
        notebook.record("lader")
