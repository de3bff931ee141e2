"""Which of many tensors hold a NaN or an infinity?"""

import math

import torch

from lecture_nets.checkpoints.finite import non_finite_keys

NAN, INF = math.nan, math.inf


def test_keys_of_non_finite_tensors():
    tensors = {
        "good": torch.ones(3),
        "nan": torch.tensor([1.0, NAN]),
        "inf": torch.tensor(-INF),
        "half": torch.tensor([INF], dtype=torch.float16),
        "complex": torch.tensor([complex(0, NAN)]),
        "whole": torch.tensor([1, 2]),
        "empty": torch.empty(0),
        "word": "nan",
    }
    assert non_finite_keys(tensors) == ["nan", "inf", "half", "complex"]
    assert non_finite_keys({}) == []
