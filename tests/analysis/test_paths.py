"""Paths are those of the slide, and those of a walk along every connection."""

import itertools
import math
from fractions import Fraction
from functools import cache, partial

import pytest
import torch
from torch import nn

from lecture_nets import analysis
from lecture_nets.analysis import cost, count_paths, share_of_paths
from lecture_nets.nets import NETS, VGG19, AlexNet, GoogLeNet, InceptionV2
from lecture_nets.nets.layers import LRN, ConvBlock
from lecture_nets.nets.plain_stack import Subsample
from lecture_nets.nets.tree import Add, Concat

VARIANTS = {
    **NETS,
    "alexnet-2014": partial(AlexNet, variant="2014"),
    "vgg19-bn": partial(VGG19, batch_norm=True),
    "googlenet-torchvision": partial(GoogLeNet, variant="torchvision"),
    "inception_v2-7x7": partial(InceptionV2, stem="7x7", num_factorized=4),
}
each_variant = pytest.mark.parametrize("name", VARIANTS)


@cache
def build(name: str, width: float = 0.1):
    with torch.device("meta"):
        return VARIANTS[name](5, width=width)


@cache
def paths_of(name: str):
    size = build(name).paper_size
    return count_paths(build(name), (3, size, size))


def dense(*widths: int) -> nn.Sequential:
    """Linear layers with ReLUs between them."""
    layers = []
    for units_in, units_out in itertools.pairwise(widths):
        layers += [nn.Linear(units_in, units_out), nn.ReLU()]
    return nn.Sequential(*layers)


def conv(units_in: int, units_out: int, groups: int = 1) -> nn.Conv2d:
    return nn.Conv2d(units_in, units_out, 1, groups=groups)


# Modules for 4 input channels, and the unit paths that end in each channel behind them.
SMALL = {
    "nothing": (nn.Sequential(), 1),
    "pool": (nn.MaxPool2d(1), 1),
    "one": (conv(4, 6), 6),
    "two": (nn.Sequential(conv(4, 6), conv(6, 2)), 12),
    "towers": (nn.Sequential(conv(4, 6), conv(6, 4, groups=2)), 4 * 3),
    "depthwise": (nn.Sequential(conv(4, 6), conv(6, 6, groups=6)), 6),
    "norm": (nn.Sequential(ConvBlock(4, 6, 1), LRN(), conv(6, 2)), 12),
    "branches": (nn.Sequential(conv(4, 3), Concat(a=conv(3, 2), b=conv(3, 5))), 3 * 7),
    "pool beside": (nn.Sequential(conv(4, 3), Concat(a=conv(3, 2), b=nn.MaxPool2d(1))), 6 + 3),
    "input beside": (nn.Sequential(Concat(a=conv(4, 2), b=nn.Identity()), conv(6, 5)), 3 * 5),
    "uneven towers": (
        nn.Sequential(conv(4, 2), Concat(a=conv(2, 2), b=nn.Identity()), conv(4, 6, groups=2)),
        3 * (2 + 2) + 3 * (1 + 1),
    ),
    "added": (nn.Sequential(conv(4, 3), Add(a=conv(3, 3), b=nn.Identity())), 3 * (3 + 1)),
    "added to the input": (nn.Sequential(Add(a=conv(4, 4), b=nn.Identity())), 4 * (1 + 1)),
    "zeros as new channels": (
        nn.Sequential(conv(4, 3), Add(a=conv(3, 5), b=Subsample(3, 5, 1))),
        5 * 3 + 3,
    ),
    "flattened": (
        nn.Sequential(conv(4, 3), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(12, 5)),
        15,
    ),
}


def test_layers_of_two_neurons_have_2_4_8_and_16_paths():
    layers = count_paths(nn.Sequential(*[nn.Linear(2, 2) for _ in range(4)]), (2,)).layers
    assert [layer.unit_paths for layer in layers] == [2, 4, 8, 16]


def test_a_layer_that_is_used_twice_counts_twice():
    layer = nn.Linear(2, 2)
    assert count_paths(nn.Sequential(layer, nn.Sequential(layer, layer)), (2,)).unit_paths == 8


@pytest.mark.parametrize("inputs", [1, 2, 7])
def test_the_input_is_one_place_however_wide(inputs):
    assert count_paths(dense(inputs, 2, 2), (inputs,)).unit_paths == 4


def test_a_stack_has_the_product_of_its_widths():
    assert count_paths(dense(9, 3, 5, 7), (9,)).unit_paths == 3 * 5 * 7


def test_huge_counts_stay_exact():
    assert count_paths(dense(*[3] * 301), (3,)).unit_paths == 3**300


@pytest.mark.parametrize("name", SMALL)
def test_unit_paths_of_small_modules(name):
    module, expected = SMALL[name]
    assert count_paths(module, (4, 8, 8)).unit_paths == expected


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("googlenet", "inception_3a"),
        ("inception_v2", "inception_b3"),
        ("inception_v3", "reduction_b"),
        ("inception_v3", "inception_c2"),
        ("resnet50", "conv_2_1"),
        ("resnet50", "conv_2_2"),
    ],
)
def test_unit_paths_are_what_a_module_of_ones_adds_up(name, row):
    # Where every kernel is a 1 in its middle, each unit sums up the units it reads.
    module = VARIANTS[name](5, width=0.1).trunk.get_submodule(row).double().eval()
    for part in module.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.zeros_(part.weight)
            rows, columns = part.kernel_size
            part.weight.data[..., rows // 2, columns // 2] = 1
            if part.bias is not None:
                nn.init.zeros_(part.bias)
        if isinstance(part, nn.BatchNorm2d):
            part.eps = 0
    channels = next(part.in_channels for part in module.modules() if isinstance(part, nn.Conv2d))
    found = module(torch.ones(1, channels, 9, 9, dtype=torch.double))
    middle = found[0, :, found.shape[2] // 2, found.shape[3] // 2]
    counted = count_paths(nn.Sequential(conv(3, channels), module.float()), (3, 9, 9))
    assert counted.unit_paths == int(middle.sum())


@each_variant
def test_branch_paths_are_those_of_the_cost_sheet(name):
    assert paths_of(name).branch_paths == cost(build(name)).paths


@each_variant
def test_branch_paths_grow_as_the_rows_of_the_cost_sheet_multiply(name):
    rows = [row for row in cost(build(name)).rows if not row.aux_head]
    expected = [
        (row.name, row.output, math.prod(earlier.paths for earlier in rows[: i + 1]))
        for i, row in enumerate(rows)
    ]
    found = [(row.name, row.output, row.branch_paths) for row in paths_of(name).layers]
    assert found == expected


@each_variant
def test_totals_are_those_of_the_last_layer(name):
    counted = paths_of(name)
    last = counted.layers[-1]
    assert (counted.branch_paths, counted.unit_paths) == (last.branch_paths, last.unit_paths)


@each_variant
def test_all_counts_are_exact_integers(name):
    for row in paths_of(name).layers:
        assert type(row.branch_paths) is type(row.unit_paths) is int


# From the tables of the papers: what the widths multiply to.
UNIT_PATHS = {
    "shallow_svm": 1000,
    "alexnet": 96 // 2 * 256 * 384 // 2 * 384 // 2 * 256 * 4096 * 4096 * 1000,
    "zfnet": 96 * 256 * 384 * 384 * 256 * 4096 * 4096 * 1000,
    "vgg19": 64**2 * 128**2 * 256**4 * 512**8 * 4096**2 * 1000,
}


@pytest.mark.parametrize(("name", "expected"), UNIT_PATHS.items())
def test_unit_paths_of_chains_are_the_product_of_the_papers_widths(name, expected):
    with torch.device("meta"):
        net = NETS[name]()
    assert count_paths(net, (3, 224, 224)).unit_paths == expected


def test_a_module_of_four_branches():
    # arXiv 1409.4842, table 1, inception (3a).
    row = build("googlenet", width=1.0).trunk.inception_3a
    counted = count_paths(row, (192, 28, 28))
    assert (counted.branch_paths, counted.unit_paths) == (4, 64 + 96 * 128 + 16 * 32 + 32)


def test_a_lightning_module_is_sent_to_its_net():
    class Stranger(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = nn.Linear(2, 2)

    with pytest.raises(TypeError, match=r"Stranger decides in its own forward.*module\.net"):
        count_paths(Stranger(), (2,))


def test_images_the_net_refuses_are_refused():
    with pytest.raises(ValueError, match="AlexNet needs images of at least 63x63"):
        count_paths(build("alexnet"), (3, 32, 32))


def test_the_module_stays_as_it_is():
    net = dense(2, 2).train()
    before = [weight.clone() for weight in net.parameters()]
    analysis.count_paths(net, (2,))
    assert net.training
    assert all(map(torch.equal, before, net.parameters()))


@pytest.mark.parametrize("layer", ["0", "2", "4"])
def test_a_unit_of_a_stack_has_its_share_of_the_width(layer):
    assert share_of_paths(dense(2, 4, 4, 4), 2, layer, 3) == Fraction(1, 4)


# A unit that a tower and a branch read has more paths than one that only the branch reads.
SHARES = [
    (nn.Sequential(conv(4, 2), Concat(a=conv(2, 2), b=nn.Identity()), conv(4, 2, groups=2)), "1"),
    (nn.Sequential(conv(4, 4), conv(4, 4, groups=2), conv(4, 3)), "0"),
    (nn.Sequential(Concat(a=conv(4, 1), b=conv(4, 3)), conv(4, 2)), "0"),
]


@pytest.mark.parametrize(("module", "row"), SHARES)
def test_shares_of_a_row_add_up_to_one(module, row):
    assert sum(share_of_paths(module, 4, row, unit) for unit in range(4)) == 1


def test_units_of_longer_branches_have_a_larger_share():
    shares = [share_of_paths(SHARES[0][0], 4, "1", unit) for unit in range(4)]
    assert shares == [Fraction(n, 6) for n in (2, 2, 1, 1)]


def test_a_channel_of_alexnet_has_its_share_of_the_first_row():
    assert share_of_paths(build("alexnet", 1.0), 3, "conv_1", 95) == Fraction(1, 96)


@pytest.mark.parametrize(
    ("row", "unit", "message"),
    [
        ("conv_9", 0, "There are: conv_1"),
        ("conv_1", 96, "choose one of 0 to 95"),
        ("conv_1", -1, "choose one of 0 to 95"),
    ],
)
def test_units_that_are_not_there_are_refused(row, unit, message):
    with pytest.raises(ValueError, match=message):
        share_of_paths(build("alexnet", 1.0), 3, row, unit)


def test_the_inputs_own_channels_have_no_share():
    with pytest.raises(ValueError, match="still the input's"):
        share_of_paths(nn.Sequential(nn.MaxPool2d(1), conv(4, 2)), 4, "0", 0)
