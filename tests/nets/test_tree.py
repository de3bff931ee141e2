"""The tree and its one walker: nothing that runs in an order of its own is walked by guess."""

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations
from torchvision.models.resnet import BasicBlock

from lecture_nets.analysis import count_paths, outline
from lecture_nets.analysis.blueprint import layer_plan
from lecture_nets.analysis.cost import count_branch_paths, count_depth
from lecture_nets.analysis.receptive_field import View, view_through
from lecture_nets.nets.layers import ConvBlock, Residual, chain, convs
from lecture_nets.nets.plain_stack import Subsample
from lecture_nets.nets.tree import Add, Branches, Concat, channels_after, fold, follow, stride_of


def image(channels: int = 3, side: int = 8) -> torch.Tensor:
    return torch.randn(2, channels, side, side, generator=torch.Generator().manual_seed(0))


def test_concat_joins_channels_in_the_order_written():
    x = image()
    assert torch.equal(Concat(z=nn.Identity(), a=nn.ReLU())(x), torch.cat([x, x.relu()], dim=1))


def test_add_adds_its_branches_up():
    x = image()
    three = Add(z=nn.Identity(), a=nn.ReLU(), m=nn.Identity())
    assert torch.equal(three(x), x + x.relu() + x)


@pytest.mark.parametrize("kind", [Concat, Add])
def test_names_of_branches_are_the_state_dict_keys(kind):
    both = kind(left=nn.Conv2d(3, 2, 1, bias=False), right=nn.Conv2d(3, 2, 1, bias=False))
    assert list(both.state_dict()) == ["left.weight", "right.weight"]


@pytest.mark.parametrize("kind", [Concat, Add])
def test_a_branch_that_stands_there_twice_counts_twice(kind):
    conv = nn.Conv2d(3, 3, 1)
    twice = kind(a=conv, b=conv)
    assert twice(image()).shape[1] == channels_after(twice, 3)
    assert count_branch_paths(twice) == 2


LAYERS = {
    "pool": (nn.MaxPool2d(2), 3, 2),
    "convolution": (nn.Conv2d(3, 7, 3), 7, 1),  # smaller by two pixels, and no coarser
    "strides": (nn.Sequential(nn.Conv2d(3, 7, 3, stride=2), nn.AvgPool2d((3, 2))), 7, 6),
    "concat": (Concat(a=nn.MaxPool2d(3, stride=2), b=convs(3, 1.0, (8, 1), (8, 3, 2))), 11, 2),
    "add": (Add(a=nn.Conv2d(3, 7, 1), b=Subsample(3, 7, 1)), 7, 1),
    "in a chain": (
        nn.Sequential(nn.Conv2d(3, 5, 1), Concat(a=nn.MaxPool2d(1), b=nn.Conv2d(5, 2, 1))),
        7,
        1,
    ),
    "residual": (Residual(ConvBlock(3, 8, 3, stride=2, relu=False), Subsample(3, 8, 2)), 8, 2),
    "one layer": (parametrizations.weight_norm(nn.Conv2d(3, 6, 2, stride=2)), 6, 2),
    "nothing": (nn.Sequential(), 3, 1),
}


@pytest.mark.parametrize("name", LAYERS)
def test_channels_and_strides_are_those_that_come_out(name):
    layer, channels, stride = LAYERS[name]
    assert channels_after(layer, 3) == layer(image()).shape[1] == channels
    assert stride_of(layer) == stride


def test_a_shortcut_is_no_layer_and_one_path():
    residual = chain(3, conv_1=nn.Conv2d(3, 3, 3, padding=1), conv_2=nn.Conv2d(3, 3, 1))
    block = Residual(residual, nn.Identity())
    assert (count_depth(block), count_branch_paths(block)) == (2, 2)
    assert view_through(block, View(), axis=0).field == 3
    assert outline(block) == "(3×3 3 → 1×1 3 + identity)"


def test_follow_knows_what_is_behind_each_part():
    first, fork = nn.Conv2d(3, 5, 1), Concat(a=nn.Identity(), b=nn.Conv2d(5, 2, 1))
    behind = follow(
        nn.Sequential(first, fork),
        0,
        leaf=lambda layer, convolutions: convolutions + isinstance(layer, nn.Conv2d),
        join=lambda fork, convolutions: max(convolutions),
    )
    assert [behind[part] for part in (first, fork.a, fork.b, fork)] == [1, 1, 2, 2]


class TwiceInParallel(nn.Module):
    """Runs its parts in an order that its structure does not tell."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.first(x) + self.second(x)


class Backwards(nn.Sequential):
    def forward(self, input: torch.Tensor) -> torch.Tensor:
        for part in reversed(list(self.children())):
            input = part(input)
        return input


class Multiply(Branches):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first, second = self.outputs(x)
        return first * second


UNKNOWN = {
    "TwiceInParallel": TwiceInParallel(),
    "BasicBlock": BasicBlock(3, 3),  # torchvision's
    "Backwards": Backwards(nn.Conv2d(3, 3, 1), nn.ReLU()),
    "Multiply": Multiply(a=nn.Identity(), b=nn.Sigmoid()),
    "ModuleDict": nn.ModuleDict({"conv": nn.Conv2d(3, 3, 1)}),
}
WALKERS = {
    "channels": lambda module: channels_after(module, 3),
    "stride": stride_of,
    "depth": count_depth,
    "branch paths": count_branch_paths,
    "receptive field": lambda module: view_through(module, View(), axis=0),
    "outline": outline,
    "blueprint": lambda module: layer_plan([module, module]),
    "chain": lambda module: chain(3, row=module),
}


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("name", UNKNOWN)
def test_a_module_with_a_forward_of_its_own_is_refused_by_name(name, inside):
    module = nn.Sequential(nn.ReLU(), UNKNOWN[name]) if inside else UNKNOWN[name]
    with pytest.raises(TypeError, match=rf"{name} decides in its own forward .*Concat and Add"):
        fold(module, leaf=lambda _: 0, chain=lambda *_: 0, branches=lambda *_: 0)


@pytest.mark.parametrize("walker", WALKERS)
def test_every_walker_refuses_it(walker):
    with pytest.raises(TypeError, match="TwiceInParallel decides in its own forward"):
        WALKERS[walker](nn.Sequential(TwiceInParallel(), nn.ReLU()))


def test_paths_through_it_are_refused():
    with pytest.raises(TypeError, match="TwiceInParallel decides in its own forward"):
        count_paths(TwiceInParallel(), (3, 8, 8))


def test_what_is_unknown_can_be_given_a_value():
    found = fold(
        nn.Sequential(TwiceInParallel(), nn.ReLU()),
        leaf=lambda layer: ["leaf"],
        chain=lambda _, parts: [x for part in parts.values() for x in part],
        branches=lambda _, parts: [x for part in parts.values() for x in part],
        unknown=lambda module: ["unknown"],
    )
    assert found == ["unknown", "leaf"]
