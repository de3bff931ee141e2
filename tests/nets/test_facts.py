"""The networks have the numbers of their papers. One table for each kind of number.

Numbers without a source of their own were measured on independent builds of the papers' tables or
on torchvision's networks. Everything runs on the meta device: shapes only, no values.
"""

from functools import cache, partial

import pytest
import torch
import torchvision
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from lecture_nets.analysis import cost
from lecture_nets.analysis.cost import Cost, count_branch_paths, count_depth, count_parameters
from lecture_nets.nets import (
    NETS,
    VGG19,
    AlexNet,
    GoogLeNet,
    InceptionV2,
    InceptionV3,
    ResNet50,
    ZFNet,
)
from lecture_nets.nets.layers import conv, convs

BUILD = {
    **NETS,
    "alexnet-2014": partial(AlexNet, variant="2014"),
    "vgg19-bn": partial(VGG19, batch_norm=True),
    "googlenet-bn": partial(GoogLeNet, batch_norm=True),
    "googlenet-torchvision": partial(GoogLeNet, variant="torchvision"),
    "inception_v2-4": partial(InceptionV2, num_factorized=4),
    "inception_v2-7x7": partial(InceptionV2, stem="7x7", num_factorized=4),
    "inception_v3-151": partial(InceptionV3, resolution=151),
    "inception_v3-79": partial(InceptionV3, resolution=79),
    "inception_v3-no-aux": partial(InceptionV3, aux_heads=False),
    "googlenet-torchvision-no-aux": partial(GoogLeNet, variant="torchvision", aux_heads=False),
}


@cache
def build(name: str) -> nn.Module:
    with torch.device("meta"):
        return BUILD[name]()


@cache
def cost_of(name: str, size: int | None = None) -> Cost:
    return cost(build(name), size)


@cache
def maps(name: str, height: int | None = None, width: int | None = None) -> dict[str, torch.Size]:
    """What goes into each row of the trunk, and (as ``"end"``) what comes out of the last."""
    net = build(name)
    height = height or net.paper_size
    x = torch.empty(2, 3, height, width or height, device="meta")
    shapes = {}
    for row, layer in net.trunk.named_children():
        shapes[row] = x.shape
        x = layer(x)
    return {**shapes, "end": x.shape}


def outputs(name: str, *size: int) -> dict[str, torch.Size]:
    """What comes out of each row of the trunk."""
    shapes = maps(name, *size)
    return dict(zip(shapes, list(shapes.values())[1:], strict=False))


def rows(name: str, start: str = "") -> list[str]:
    return [row for row, _ in build(name).trunk.named_children() if row.startswith(start)]


def part_macs(layer: nn.Module, *shape: int) -> int:
    """MACs of one layer for one image of ``shape`` (C, H, W)."""
    with FlopCounterMode(display=False) as counter:
        layer.to("meta").eval()(torch.empty(1, *shape, device="meta"))
    return counter.get_total_flops() // 2


def layers(name: str, kind: type | tuple) -> list[nn.Module]:
    return [layer for layer in build(name).modules() if isinstance(layer, kind)]


def weights(module: nn.Module) -> int:
    """Parameters of convolutions and linear layers, without biases and norms."""
    return sum(
        layer.weight.numel()
        for layer in module.modules()
        if isinstance(layer, nn.Conv2d | nn.Linear)
    )


# ------------------------------------------------------------------------------ whole networks

PARAMETERS = {
    "alexnet": (60_965_224, 0),  # "60 million", NIPS 2012, abstract
    "alexnet-2014": (61_100_840, 0),  # torchvision
    "zfnet": (62_357_608, 0),
    "vgg19": (143_667_240, 0),  # "144 million", arXiv 1409.1556, table 2
    "vgg19-bn": (143_678_248, 0),  # torchvision
    "googlenet": (6_998_552, 13_378_280 - 6_998_552),
    "googlenet-bn": (7_005_832, 13_378_280 - 6_998_552 + 256),
    "googlenet-torchvision": (6_624_904, 13_004_888 - 6_624_904),  # torchvision
    "inception_v2": (25_954_248, 3_326_696 - 768),
    "inception_v2-4": (24_263_240, 3_326_696 - 768),
    "inception_v2-7x7": (23_667_880, 3_326_696 - 768),
    "inception_v3": (23_834_568, 3_326_696),  # torchvision: 27,161,264 with the auxiliary head
    "inception_v3-no-aux": (23_834_568, 0),
    "resnet50": (25_557_032, 0),  # torchvision
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters_of_the_network_and_of_its_aux_heads(name):
    assert (cost_of(name).parameters, cost_of(name).aux_parameters) == PARAMETERS[name]


@pytest.mark.parametrize(
    ("name", "size", "macs"),
    [
        ("alexnet", 224, 724_406_816),
        ("alexnet-2014", 224, 714_188_480),  # torchvision
        ("alexnet-2014", 227, 716_767_232),  # torchvision
        ("alexnet-2014", 299, 1_201_885_952),  # torchvision
        ("zfnet", 224, 1_168_032_896),
        ("vgg19", 224, 19_632_062_464),  # torchvision
        ("vgg19", 299, 34_151_084_224),  # torchvision
        ("vgg19-bn", 224, 19_632_062_464),  # torchvision
        ("googlenet", 224, 1_582_671_872),  # "1.5 billion", arXiv 1409.4842, section 1
        ("googlenet-bn", 224, 1_582_671_872),
        ("googlenet-torchvision", 224, 1_498_376_192),  # torchvision
        ("googlenet-torchvision", 299, 2_579_479_808),  # torchvision
        ("inception_v2", 299, 6_352_562_784),
        ("inception_v2-4", 299, 5_864_860_256),
        ("inception_v2-7x7", 299, 5_119_252_672),
        ("inception_v3", 299, 5_713_216_096),  # torchvision
        ("inception_v3", 224, 2_837_921_120),  # torchvision
        ("inception_v3-151", 151, 5_713_216_096),  # arXiv 1512.00567, section 9: the same cost
        ("inception_v3-79", 79, 5_361_703_520),
        ("resnet50", 224, 4_089_184_256),  # torchvision; 3.8 billion in arXiv 1512.03385, table 1
    ],
)
def test_macs(name, size, macs):
    assert cost_of(name, size).macs == macs


@pytest.mark.parametrize(
    ("name", "weights"),
    [
        ("alexnet-2014", torchvision.models.AlexNet_Weights.IMAGENET1K_V1),
        ("vgg19", torchvision.models.VGG19_Weights.IMAGENET1K_V1),
        ("vgg19-bn", torchvision.models.VGG19_BN_Weights.IMAGENET1K_V1),
        ("googlenet-torchvision", torchvision.models.GoogLeNet_Weights.IMAGENET1K_V1),
        ("inception_v3", torchvision.models.Inception_V3_Weights.IMAGENET1K_V1),
        ("resnet50", torchvision.models.ResNet50_Weights.IMAGENET1K_V1),
    ],
)
def test_cost_is_what_torchvision_states(name, weights):
    counted, (side,) = cost_of(name), {*weights.transforms().crop_size}
    stated = weights.meta["_ops"]  # in billions, to three digits
    assert (side, round(counted.macs / 1e9, 3)) == (build(name).paper_size, stated)
    # It counts the auxiliary heads of Inception V3, though not those of GoogLeNet.
    parameters = counted.parameters + (name == "inception_v3") * counted.aux_parameters
    assert parameters == weights.meta["num_params"]


def test_alexnet_on_one_card_would_have_62_million_parameters():
    grouped = [layer for layer in layers("alexnet", nn.Conv2d) if layer.groups == 2]
    more = sum(layer.weight.numel() for layer in grouped)
    assert cost_of("alexnet").parameters + more == 62_378_344


def test_alexnet_costs_the_same_on_227_pixels_without_padding():
    # NIPS 2012 prints 224 pixels, BVLC Caffe crops 227.
    with torch.device("meta"):
        unpadded = AlexNet()
    unpadded.trunk.conv_1.conv.padding = (0, 0)
    assert cost(unpadded, 227).macs == cost_of("alexnet", 224).macs


@pytest.mark.parametrize(
    ("name", "side"),
    [
        ("alexnet-2014", 63),  # torchvision
        ("vgg19", 32),  # torchvision
        ("googlenet-torchvision", 15),  # torchvision
        ("inception_v2", 75),
        ("inception_v3", 75),  # torchvision, where auxiliary heads need 299
    ],
)
def test_smallest_image(name, side):
    assert build(name).min_size == side


@pytest.mark.parametrize(
    ("name", "depth"),
    [
        ("shallow_svm", 1),
        ("alexnet", 8),  # NIPS 2012, section 3.5
        ("alexnet-2014", 8),
        ("zfnet", 8),
        ("vgg19", 19),  # arXiv 1409.1556, table 1
        ("vgg19-bn", 19),
        ("googlenet", 22),  # arXiv 1409.4842, section 5
        ("googlenet-torchvision", 22),
        ("inception_v2", 54),
        ("inception_v2-4", 49),
        ("inception_v2-7x7", 46),
        ("inception_v3", 48),
        ("resnet50", 50),  # arXiv 1512.03385, table 1; projections are beside the longest path
    ],
)
def test_depth(name, depth):
    assert cost_of(name).depth == depth


def test_inception_v2_has_42_layers_without_those_inside_the_reductions():
    # "42 layers deep", arXiv 1512.00567, section 6; the paper does not show its count.
    net = build("inception_v2-4")
    inside = [count_depth(net.trunk.get_submodule(f"reduction_{i}")) for i in "ab"]
    assert (inside, cost(net).depth - sum(inside)) == ([3, 4], 42)


@pytest.mark.parametrize(
    ("name", "paths"),
    [
        ("vgg19", 1),
        ("googlenet", 4**9),
        ("inception_v2", 4**3 * 3 * 4**5 * 3 * 6**2),
        ("inception_v3", 4**3 * 3 * 4**4 * 3 * 6**2),
        ("resnet50", 2**16),  # Veit et al. (arXiv 1605.06431): each block, or the way around it
    ],
)
def test_paths(name, paths):
    assert cost_of(name).paths == paths


@pytest.mark.parametrize(
    ("name", "convolutions", "linear"),
    [
        ("shallow_svm", 0, 1),
        ("alexnet", 5, 3),  # NIPS 2012, section 3.5
        ("alexnet-2014", 5, 3),
        ("zfnet", 5, 3),
        ("vgg19", 16, 3),  # arXiv 1409.1556, table 1
        ("googlenet", 57 + 2 * 2, 1 + 2),  # each auxiliary head: a 1x1, a hidden and a last layer
        ("googlenet-torchvision-no-aux", 57, 1),
        ("inception_v3", 96, 2),
        ("inception_v3-no-aux", 94, 1),
        ("resnet50", 49 + 4, 1),  # four projections
    ],
)
def test_number_of_layers(name, convolutions, linear):
    counts = len(layers(name, nn.Conv2d)), len(layers(name, nn.Linear))
    assert counts == (convolutions, linear)


@pytest.mark.parametrize(
    ("name", "trunk", "head"),
    [
        ("alexnet-2014", 2_469_696, 61_100_840 - 2_469_696),
        ("vgg19", 20_024_384, 123_642_856),
    ],
)
def test_most_parameters_are_in_the_head(name, trunk, head):
    net = build(name)
    assert (count_parameters(net.trunk), count_parameters(net.head)) == (trunk, head)


@pytest.mark.parametrize(
    ("name", "entries"),
    [
        ("alexnet-2014", 16),
        ("vgg19", 38),
        ("vgg19-bn", 118),
        ("inception_v3", 580),
        ("inception_v3-no-aux", 566),
        ("googlenet-torchvision", 364),
        ("googlenet-torchvision-no-aux", 344),
        ("resnet50", 320),
    ],
)
def test_state_dict_has_as_many_entries_as_torchvisions(name, entries):
    assert len(build(name).state_dict()) == entries


# ------------------------------------------------------------------------------------- one by one


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        (
            "alexnet",
            [34_944, 307_456, 885_120, 663_936, 442_624, 37_752_832, 16_781_312, 4_097_000],
        ),
        (
            "zfnet",
            [14_208, 614_656, 885_120, 1_327_488, 884_992, 37_752_832, 16_781_312, 4_097_000],
        ),
    ],
)
def test_parameters_of_each_layer(name, parameters):
    assert [count_parameters(x) for x in layers(name, (nn.Conv2d, nn.Linear))] == parameters


@pytest.mark.parametrize(
    ("name", "row", "side", "shape"),
    [
        # TF-slim, inception_v3_test.py: Mixed_5d, 6e, 7a, 7c.
        ("inception_v3", "inception_a3", (299,), (288, 35, 35)),
        ("inception_v3", "inception_b4", (299,), (768, 17, 17)),
        ("inception_v3", "reduction_b", (299,), (1280, 8, 8)),
        ("inception_v3", "inception_c2", (299,), (2048, 8, 8)),
        ("inception_v3", "inception_c2", (400, 600), (2048, 11, 17)),
        ("inception_v3", "inception_c2", (75,), (2048, 1, 1)),
        ("inception_v2", "inception_c2", (75,), (2048, 1, 1)),
        # arXiv 1512.00567, section 9.
        ("inception_v3-151", "inception_c2", (151,), (2048, 8, 8)),
        ("inception_v3-79", "inception_a1", (79,), (256, 36, 36)),
        ("inception_v3-79", "inception_c2", (79,), (2048, 8, 8)),
        # Section 5 of arXiv 1409.1556: larger images leave a larger map.
        ("vgg19", "block_5", (256,), (512, 8, 8)),
    ],
)
def test_grid_at_other_sizes(name, row, side, shape):
    assert outputs(name, *side)[row][1:] == shape


@pytest.mark.parametrize(
    ("name", "modules"),
    [
        ("inception_v2", (3, 5, 2)),  # arXiv 1512.00567, table 1
        ("inception_v2-4", (3, 4, 2)),
        ("inception_v2-7x7", (3, 4, 2)),
        ("inception_v3", (3, 4, 2)),  # the released code
    ],
)
def test_number_of_modules(name, modules):
    assert tuple(len(rows(name, f"inception_{kind}")) for kind in "abc") == modules


@pytest.mark.parametrize(
    ("name", "widths"),
    [
        ("inception_v2", [128, 160, 160, 160, 192]),
        ("inception_v2-4", [128, 160, 160, 192]),
        ("inception_v3", [128, 160, 160, 192]),
    ],
)
def test_widths_of_the_flattened_modules(name, widths):
    modules = [build(name).trunk.get_submodule(row) for row in rows(name, "inception_b")]
    assert [module.get_submodule("branch_7x7.0.conv").out_channels for module in modules] == widths


@pytest.mark.parametrize(
    ("name", "parameters", "macs"),
    [
        ("inception_v2", 711_872, 1_627_898_976),
        ("inception_v2-7x7", 153_440, 927_449_792),
        ("inception_v3", 172_672, 1_340_779_616),
    ],
)
def test_stem(name, parameters, macs):
    trunk = build(name).trunk
    stem = trunk[: rows(name).index("inception_a1")]
    assert (count_parameters(stem), part_macs(stem, 3, 299, 299)) == (parameters, macs)


MODULES = [
    ("inception_v2", "inception_a1", 236_000, 287_884_800),
    ("inception_v2", "inception_a3", 236_000, 287_884_800),
    ("inception_v3", "inception_a3", 285_152, 348_096_000),
    *[
        (name, f"inception_b{i}", parameters, macs)
        for name, last in (("inception_v2", 5), ("inception_v3", 4))
        for i, parameters, macs in (
            (1, 1_297_408, 374_063_104),
            (2, 1_691_008, 487_702_528),
            (3, 1_691_008, 487_702_528),
            (last, 2_141_952, 617_914_368),
        )
    ],
    *[
        (name, *row)
        for name in ("inception_v2", "inception_v3")
        for row in (
            ("reduction_a", 1_153_280, 401_937_408),
            ("reduction_b", 1_698_304, 291_004_416),
            ("inception_c1", 5_044_608, 322_437_120),
            ("inception_c2", 6_076_800, 388_497_408),
        )
    ],
]


@pytest.mark.parametrize(("name", "row", "parameters", "macs"), MODULES)
def test_inception_modules(name, row, parameters, macs):
    module = build(name).trunk.get_submodule(row)
    found = count_parameters(module), part_macs(module, *maps(name)[row][1:])
    assert found == (parameters, macs)


@pytest.mark.parametrize(
    ("row", "number", "grid"),
    [
        # arXiv 1409.4842, table 1, whose K is 1024: 159K, 380K, 364K, …; 128M, 304M, 73M, …
        ("conv_1", 9_408, 112),
        ("inception_3a", 163_328, 28),
        ("inception_3b", 388_096, 28),
        ("inception_4a", 375_552, 14),
        ("inception_4b", 448_512, 14),
        ("inception_4c", 509_440, 14),
        ("inception_4d", 604_672, 14),
        ("inception_4e", 867_328, 14),
        ("inception_5a", 1_042_432, 7),
        ("inception_5b", 1_442_816, 7),
    ],
)
def test_googlenet_rows(row, number, grid):
    layer = build("googlenet").trunk.get_submodule(row)
    macs = part_macs(layer, *maps("googlenet")[row][1:])
    assert (weights(layer), macs) == (number, number * grid**2)


def test_googlenet_second_convolution():
    trunk = build("googlenet").trunk
    assert weights(trunk.conv_2_reduce) + weights(trunk.conv_2) == 114_688  # 112K in table 1


def test_googlenet_third_module_costs_128_million_macs():
    module = build("googlenet").trunk.inception_3a
    assert part_macs(module, 192, 28, 28) == 128_049_152


@pytest.mark.parametrize(
    ("name", "row", "parameters"),
    [
        ("googlenet", "inception_4a", 3_188_840),
        ("googlenet", "inception_4d", 3_190_888),
        ("inception_v3", "inception_b4", 3_326_696),
    ],
)
def test_aux_head_parameters(name, row, parameters):
    assert count_parameters(build(name).aux_heads[row]) == parameters


@pytest.mark.parametrize(
    ("name", "macs"),
    [
        ("inception_v3", 5_683_200),
        ("googlenet-torchvision", 1_506_748_416 - 1_498_376_192),
    ],
)
def test_aux_head_macs(name, macs):
    shapes = outputs(name)
    heads = build(name).aux_heads.items()
    assert sum(part_macs(head, *shapes[row][1:]) for row, head in heads) == macs


@pytest.mark.parametrize(
    ("name", "listens_to"),
    [
        ("alexnet", []),
        ("vgg19", []),
        ("googlenet", ["inception_4a", "inception_4d"]),  # arXiv 1409.4842, section 5
        ("inception_v2", ["inception_b5"]),  # arXiv 1512.00567, figure 8: the last 17 x 17 layer
        ("inception_v2-4", ["inception_b4"]),
        ("inception_v3", ["inception_b4"]),
    ],
)
def test_aux_heads_listen_to(name, listens_to):
    assert list(build(name).aux_heads) == listens_to


@pytest.mark.parametrize(
    ("name", "units"),
    [("googlenet", 4 * 4 * 128), ("inception_v3", 5 * 5 * 128), ("inception_v2", 5 * 5 * 128)],
)
def test_hidden_layer_of_the_aux_head_sees(name, units):
    for head in build(name).aux_heads.children():
        assert head.hidden.conv.weight[0].numel() == units


# ---------------------------------------------------------------------------- norms and dropout


@pytest.mark.parametrize(
    ("name", "main", "side"),
    [
        ("alexnet", [0.5, 0.5], []),  # NIPS 2012, section 4.2
        ("zfnet", [0.5, 0.5], []),  # arXiv 1311.2901, section 3
        ("vgg19", [0.5, 0.5], []),  # arXiv 1409.1556, section 3.1
        ("googlenet", [0.4], [0.7, 0.7]),  # arXiv 1409.4842, table 1 and section 5
        ("googlenet-torchvision", [0.2], [0.7, 0.7]),  # torchvision
        ("inception_v2", [0.2], [0.0]),  # the released code
        ("inception_v3", [0.2], [0.0]),  # the released code
    ],
)
def test_dropout(name, main, side):
    net = build(name)
    found = [
        [layer.p for layer in part.modules() if isinstance(layer, nn.Dropout)]
        for part in (net.head, net.aux_heads)
    ]
    assert found == [main, side]


@pytest.mark.parametrize(
    ("name", "eps"),
    [
        ("vgg19-bn", 1e-5),  # torchvision
        ("googlenet-bn", 1e-3),
        ("googlenet-torchvision", 1e-3),  # torchvision
        ("inception_v2", 1e-3),
        ("inception_v3", 1e-3),  # all five published codes
        ("resnet50", 1e-5),  # torchvision
    ],
)
def test_batch_norm_eps(name, eps):
    assert {norm.eps for norm in layers(name, nn.BatchNorm2d)} == {eps}


@pytest.mark.parametrize("name", ["alexnet", "alexnet-2014", "zfnet", "vgg19", "googlenet"])
def test_published_before_batch_norm(name):
    assert not layers(name, nn.BatchNorm2d)


def test_vgg19_batch_norm_buffers():
    assert sum(buffer.numel() for buffer in build("vgg19-bn").buffers()) == 11_024


def test_vgg19_batch_norm_adds_parameters():
    assert cost_of("vgg19-bn").parameters - cost_of("vgg19").parameters == 11_008


def test_inception_v3_normalizes_17216_channels():
    norms = layers("inception_v3-no-aux", nn.BatchNorm2d)
    assert sum(norm.num_features for norm in norms) == 17_216


def test_inception_v3_without_gamma_is_as_large_as_keras():
    assert cost_of("inception_v3").parameters - 17_216 == 23_817_352  # Keras, trainable


def test_inception_v3_trunk_is_as_large_as_tf_slims():
    # TF-slim, inception_v3_test.py: no gamma, but the moving mean and variance.
    assert count_parameters(build("inception_v3").trunk) - 17_216 + 2 * 17_216 == 21_802_784


@pytest.mark.parametrize(
    ("name", "places", "k", "alpha"),
    [
        # PyTorch divides alpha by the 5 channels, the paper does not.
        ("alexnet", ["norm_1", "norm_2"], 2.0, 5e-4),  # NIPS 2012, section 3.3
        ("zfnet", ["norm_1", "norm_2"], 2.0, 5e-4),
        ("googlenet", ["norm_1", "norm_2"], 1.0, 1e-4),  # BVLC Caffe prototxt
    ],
)
def test_response_norm(name, places, k, alpha):
    found = {
        row: (norm.size, norm.alpha, norm.beta, norm.k)
        for row, norm in build(name).trunk.named_children()
        if isinstance(norm, nn.LocalResponseNorm)
    }
    assert found == {row: (5, pytest.approx(alpha), 0.75, k) for row in places}


@pytest.mark.parametrize(
    ("name", "order"),
    [
        ("alexnet", ["conv_1", "norm_1", "pool_1"]),  # NIPS 2012, section 3.5
        ("zfnet", ["conv_1", "pool_1", "norm_1"]),  # arXiv 1311.2901, figure 3
        ("googlenet", ["conv_1", "pool_1", "norm_1"]),  # arXiv 1409.4842, figure 3
    ],
)
def test_order_of_pool_and_response_norm(name, order):
    assert rows(name)[:3] == order


@pytest.mark.parametrize("name", ["googlenet-bn", "googlenet-torchvision", "alexnet-2014"])
def test_no_response_norm(name):
    assert not layers(name, nn.LocalResponseNorm)


# ----------------------------------------------------------------------------------- kernels


@pytest.mark.parametrize(
    ("name", "layer", "shape"),
    [
        ("alexnet", "conv_1.conv", (96, 3, 11, 11)),  # NIPS 2012, section 3.5
        ("alexnet", "conv_2.conv", (256, 48, 5, 5)),
        ("alexnet", "conv_3.conv", (384, 256, 3, 3)),  # the one that sees both cards
        ("alexnet", "conv_4.conv", (384, 192, 3, 3)),
        ("alexnet", "conv_5.conv", (256, 192, 3, 3)),
        ("zfnet", "conv_1.conv", (96, 3, 7, 7)),  # arXiv 1311.2901, figure 3
        ("zfnet", "conv_2.conv", (256, 96, 5, 5)),
        ("googlenet", "inception_3a.branch_5x5.1.conv", (32, 16, 5, 5)),  # table 1
        ("googlenet-bn", "inception_3a.branch_5x5.1.conv", (32, 16, 5, 5)),
        ("googlenet-torchvision", "inception_3a.branch_5x5.1.conv", (32, 16, 3, 3)),
        ("inception_v3", "inception_a1.branch_5x5.1.conv", (64, 48, 5, 5)),
        ("inception_v2", "inception_a1.branch_3x3.1.conv", (64, 48, 3, 3)),
        # arXiv 1512.00567, figure 6 starts the long branch with the row; the code with the column.
        ("inception_v2", "inception_b1.branch_7x7x2.1.conv", (128, 128, 1, 7)),
        ("inception_v3", "inception_b1.branch_7x7x2.1.conv", (128, 128, 7, 1)),
    ],
)
def test_kernel(name, layer, shape):
    assert build(name).trunk.get_submodule(layer).weight.shape == shape


def test_resnets_stages_begin_with_a_stride_in_the_3x3_and_a_projection():
    # torchvision and NVIDIA's "v1.5"; the paper has the stride in the 1x1 in front.
    blocks = [
        build("resnet50").trunk.get_submodule(row).add for row in rows("resnet50", "conv_")[1:]
    ]
    strides = [[conv.stride[0] for conv in layers_in(block.residual)] for block in blocks]
    first = [0, 3, 7, 13]  # of the stages of 3, 4, 6 and 3 blocks
    assert strides == [[1, 2 if i in first[1:] else 1, 1] for i in range(16)]
    assert [i for i, block in enumerate(blocks) if layers_in(block.shortcut)] == first


def layers_in(module: nn.Module) -> list[nn.Conv2d]:
    return [layer for layer in module.modules() if isinstance(layer, nn.Conv2d)]


def test_vgg19_has_3x3_kernels_only():
    assert {x.kernel_size for x in layers("vgg19", nn.Conv2d)} == {(3, 3)}


@pytest.mark.parametrize("name", ["googlenet", "inception_v2", "inception_v3"])
def test_modules_join_four_branches(name):
    net = build(name)
    modules = [net.trunk.get_submodule(row) for row in rows(name, "inception_")]
    assert {len(list(module.children())) for module in modules} == {4}


@pytest.mark.parametrize(
    ("name", "pool"),
    [("googlenet", nn.MaxPool2d), ("inception_v2", nn.AvgPool2d), ("inception_v3", nn.AvgPool2d)],
)
def test_pool_inside_the_modules(name, pool):
    net = build(name)
    pools = [net.trunk.get_submodule(row).branch_pool[0] for row in rows(name, "inception_")]
    assert {type(layer) for layer in pools} == {pool}


@pytest.mark.parametrize(
    ("row", "share"), [("inception_a1", 0.1110), ("inception_b1", 0.2215), ("inception_c1", 0.4375)]
)
def test_share_of_the_map_where_the_average_pool_sees_padding(row, share):
    # PyTorch counts the padding's zeros in the average, TensorFlow's "SAME" does not.
    pool = build("inception_v3").trunk.get_submodule(row).branch_pool[0]
    average = pool(torch.ones(1, 1, *maps("inception_v3")[row][2:]))
    assert (average < 1).float().mean().item() == pytest.approx(share, abs=5e-5)


def separate(*kernels: int | tuple[int, int]) -> nn.Module:
    return convs(64, 1.0, *((64, kernel) for kernel in kernels))


@pytest.mark.parametrize(
    ("before", "after", "share"),
    [
        ([5], [3, 3], 18 / 25),  # arXiv 1512.00567, section 3.1: 28 % saved
        ([3], [(3, 1), (1, 3)], 6 / 9),  # section 3.2: 33 % saved
        ([3], [2, 2], 8 / 9),  # section 3.2: 11 % saved
        ([7], [(1, 7), (7, 1)], 2 / 7),  # section 3.2: 71 % saved
        ([7], [3, 3, 3], 27 / 49),  # arXiv 1409.1556, section 2.3: the 7x7 needs 81 % more
    ],
)
def test_factorized_kernels_need_a_share_of_the_weights(before, after, share):
    assert weights(separate(*after)) / weights(separate(*before)) == pytest.approx(share)


def test_pooling_last_costs_four_times_as_much():
    # arXiv 1512.00567, section 5: 2 d² k² against 2 (d/2)² k².
    double = conv(64, 1)(32, 1.0)
    pool_last, pool_first = part_macs(double, 32, 36, 36), part_macs(double, 32, 18, 18)
    assert pool_last == 4 * pool_first == 2 * 36**2 * 32**2


# ------------------------------------------------------------------------------- initialization


@pytest.fixture(scope="module")
def inception_v3():
    torch.manual_seed(0)
    return InceptionV3(100)


@pytest.mark.parametrize(
    ("part", "std"),
    [
        ("trunk.conv_5.conv", 0.1),
        ("trunk.inception_c2.branch_3x3x2.1.conv", 0.1),
        ("head.classifier", 0.1),
        ("aux_heads.inception_b4.squeeze.conv", 0.1),
        ("aux_heads.inception_b4.hidden.conv", 0.01),  # the released code
        ("aux_heads.inception_b4.classifier", 0.001),  # the released code
    ],
)
def test_inception_v3_starts_from_a_truncated_normal(inception_v3, part, std):
    weight = inception_v3.get_submodule(part).weight
    assert weight.std().item() == pytest.approx(0.8796 * std, rel=0.02)
    assert weight.abs().max() <= 2 * std


@pytest.mark.parametrize("net", [AlexNet, ZFNet], ids=["alexnet", "zfnet"])
@pytest.mark.parametrize(("width", "std"), [(1.0, 0.01), (0.25, 0.02)])
def test_starts_from_a_normal_with_deviation_001_at_the_papers_width(net, width, std):
    # NIPS 2012, section 5; arXiv 1311.2901, section 3. Narrower networks keep a sum's variance.
    torch.manual_seed(0)
    for layer in net(10, width=width).modules():
        if isinstance(layer, nn.Conv2d | nn.Linear) and layer.weight.numel() > 20_000:
            assert layer.weight.std().item() == pytest.approx(std, rel=0.03)


def test_vgg19_starts_from_he():
    torch.manual_seed(0)
    for layer in VGG19(10, width=0.25).modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            if layer.weight.numel() > 20_000:
                expected = (2 / layer.weight[0].numel()) ** 0.5
                assert layer.weight.std().item() == pytest.approx(expected, rel=0.03)
            assert not layer.bias.any()


def test_resnet50_starts_from_he_by_fan_out():
    torch.manual_seed(0)
    net = ResNet50(100, width=0.25)
    for layer in layers_in(net):
        if layer.weight.numel() > 20_000:
            fan_out = layer.weight.shape[0] * layer.weight[0, 0].numel()
            assert layer.weight.std().item() == pytest.approx((2 / fan_out) ** 0.5, rel=0.03)
    assert net.head.classifier.weight.std().item() == pytest.approx(0.01, rel=0.03)
    assert not net.head.classifier.bias.any()


def test_googlenet_starts_from_glorot():
    # BVLC Caffe prototxt.
    torch.manual_seed(0)
    for layer in GoogLeNet(10, width=0.25).modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            fan_out, fan_in = layer.weight.shape[0], layer.weight[0].numel()
            fan_out *= layer.weight[0, 0].numel()
            assert layer.weight.abs().max() <= (6 / (fan_in + fan_out)) ** 0.5
            assert layer.bias.unique().item() == pytest.approx(0.2)


# -------------------------------------------------------------------------- the counter itself


def test_cost_leaves_the_net_alone():
    net = GoogLeNet(10, width=0.25).train()
    before = {key: value.clone() for key, value in net.state_dict().items()}
    cost(net, 64)
    assert net.training
    assert all(torch.equal(before[key], value) for key, value in net.state_dict().items())


def test_cost_is_the_same_with_and_without_values():
    with torch.device("meta"):
        shapes_only = InceptionV3(10, width=0.25)
    assert cost(InceptionV3(10, width=0.25), 96) == cost(shapes_only, 96)


def test_cost_is_the_same_in_half_precision():
    net = AlexNet(10, width=0.25)
    assert cost(net.half()) == cost(net.float())


def test_cost_counts_other_channels():
    with torch.device("meta"):
        gray, color = (cost(ZFNet(in_channels=channels)) for channels in (1, 3))
    assert color.parameters - gray.parameters == 2 * 96 * 7 * 7


def test_cost_refuses_images_that_the_net_refuses():
    with pytest.raises(ValueError, match="VGG19 needs images of at least 32x32"):
        cost(build("vgg19"), 31)


def test_branches_inside_a_branch_count_too():
    # arXiv 1512.00567, figure 7: two of the four branches end in a 1x3 beside a 3x1.
    module = build("inception_v3").trunk.inception_c2
    assert (count_depth(module), count_branch_paths(module)) == (3, 6)
