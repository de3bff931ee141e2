"""Stacks have as many layers as asked for, and no way around one."""

import pytest
import torch
from torch import nn

from lecture_nets.analysis import cost
from lecture_nets.nets.plain_stack import PlainStack, ResidualStack, Subsample
from lecture_nets.nets.tree import Add


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
def test_logits_have_a_column_for_each_class(batch_norm):
    net = PlainStack(6, 7, batch_norm=batch_norm, in_channels=1, width=0.5)
    assert net(torch.randn(2, 1, 32, 32)).shape == (2, 7)
    norms = [part for part in net.modules() if isinstance(part, nn.BatchNorm2d)]
    assert len(norms) == (5 if batch_norm else 0)


def test_three_stages_need_four_layers():
    with pytest.raises(ValueError, match="at least 4"):
        PlainStack(3)


@pytest.mark.parametrize("depth", [8, 20, 56])
def test_a_residual_stack_costs_what_the_plain_one_of_its_depth_does(depth):
    plain, residual = (cost(kind(depth, width=0.5), 32) for kind in (PlainStack, ResidualStack))
    for count in ("depth", "parameters", "macs", "receptive_field"):
        assert getattr(plain, count) == getattr(residual, count), count
    assert (plain.depth, plain.paths) == (depth, 1)
    assert residual.paths == 2 ** ((depth - 2) // 2)


@pytest.mark.parametrize("batch_norm", [False, True])
def test_a_residual_stack_is_a_plain_one_but_for_its_shortcuts(batch_norm):
    plain, residual = (
        start(kind, 14, batch_norm=batch_norm) for kind in (PlainStack, ResidualStack)
    )
    pairs = zip(plain.parameters(), residual.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    images = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    expected = plain(images)
    assert not torch.allclose(residual(images), expected)
    for add in [part for part in residual.modules() if isinstance(part, Add)]:
        del add.shortcut
    assert torch.equal(residual(images), expected)


def start(kind, depth, **options):
    torch.manual_seed(0)
    return kind(depth, **options).eval()


def test_shortcuts_have_no_parameters_and_take_every_second_pixel():
    assert not [*Subsample(3, 5, 2).parameters()]
    x = torch.arange(1.0, 49).view(1, 3, 4, 4)
    found = Subsample(3, 5, 2)(x)
    assert torch.equal(found[:, :3], x[:, :, [0, 2]][:, :, :, [0, 2]])
    assert (found.shape, found[:, 3:].any().item()) == ((1, 5, 2, 2), False)


@pytest.mark.parametrize(("depth", "cure"), [(2, 8), (7, 8), (21, 20), (24, 26)])
def test_residual_stacks_have_6n_plus_2_layers(depth, cure):
    with pytest.raises(ValueError, match=rf"ResidualStack\(depth={depth}\).* take {cure}\."):
        ResidualStack(depth)
