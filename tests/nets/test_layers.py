"""The building blocks: shapes, order of channels, and the values that a paper fixes."""

from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from lecture_nets.nets.layers import (
    LRN,
    AuxiliaryHead,
    ConvBlock,
    GridPool,
    aux_heads_on,
    average_head,
    chain,
    conv,
    convs,
    fully_connected_head,
    scale_channels,
)
from lecture_nets.nets.tree import Concat
from lecture_nets.nets.vgg19 import Block


def image(channels: int = 3, side: int = 8) -> torch.Tensor:
    draw = torch.Generator().manual_seed(0)
    return torch.randn(2, channels, side, side, generator=draw)


def conv_layers(module: nn.Module) -> list[nn.Conv2d]:
    return [layer for layer in module.modules() if isinstance(layer, nn.Conv2d)]


@pytest.mark.parametrize(
    ("channels", "width", "expected"),
    [
        (64, 1.0, 64),
        (64, 0.5, 32),
        (64, 0.25, 16),
        (96, 0.25, 24),
        (80, 0.25, 24),  # 20 lies between 16 and 24: halves go up
        (16, 0.25, 8),  # never less than 8
        (1, 0.001, 8),
        (100, 1.0, 104),
        (64, 2.0, 128),
        (288, 0.1, 32),
    ],
)
def test_scale_channels(channels, width, expected):
    assert scale_channels(channels, width) == expected


@pytest.mark.parametrize("kernel", [1, 3, 5, 7, (1, 7), (7, 1), (1, 3), (3, 1)])
def test_padding_keeps_the_map_by_default(kernel):
    assert ConvBlock(3, 8, kernel)(image(side=9)).shape == (2, 8, 9, 9)


@pytest.mark.parametrize(("kernel", "stride", "side"), [(3, 1, 7), (3, 2, 4), (7, 2, 2), (1, 2, 5)])
def test_padding_0_uses_valid_positions_only(kernel, stride, side):
    assert ConvBlock(3, 8, kernel, stride=stride, padding=0)(image(side=9)).shape[-1] == side


def test_kernel_is_rows_then_columns():
    assert ConvBlock(3, 8, (1, 7)).conv.weight.shape == (8, 3, 1, 7)


@pytest.mark.parametrize(
    ("options", "bias"),
    [
        (dict(), False),
        (dict(batch_norm=False), True),
        (dict(bias=True), True),
        (dict(batch_norm=False, bias=False), False),
    ],
)
def test_a_convolution_has_a_bias_where_no_norm_follows(options, bias):
    assert (ConvBlock(3, 8, 1, **options).conv.bias is not None) == bias


def test_conv_block_is_convolution_norm_relu():
    block, x = ConvBlock(3, 8, 3), image()
    assert [name for name, _ in block.named_children()] == ["conv", "norm", "relu"]
    torch.testing.assert_close(block(x), F.relu(block.norm(block.conv(x))))


def test_conv_block_without_norm():
    block = ConvBlock(3, 8, 3, batch_norm=False)
    assert [name for name, _ in block.named_children()] == ["conv", "relu"]


def test_groups_see_their_own_channels_only():
    block, x = ConvBlock(4, 8, 1, groups=2, batch_norm=False), image(channels=4)
    before = block(x)
    x[:, 2:] += 1
    assert torch.equal(block(x)[:, :4], before[:, :4])


def test_conv_scales_its_width_but_not_its_input():
    layer = conv(64, 3)(3, 0.5).conv
    assert (layer.in_channels, layer.out_channels) == (3, 32)


def test_convs_pass_their_widths_on():
    layers = conv_layers(convs(10, 0.5, (64, 1), (96, 3), (32, 5)))
    assert [(c.in_channels, c.out_channels) for c in layers] == [(10, 32), (32, 48), (48, 16)]


def test_convs_keep_the_map_at_stride_1():
    assert convs(3, 1.0, (8, 5), (8, (1, 7)))(image(side=9)).shape == (2, 8, 9, 9)


@pytest.mark.parametrize("row", [conv(8, 3, eps=1e-5, bias=True, relu=False), "convs"])
def test_rows_hand_on_all_options_of_a_block(row):
    options = dict(eps=1e-5, bias=True, relu=False)
    (block,) = convs(3, 1.0, (8, 3), **options) if row == "convs" else [row(3, 1.0)]
    assert [name for name, _ in block.named_children()] == ["conv", "norm"]
    assert (block.norm.eps, block.conv.bias is None) == (1e-5, False)


def test_a_misspelled_option_of_a_row_is_refused():
    with pytest.raises(TypeError, match="batchnorm"):
        conv(8, 3, batchnorm=False)(3, 1.0)


@pytest.mark.parametrize("options", [{}, dict(bias=True, eps=1e-5), dict(relu=False)], ids=str)
def test_a_block_that_is_normalized_later_is_as_if_built_so(options):
    later, built = (ConvBlock(3, 8, 3, batch_norm=norm, **options) for norm in (False, True))
    later.eval().normalize()
    assert repr(later) == repr(built)
    assert list(later.state_dict()) == list(built.state_dict())
    assert not later.norm.training


def test_convs_take_no_padding_at_stride_2():
    assert convs(3, 1.0, (8, 3, 2))(image(side=9)).shape == (2, 8, 4, 4)


def test_convs_number_their_layers():
    names = [name for name, _ in convs(3, 1.0, (8, 1), (8, 3)).named_children()]
    assert names == ["0", "1"]


@pytest.mark.parametrize(
    "block",
    [
        ConvBlock(3, 8, 3),
        AuxiliaryHead(3, 0.1, 10, grid=2, hidden=64, batch_norm=True),
        Block(3, 0.1, 64, convs=2, batch_norm=True),
    ],
    ids=["ConvBlock", "AuxiliaryHead", "Block of VGG-19"],
)
def test_slices_of_a_block_are_chains(block):
    block, x = block.eval(), image()
    first, rest = block[:2], block[2:]
    assert (type(first), type(rest)) == (nn.Sequential, nn.Sequential)
    assert list(first.state_dict()) + list(rest.state_dict()) == list(block.state_dict())
    assert torch.equal(rest(first(x)), block(x))


def test_chain_hands_each_row_the_channels_of_the_row_before():
    rows = chain(
        3,
        0.5,
        first=conv(32, 3),
        pool=nn.MaxPool2d(2),
        module=lambda n, w: Concat(a=nn.Identity(), b=convs(n, w, (16, 1))),
        last=conv(64, 1),
    )
    assert [name for name, _ in rows.named_children()] == ["first", "pool", "module", "last"]
    assert [(c.in_channels, c.out_channels) for c in conv_layers(rows)] == [
        (3, 16),
        (16, 8),
        (24, 32),
    ]


def test_lrn_of_all_tens():
    # 10 / (2 + 1e-4 · 5 · 100)^0.75 (Krizhevsky et al., 2012, section 3.3).
    normed = LRN()(torch.full((1, 96, 1, 1), 10.0))
    assert normed[0, 48].item() == pytest.approx(5.8369, abs=5e-5)


def test_lrn_sums_over_neighboring_channels():
    x = image(channels=7)
    squares = x[:, 1:6].square().sum(dim=1)
    expected = x[:, 3] / (1.5 + 0.02 * squares) ** 0.6
    torch.testing.assert_close(LRN(5, alpha=0.02, beta=0.6, k=1.5)(x)[:, 3], expected)


@pytest.mark.parametrize(("grid", "side"), [(4, 14), (5, 17), (4, 15), (4, 20), (5, 25)])
def test_grid_pool_on_the_papers_maps_is_5x5_with_stride_3(grid, side):
    x = image(side=side)
    assert torch.equal(GridPool(grid)(x), F.avg_pool2d(x, 5, stride=3))


@pytest.mark.parametrize(("grid", "side"), [(4, 14), (5, 17)])
def test_grid_pool_gives_the_papers_grid(grid, side):
    assert GridPool(grid)(image(side=side)).shape[-2:] == (grid, grid)


@pytest.mark.parametrize("grid", [4, 5])
@pytest.mark.parametrize("side", range(1, 14))
def test_grid_pool_shrinks_its_windows_on_small_maps(grid, side):
    assert GridPool(grid)(image(side=side)).shape[-2:] == (grid, grid)


def test_grid_pool_minds_the_shorter_side():
    assert GridPool(4)(torch.zeros(1, 1, 30, 5)).shape[-2:] == (4, 4)


googlenet_head = partial(AuxiliaryHead, 512, 1.0, 10, grid=4, hidden=1024, batch_norm=False)
inception_head = partial(AuxiliaryHead, 768, 1.0, 10, grid=5, hidden=768, batch_norm=True)


@pytest.mark.parametrize(
    ("head", "units"), [(googlenet_head, 4 * 4 * 128), (inception_head, 5 * 5 * 128)]
)
def test_auxiliary_head_hidden_layer_sees_the_whole_grid(head, units):
    assert head().hidden.conv.weight[0].numel() == units


@pytest.mark.parametrize(("head", "side"), [(googlenet_head, 14), (inception_head, 17)])
def test_auxiliary_head_leaves_one_position_at_the_papers_size(head, side):
    net = head()
    x = torch.zeros(2, net.squeeze.conv.in_channels, side, side)
    assert net.hidden(net.squeeze(net.pool(x))).shape[-2:] == (1, 1)


@pytest.mark.parametrize("side", [1, 2, 8, 17, 40])
def test_auxiliary_head_takes_maps_of_any_size(side):
    head = AuxiliaryHead(16, 0.1, 10, grid=5, hidden=64, batch_norm=True)
    assert head(image(channels=16, side=side)).shape == (2, 10)


@pytest.mark.parametrize(
    ("options", "normed"),
    [
        (dict(batch_norm=False), (False, False)),
        (dict(batch_norm=True), (True, False)),
        (dict(batch_norm=True, hidden_batch_norm=True), (True, True)),
    ],
)
def test_auxiliary_head_norms(options, normed):
    head = AuxiliaryHead(16, 0.1, 10, grid=4, hidden=64, **options)
    assert (hasattr(head.squeeze, "norm"), hasattr(head.hidden, "norm")) == normed


def test_auxiliary_head_scales_with_width():
    head = AuxiliaryHead(16, 0.5, 10, grid=4, hidden=1024, batch_norm=False)
    assert [c.out_channels for c in conv_layers(head)] == [64, 512]


def test_average_head_is_the_mean_then_a_linear_layer():
    head, x = average_head(6, 10, dropout=0.4).eval(), image(channels=6)
    torch.testing.assert_close(head(x), head.classifier(x.mean(dim=(2, 3))))


@pytest.mark.parametrize(
    ("dropout_first", "order"),
    [
        (False, "pool flatten fc_6 relu_6 dropout_6 fc_7 relu_7 dropout_7 fc_8"),
        (True, "pool flatten dropout_6 fc_6 relu_6 dropout_7 fc_7 relu_7 fc_8"),
    ],
)
def test_fully_connected_head_order(dropout_first, order):
    head = fully_connected_head(4, 16, 10, grid=2, dropout_first=dropout_first)
    assert " ".join(name for name, _ in head.named_children()) == order


@pytest.mark.parametrize("side", [1, 2, 5])
def test_fully_connected_head_takes_maps_of_any_size(side):
    assert fully_connected_head(3, 16, 10, grid=2)(image(side=side)).shape == (2, 10)


def test_aux_heads_get_the_channels_of_their_rows():
    trunk = chain(3, 1.0, a=conv(8, 1), b=conv(16, 1), c=nn.MaxPool2d(2), d=conv(24, 1))
    heads = aux_heads_on(trunk, 3, ["c", "a"], lambda n: nn.Conv2d(n, 1, 1))
    assert {name: head.in_channels for name, head in heads.items()} == {"a": 8, "c": 16}


def test_aux_heads_stand_in_the_order_of_the_trunk():
    trunk = chain(3, 1.0, a=conv(8, 1), b=conv(16, 1))
    assert list(aux_heads_on(trunk, 3, ["b", "a"], lambda n: nn.Identity())) == ["a", "b"]
