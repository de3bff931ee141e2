"""What README says, held to the code and to the measurements."""

import json
import re
from pathlib import Path

import torch

from lecture_nets.analysis import cost
from lecture_nets.nets import NETS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def test_the_table_of_networks_is_what_the_code_counts():
    rows = re.findall(r"^\| `(\w+)` \| \d+ \| (\d+) px \| ([\d,]+) \| ([\d,]+) \| (\d+) \| (\d+)",
                      README, re.MULTILINE)  # fmt: skip
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


def test_files_it_links_to_exist():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if "://" not in target:
            assert (ROOT / target).exists(), target


def test_measured_figures_are_those_of_the_results():
    results = json.loads((ROOT / "docs" / "results" / "training.json").read_text())
    rows = re.findall(
        r"^\| `([\w-]+)` \| ([\d.]+) \| (\d+) \| ([\d.]+) % \| ([\d.]*)", README, re.MULTILINE
    )
    assert {name for name, *_ in rows} >= {"clothing10-InceptionV3", "parts_world-InceptionV3"}
    for name, width, epochs, accuracy, minutes in rows:
        result = results[name]
        assert f"--model.width {width} " in result["command"]
        assert int(epochs) == result["epochs"]
        assert float(accuracy) == result["test_top1_percent"]
        if minutes:
            assert float(minutes) == round(result["training_seconds"] / 60, 1)
