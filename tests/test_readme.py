"""README agrees with the code, with docs/networks and with the measurements, in both languages."""

import json
import re
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image

from lecture_nets.analysis import cost
from lecture_nets.nets import NETS
from lecture_nets.weights.peers import PEERS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
ENGLISH, CHINESE = ((ROOT / name).read_text("utf-8") for name in ("README.md", "README.zh-CN.md"))
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What may differ besides the words: the link to the other language.
LANGUAGES = {"README.md", "README.zh-CN.md"}


def code(text: str) -> list[tuple[str, str]]:
    return [(language, re.sub(r" *#.*", "", block)) for language, block in FENCE.findall(text)]


def prose(text: str) -> str:
    return FENCE.sub("", text)


def links(text: str) -> list[str]:
    return [target for target in re.findall(r"\]\(([^)#]+)\)", text) if target not in LANGUAGES]


def headings(text: str) -> list[int]:
    return [len(marks) for marks in re.findall(r"^(#+) ", prose(text), re.MULTILINE)]


def names(text: str) -> set[str]:
    return set(re.findall(r"`([^`\n]+)`", prose(text)))


def numbers(text: str) -> list[str]:
    without_targets = re.sub(r"\]\([^)]*\)", "]", prose(text))
    return sorted(re.findall(r"\d+(?:[.,]\d+)*", without_targets))


@pytest.mark.parametrize("of", [code, links, headings, names, numbers], ids=lambda of: of.__name__)
def test_both_languages_have_the_same(of):
    assert of(CHINESE) == of(ENGLISH)


def test_the_table_of_networks_is_what_the_code_counts():
    pattern = r"^\| \[`(\w+)`.*?\| \d+ \| (\d+) px \| ([\d,]+) \| ([\d,]+) \| (\d+) \| (\d+) px"
    rows = re.findall(pattern, ENGLISH, re.MULTILINE)
    counted = []
    for net_class in NETS.values():
        with torch.device("meta"):
            net = net_class()
        sheet = cost(net)
        numbers = (net.paper_size, sheet.parameters, sheet.macs, sheet.depth, net.min_size)
        counted.append((net_class.__name__, *numbers))
    assert [
        (name, *(int(n.replace(",", "")) for n in numbers)) for name, *numbers in rows
    ] == counted


def test_years_are_those_said_of_the_networks():
    years = re.findall(r"^\| \[`\w+`.*?\| (\d{4}) \|", ENGLISH, re.MULTILINE)
    texts = [(ROOT / "docs" / "networks" / f"{name}.toml").read_text("utf-8") for name in NETS]
    assert [int(year) for year in years] == [tomllib.loads(text)["year"] for text in texts]


def test_weights_of_other_libraries_are_those_that_load():
    (named,) = re.findall(r"weights these libraries publish, for (.*?);", ENGLISH)
    names = [re.sub("[- ]", "", name) for name in re.split(", | and ", named)]
    known = {net for nets in PEERS.values() for net in nets}
    assert names == [net.__name__ for net in NETS.values() if net in known]


def test_the_picture_says_what_it_shows_in_the_words_it_was_drawn_with():
    ((words, picture),) = re.findall(r"!\[([^]]+)\]\(([^)]+)\)", ENGLISH)
    with Image.open(ROOT / picture) as image:
        assert image.text["Description"] == words


def test_files_it_links_to_exist():
    for target in links(ENGLISH):
        if "://" not in target:
            assert (ROOT / target).exists(), target


def test_measured_figures_are_those_of_the_results():
    results = json.loads((ROOT / "docs" / "results" / "training.json").read_text())
    rows = re.findall(
        r"^\| `([\w-]+)` \| ([\d.]+) \| (\d+) \| ([\d.]+) % \|", ENGLISH, re.MULTILINE
    )
    assert {name for name, *_ in rows} >= {"clothing10-InceptionV3", "parts_world-InceptionV3"}
    for name, width, epochs, accuracy in rows:
        result = results[name]
        assert f"--model.width {width} " in result["command"]
        assert int(epochs) == result["epochs"]
        assert float(accuracy) == result["test_top1_percent"]
