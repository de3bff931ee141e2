"""Stacks have as many layers as asked for, and no way around one."""

import pytest
import torch
from torch import nn

from lecture_nets.analysis import cost
from lecture_nets.nets.plain_stack import PlainStack


@pytest.mark.parametrize("depth", [4, 5, 6, 8, 20, 56])
def test_depth_is_what_was_asked_for(depth):
    net = PlainStack(depth)
    weighed = [part for part in net.modules() if isinstance(part, nn.Conv2d | nn.Linear)]
    assert len(weighed) == depth == cost(net, 32).depth


def test_the_papers_20_layers():
    # 6n + 2 with n = 3: a first convolution, then six with 16, 32 and 64 channels, and a linear one
    convs = [part for part in PlainStack(20).modules() if isinstance(part, nn.Conv2d)]
    assert [conv.out_channels for conv in convs] == [16] * 7 + [32] * 6 + [64] * 6
    assert {conv.kernel_size for conv in convs} == {(3, 3)}
    assert [i for i, conv in enumerate(convs) if conv.stride == (2, 2)] == [7, 13]


@pytest.mark.parametrize("batch_norm", [False, True])
def test_scores_have_a_column_for_each_class(batch_norm):
    net = PlainStack(6, 7, batch_norm=batch_norm, in_channels=1, width=0.5)
    assert net(torch.randn(2, 1, 32, 32)).shape == (2, 7)
    norms = [part for part in net.modules() if isinstance(part, nn.BatchNorm2d)]
    assert len(norms) == (5 if batch_norm else 0)


def test_three_stages_need_four_layers():
    with pytest.raises(ValueError, match="at least 4"):
        PlainStack(3)
