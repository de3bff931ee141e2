"""Notebooks, papers and records become pages, rule by rule; no browser."""

import re
from pathlib import Path

import lecture
import networks
import pytest
import records
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from torch import nn

from lecture_nets.analysis import cost
from lecture_nets.cli.table import build
from lecture_nets.nets import NETS
from lecture_nets.nets.tree import Add

DOCS = Path(lecture.__file__).parents[1]


def prose(source: str, language: str):
    return new_markdown_cell(source, metadata={"tags": [f"lang-{language}"]})


def test_both_languages_share_a_heading_and_each_language_keeps_its_words():
    joined = lecture.joined("# 3 · One\n\nWords.", "# 3 · 一\n\n文字。")
    assert joined.splitlines()[0] == "# 3 · [One]{.language-en}[ / ]{.both}[一]{.language-zh-Hans}"
    assert re.findall(r"\{div\} (\S+)\n(.+)", joined) == [
        ("language-en", "Words."),
        ("language-zh-Hans", "文字。"),
    ]


def test_a_heading_that_is_alike_in_both_languages_stands_there_once():
    assert lecture.bilingual("Inception V2", "Inception V2") == "Inception V2"


def test_a_cell_that_judges_a_claim_can_be_linked_to_and_solutions_are_folded():
    cells = [prose("# A", "en"), prose("# 甲", "zh")]
    cells += [new_code_cell("1", metadata={"tags": [tag]}) for tag in ("C7", "solution")]
    label, claim, solution = lecture.as_page(new_notebook(cells=cells), "a", []).cells[2:]
    assert label.source == "(C7)="
    assert claim.metadata["tags"] == ["C7"]
    assert "hide-cell" in solution.metadata["tags"]


def test_colab_and_binder_open_the_notebook_of_the_repository_that_ci_names(monkeypatch):
    monkeypatch.setenv("GITHUB_REPOSITORY", "someone/something")
    colab, binder = lecture.open_elsewhere("03_filter_cascades")
    assert "/github/someone/something/blob/main/notebooks/03_filter_cascades.ipynb" in colab
    assert "/gh/someone/something/main?labpath=notebooks/03_filter_cascades.ipynb" in binder


def test_without_a_repository_there_are_no_buttons_that_lead_nowhere(monkeypatch):
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    assert lecture.open_elsewhere("03_filter_cascades") == []


@pytest.mark.parametrize("name", NETS)
def test_what_a_paper_prints_belongs_to_our_rows_and_its_sizes_are_ours(name):
    paper = networks.said_of(name)["paper"]
    rows = cost(build(name, {})).rows
    outputs = {row.name: row.output for row in rows}
    before = dict(zip(outputs, [(3, 299, 299), *outputs.values()], strict=False))
    assert set(paper["rows"]) <= set(outputs)
    # Table 1 of Inception V2 prints what goes into a row. Auxiliary heads stand aside.
    sizes = before if "input" in paper["columns"] else outputs
    column = next((c for c in ("input", "output") if c in paper["columns"]), None)
    for row, printed in paper["rows"].items():
        words = dict(zip(paper["columns"], printed, strict=False)).get(column or "", "")
        if "×" in words:
            height, width, channels = map(int, words.split("×"))
            assert sizes[row] in ((channels, height, width), (channels,)), row


@pytest.mark.parametrize("name", NETS)
def test_what_is_said_of_a_network_is_whole(name):
    said = networks.said_of(name)
    assert set(said) - {"variants"} == {"year", "notebook", "in_short", "paper"}
    assert set(said["in_short"]) == {"en", "zh"}
    assert (lecture.ROOT / "notebooks" / f"{said['notebook']}.ipynb").exists()
    assert ("arxiv" in said["paper"]) != ("venue" in said["paper"])


def test_pages_of_networks_show_numbers_before_tables_and_options(site):
    for name in NETS:
        page = (site / "networks" / f"{name}.html").read_text("utf-8")
        headings = re.findall(r"<h2>(.*?)<", page)
        assert headings[1:] == [  # after the menu's own
            *("In numbers", "The paper's table, and ours", "Where ours differs", "Options"),
            *("Weights", "How to train it", "The paper", "Next"),
        ]
        table = page.index("images in the paper")
        assert page.index("<h2>In numbers<") < table < page.index("<h2>Where ours differs<")


def test_branches_that_are_concatenated_have_a_line_each_and_sums_none():
    concat = NETS["googlenet"]().trunk.inception_3a
    assert networks.branches(concat).count("<br>") == 3
    assert networks.branches(nn.Sequential(Add(a=nn.Conv2d(3, 3, 1), b=nn.Identity()))) == (
        "(1×1 3 + identity)"
    )


def test_a_record_of_rows_is_one_table():
    text = "\n".join(records.shown({"a": {"x": 1, "y": 0.5}, "b": {"x": 2000}}, 3))
    assert text.splitlines() == [
        "| entry | x | y |",
        "| --- | ---: | ---: |",
        "| a | 1 | 0.5 |",
        "| b | 2,000 |  |",
    ]


def test_a_record_of_records_has_a_heading_for_each_and_loses_nothing():
    record = {
        "command": "python x.py",
        "deep": {"error": {"4": 0.5}, "norms": {"4": [0.1, 0.2]}, "kept": {"mean": 1, "half": 2}},
        "runs": [{"name": "first", "wrong": None, "right": True}],
    }
    text = "\n".join(records.shown(record, 3))
    assert "**command**: `python x.py`" in text
    assert "### deep" in text
    assert "### runs" in text
    for value in ("0.5", "0.1, 0.2", "1 ± 2", "| first |  | yes |"):
        assert value in text


def test_a_long_table_opens_on_demand():
    rows = [{"step": step} for step in range(records.FOLDED_FROM)]
    assert records.rows_table(rows).startswith(":::{dropdown} 16 rows")
    assert records.rows_table(rows[1:]).startswith("| step |")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Starting from v1.9.0, `tensorboardX`")
@pytest.mark.filterwarnings("ignore:The number of training batches")
def test_the_module_of_the_page_on_callbacks_trains_as_it_stands(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(
        r"```python\n(import torch.*?)```", (DOCS / "own_module.md").read_text(), re.S
    )
    told: dict = {}
    exec(code, told)
    assert told["trainer"].state.finished
    assert told["trainer"].callback_metrics["val_loss"] < 2.4
