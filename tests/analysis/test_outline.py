"""The words say what is in the module."""

import pytest
import torch
from torch import nn

from lecture_nets.analysis.outline import outline
from lecture_nets.nets import GoogLeNet, InceptionV2, ResNet50

with torch.device("meta"):
    V2, GOOGLENET, RESNET = InceptionV2(), GoogLeNet(), ResNet50()
DEEP_BRANCH = "1×1 128 → 1×7 128 → 7×1 128 → 1×7 128 → 7×1 192"
FAN = "(1×3 384 | 3×1 384)"


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (V2.trunk.conv_1, "3×3/2 32"),
        (V2.trunk.pool_1, "max 3×3/2"),
        (V2.trunk.inception_b1.branch_7x7x2, DEEP_BRANCH),
        (V2.trunk.reduction_a, "(3×3/2 384 | 1×1 64 → 3×3 96 → 3×3/2 96 | max 3×3/2)"),
        (
            V2.trunk.inception_c1,
            f"(1×1 320 | 1×1 384 → {FAN} | 1×1 448 → 3×3 384 → {FAN} | average 3×3 → 1×1 192)",
        ),
        (GOOGLENET.trunk.inception_3a.branch_5x5, "1×1 16 → 5×5 32"),
        (V2.aux_heads.inception_b5, "average → 1×1 128 → 5×5 768 → average → linear 1000"),
        (nn.ReLU(), ""),
        (RESNET.trunk.conv_2_2, "(1×1 64 → 3×3 64 → 1×1 256 + identity)"),
        (RESNET.trunk.conv_3_1, "(1×1 128 → 3×3/2 128 → 1×1 512 + 1×1/2 512)"),
    ],
)
def test_layers_are_named_in_order_and_branches_side_by_side(module, words):
    assert outline(module) == words


def test_a_norm_is_named_behind_its_layer_where_asked_for():
    chain = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 1), nn.BatchNorm2d(8))
    assert outline(chain, norms=True) == "3×3 8 → 1×1 8 BN"
    assert outline(V2.trunk.inception_a1.branch_3x3, norms=True) == "1×1 48 BN → 3×3 64 BN"
