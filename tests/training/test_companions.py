"""The small trained networks that come with the package do what their cards say."""

import json

import pytest
import torch

from lecture_nets import AlexNetModule, InceptionV3Module, PartsWorldDataModule, ZFNetModule
from lecture_nets.training.pretrained import CARD, COMPANIONS, WEIGHTS

MODULES = [AlexNetModule, InceptionV3Module]


def card(cls) -> dict:
    return json.loads((COMPANIONS / cls.__name__ / CARD).read_text())


@pytest.mark.parametrize("cls", MODULES)
def test_a_card_tells_data_recipe_accuracy_and_commit(cls):
    training = card(cls)["training"]
    assert training["data"]
    assert training["license"] == "MIT"
    assert f"--model {cls.__name__} " in training["command"]
    assert "--model.recipe quick" in training["command"]
    assert len(training["commit"]) >= 7
    assert training["test_acc"] > 0.95


@pytest.mark.parametrize("cls", MODULES)
def test_a_file_is_small(cls):
    assert (COMPANIONS / cls.__name__ / WEIGHTS).stat().st_size <= 5_000_000


@pytest.mark.parametrize("cls", MODULES)
def test_a_companion_is_as_good_as_its_card_says(cls, quiet_trainer):
    module = cls.from_pretrained("parts_world")
    assert {x.dtype for x in module.net.parameters()} == {torch.float32}
    data = PartsWorldDataModule(image_size=module.data_facts["image_size"], test_size=200)
    assert module.data_facts["class_names"] == list(data.class_names)
    scores = quiet_trainer().test(module, data, verbose=False)[0]
    # 200 of the card's 1000 images: one standard error is half a percent to one and a half.
    assert scores["test_acc"] == pytest.approx(card(cls)["training"]["test_acc"], abs=0.035)


def test_options_fit_a_companion_as_they_fit_any_folder():
    module = AlexNetModule.from_pretrained("parts_world", num_classes=3)
    scores = module.eval()(torch.zeros(1, 3, 128, 128))
    assert scores.shape == (1, 3)
    assert "class_names" not in module.data_facts


def test_a_module_without_a_companion_says_who_publishes():
    with pytest.raises(ValueError, match=r"ZFNetModule.*parts_world.*Published for.*none"):
        ZFNetModule.from_pretrained("parts_world")
    with pytest.raises(ValueError, match=r"'parts_world' .small, comes with the package"):
        AlexNetModule.from_pretrained("nowhere")
