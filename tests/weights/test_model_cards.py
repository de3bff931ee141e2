"""The cards of the small trained networks say what their files say."""

import importlib.util
import re
from pathlib import Path

import pytest
import torch
from huggingface_hub import ModelCard
from PIL import Image

from lecture_nets.training.pretrained import COMPANIONS

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "model_cards.py"
NAMES = sorted(folder.name for folder in COMPANIONS.iterdir())


def load_script():
    spec = importlib.util.spec_from_file_location("model_cards", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", NAMES)
def test_a_card_is_what_the_files_beside_it_give(name):
    script = load_script()
    assert script.path_of(name).read_text() == script.model_card(name), (
        "run python tests/benchmarks/model_cards.py"
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_hub_could_read_a_card(name):
    card = ModelCard.load(COMPANIONS / name / "README.md")
    assert card.data.license == "mit"
    assert card.data.eval_results[0].metric_value > 0.95


@pytest.mark.parametrize("name", NAMES)
def test_the_code_on_a_card_runs(name):
    card = (COMPANIONS / name / "README.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", card, re.DOTALL)
    found = {"picture": Image.new("RGB", (100, 80))}
    with torch.no_grad():
        exec(code, found)
    assert found["logits"].shape == (1, 10)
