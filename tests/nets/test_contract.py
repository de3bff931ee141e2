"""What every network promises, whatever its rows: shapes, smallest image, state, and what other
libraries test of theirs (torchvision, timm and TF-slim; there in other words)."""

import bisect
import copy
import inspect
import pickle
import re
from functools import partial

import pytest
import torch
import torch.fx
import torch.nn.functional as F
from torch import nn
from torchvision.models.feature_extraction import create_feature_extractor, get_graph_node_names

from lecture_nets.nets import (
    NETS,
    VGG19,
    AlexNet,
    GoogLeNet,
    InceptionV2,
    InceptionV3,
    ResNet50,
    ShallowSVM,
    ZFNet,
)
from lecture_nets.nets.tree import stride_of

VARIANTS = {
    **NETS,
    "shallow_svm-histogram": partial(ShallowSVM, encoding="histogram"),
    "alexnet-2014": partial(AlexNet, variant="2014"),
    "vgg19-bn": partial(VGG19, batch_norm=True),
    "googlenet-bn": partial(GoogLeNet, batch_norm=True, aux_batch_norm=True),
    "googlenet-torchvision": partial(GoogLeNet, variant="torchvision"),
    "inception_v2-7x7": partial(InceptionV2, stem="7x7", num_factorized=4, aux_batch_norm=True),
    "inception_v3-aux": partial(InceptionV3, aux_batch_norm=False),
    **{
        f"{name}-{resolution}": partial(net, resolution=resolution)
        for name, net in (
            ("inception_v2", InceptionV2),
            ("inception_v2-7x7", partial(InceptionV2, stem="7x7")),
            ("inception_v3", InceptionV3),
        )
        for resolution in (151, 79)
    },
}
# The other resolutions differ in a stride and a pool only.
FULL_RESOLUTION = [name for name in VARIANTS if not name.endswith(("-151", "-79"))]
WITH_AUX_HEADS = [name for name in FULL_RESOLUTION if name.startswith(("googlenet", "inception"))]
WITHOUT_AUX_HEADS = [name for name in FULL_RESOLUTION if name not in WITH_AUX_HEADS]


def in_turn(names, *values):
    """Each name with one of the values in turn: no pair of all, yet each name and each value."""
    return [(name, values[i % len(values)]) for i, name in enumerate(names)]


each_net = pytest.mark.parametrize("name", NETS)
each_variant = pytest.mark.parametrize("name", VARIANTS)
# Autograd ends at the codebook of the others: it is fitted, not learned.
LEARNED = [name for name in FULL_RESOLUTION if not name.startswith("shallow_svm")]
each_at_full_resolution = pytest.mark.parametrize("name", FULL_RESOLUTION)


def images(count: int, side: int, channels: int = 3, seed: int = 1) -> torch.Tensor:
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(count, channels, side, side, generator=draw)


def small(name: str, seed: int = 0, **options) -> nn.Module:
    """A narrow network with values, ready for images."""
    torch.manual_seed(seed)
    net = VARIANTS[name](5, width=0.1, **options)
    if isinstance(net, ShallowSVM):
        net.fit_codebook(images(8, 32, net.in_channels, seed))
        nn.init.normal_(net.head.weight)  # it starts at 0, where all logits are alike
    return net


def row_maps(net: nn.Module, x: torch.Tensor) -> dict[str, torch.Tensor]:
    """What hooks see come out of each row of the trunk during ``net(x)``."""
    maps = {}

    def hook(row: str):
        return lambda module, args, output: maps.update({row: output})

    handles = [part.register_forward_hook(hook(row)) for row, part in net.trunk.named_children()]
    net(x)
    for handle in handles:
        handle.remove()
    return maps


def last_linear(net: nn.Module) -> tuple[str, nn.Linear]:
    """The layer that a user replaces to fine-tune, and its name."""
    head = [(key, x) for key, x in net.named_modules() if key.startswith("head")]
    return [(key, x) for key, x in head if isinstance(x, nn.Linear)][-1]


def shapes_only(name: str, classes: int = 5, width: float = 0.1, **options) -> nn.Module:
    with torch.device("meta"):
        return VARIANTS[name](classes, width=width, **options)


def batch(net: nn.Module, count: int = 2, side: int | None = None) -> torch.Tensor:
    return images(count, side or net.min_size, net.in_channels)


# ---------------------------------------------------------------------------------- the registry


def test_nets_stand_in_the_order_of_the_lecture():
    assert list(NETS.items()) == [
        ("shallow_svm", ShallowSVM),
        ("alexnet", AlexNet),
        ("zfnet", ZFNet),
        ("vgg19", VGG19),
        ("googlenet", GoogLeNet),
        ("inception_v2", InceptionV2),
        ("inception_v3", InceptionV3),
        ("resnet50", ResNet50),
    ]


@each_net
def test_options_are_keyword_only(name):
    first, *options = inspect.signature(NETS[name]).parameters.values()
    assert (first.name, first.default) == ("num_classes", 1000)
    assert {option.kind for option in options} == {inspect.Parameter.KEYWORD_ONLY}


@each_net
def test_every_option_is_documented(name):
    documented = re.findall(r"^    (?:    )?(\w+): ", inspect.getdoc(NETS[name]), re.MULTILINE)
    assert documented == list(inspect.signature(NETS[name]).parameters)


@each_net
def test_docstring_starts_with_the_shapes(name):
    side = NETS[name].paper_size
    first = inspect.getdoc(NETS[name]).splitlines()[0]
    assert first == f"Images to logits: (N, 3, {side}, {side}) -> (N, num_classes)."


# -------------------------------------------------------------------------- row-end comments


def written_shapes(net: type[nn.Module], table: str | None) -> list[tuple[str, str]]:
    """Each row of a network's source with the shape in its comment, in the order written.

    Rows outside of any table belong to all variants, rows inside one to that variant only.
    ``f"inception_b{i}"`` stands for all rows of which the name starts so.
    """
    rows, inside = [], None
    for line in inspect.getsource(net.__init__).splitlines():
        if opens := re.match(r' +"(\w+)": dict\($', line):
            inside = opens[1]
        elif re.match(r" +\),$", line):
            inside = None
        elif inside in (None, table) and (
            row := re.match(r' +(?:(\w+)=|f"(\w+\{i\})": ).*# (\d+(?: x \d+)*)$', line)
        ):
            rows.append((row[1] or row[2], row[3]))
    return rows


def same_row(written: str, row: str) -> bool:
    return re.fullmatch(written.replace("{i}", r"\d+"), row) is not None


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("shallow_svm", None),
        ("alexnet", "2012"),
        ("alexnet-2014", "2014"),
        ("zfnet", None),
        ("vgg19", None),
        ("vgg19-bn", None),
        ("googlenet", None),
        ("googlenet-bn", None),
        ("googlenet-torchvision", None),
        ("inception_v2", "3x3"),
        ("inception_v2-7x7", "7x7"),
        ("inception_v3", None),
        ("resnet50", None),
    ],
)
def test_row_comments_are_the_shapes(name, table):
    net = shapes_only(name, width=1.0)
    written = written_shapes(type(net), table)
    x, expected = torch.empty(2, 3, net.paper_size, net.paper_size, device="meta"), []
    for row, layer in net.trunk.named_children():
        x = layer(x)
        as_written = next((text for text, _ in written if same_row(text, row)), row)
        expected.append((as_written, " x ".join(map(str, x.shape[1:]))))
    assert written == list(dict.fromkeys(expected))


# ------------------------------------------------------------------------------------- logits


@each_variant
def test_forward_gives_one_logit_per_class(name):
    net = small(name).train()
    logits = net(batch(net))
    assert isinstance(logits, torch.Tensor)
    assert logits.shape == (2, 5)


@each_variant
def test_takes_oblong_images(name):
    net = small(name)
    x = batch(net, side=net.min_size + 30)[:, :, : net.min_size]
    assert net(x).shape == (2, 5)


@each_at_full_resolution
@torch.no_grad()
def test_takes_images_larger_than_the_papers(name):
    net = small(name)
    logits, aux = net.forward_with_aux(batch(net, side=net.paper_size + 60))
    assert {logit.shape for logit in (logits, *aux)} == {(2, 5)}


@each_variant
def test_a_single_image_in_eval(name):
    net = small(name).eval()
    assert net(batch(net, count=1)).shape == (1, 5)


@pytest.mark.parametrize(("name", "channels"), in_turn(VARIANTS, 1, 4))
def test_in_channels(name, channels):
    net = small(name, in_channels=channels)
    logits, _ = net.forward_with_aux(batch(net))
    assert logits.shape == (2, 5)


@each_at_full_resolution
def test_channels_are_multiples_of_8(name):
    net = shapes_only(name, width=0.25)
    widths = [x.out_channels for x in net.modules() if isinstance(x, nn.Conv2d)]
    widths += [x.out_features for x in net.modules() if isinstance(x, nn.Linear)]
    widths = [width for width in widths if width != net.num_classes]
    assert all(width >= 8 and width % 8 == 0 for width in widths)


# ---------------------------------------------------------------------------------- auxiliary heads


@each_at_full_resolution
def test_aux_heads_are_keyed_by_rows(name):
    net = shapes_only(name)
    rows = [row for row, _ in net.trunk.named_children()]
    assert list(net.aux_heads) == [row for row in rows if row in net.aux_heads]


@pytest.mark.parametrize("name", WITHOUT_AUX_HEADS)
def test_without_aux_heads_there_are_no_aux_logits(name):
    net = small(name)
    assert (len(net.aux_heads), net.forward_with_aux(batch(net))[1]) == (0, [])


@pytest.mark.parametrize("name", WITH_AUX_HEADS)
def test_aux_heads_can_be_left_out(name):
    net = small(name, aux_heads=False)
    assert (len(net.aux_heads), net.forward_with_aux(batch(net))[1]) == (0, [])


@pytest.mark.parametrize(("name", "training"), in_turn(WITH_AUX_HEADS, True, False))
def test_aux_logits_have_the_shape_of_logits(name, training):
    net = small(name).train(training)
    _, aux = net.forward_with_aux(batch(net))
    assert [logit.shape for logit in aux] == [(2, 5)] * len(net.aux_heads)


@pytest.mark.parametrize("name", WITH_AUX_HEADS)
def test_aux_logits_are_those_of_their_rows(name):
    net = small(name).eval()
    x = images(2, net.min_size)
    _, aux = net.forward_with_aux(x)
    for logit, (row, head) in zip(aux, net.aux_heads.items(), strict=True):
        end = [name for name, _ in net.trunk.named_children()].index(row) + 1
        torch.testing.assert_close(logit, head(net.trunk[:end](x)))


@each_at_full_resolution
def test_aux_logits_do_not_change_the_logits(name):
    net = small(name).eval()
    x = images(2, net.min_size)
    assert torch.equal(net.forward_with_aux(x)[0], net(x))


# ----------------------------------------------------------------------------- smallest image


@each_variant
def test_min_size_is_the_smallest_that_can_be_trained_on(name):
    net = small(name).train()
    stated, net.min_size = net.min_size, 1

    def works(side: int) -> bool:
        try:
            net.forward_with_aux(batch(net, side=side))
        except (RuntimeError, ValueError):
            return False
        return True

    assert bisect.bisect_left(range(120), True, lo=1, key=works) == stated


@each_variant
def test_below_min_size_the_error_names_network_minimum_and_size(name):
    net = shapes_only(name)
    least = net.min_size
    message = (
        f"{type(net).__name__} needs images of at least {least}x{least} pixels, "
        rf"got {least + 9}x{least - 1}\. Resize them"
    )
    with pytest.raises(ValueError, match=message):
        net(torch.empty(2, 3, least + 9, least - 1, device="meta"))


@pytest.mark.parametrize("name", WITH_AUX_HEADS)
def test_below_min_size_aux_logits_fail_alike(name):
    net = shapes_only(name)
    with pytest.raises(ValueError, match="needs images of at least"):
        net.forward_with_aux(torch.empty(2, 3, 9, 9, device="meta"))


# ----------------------------------------------------------------------- training and state


@each_at_full_resolution
def test_every_parameter_gets_a_finite_gradient(name):
    net = small(name).train()
    logits, aux = net.forward_with_aux(images(4, net.min_size))
    labels = torch.arange(4)
    sum(F.cross_entropy(part, labels) for part in (logits, *aux)).backward()
    for key, parameter in net.named_parameters():
        assert parameter.grad is not None, key
        assert parameter.grad.isfinite().all(), key


@each_net
def test_state_dict_restores_the_logits(name):
    first, second = small(name, seed=0).eval(), small(name, seed=1).eval()
    x = images(2, first.min_size)
    second.load_state_dict(first.state_dict())
    assert torch.equal(first(x), second(x))


@each_net
def test_eval_is_deterministic(name):
    net = small(name).eval()
    x = images(2, net.min_size)
    assert torch.equal(net(x), net(x))


@each_net
def test_the_batch_does_not_change_a_logit_in_eval(name):
    net = small(name).eval()
    x = images(3, net.min_size)
    torch.testing.assert_close(net(x)[:1], net(x[:1]), rtol=1e-4, atol=1e-5)


@each_net
def test_memory_order_of_channels_does_not_change_the_logits(name):
    net = small(name).eval()
    x = images(2, net.min_size)
    before = net(x)
    net.to(memory_format=torch.channels_last)
    after = net(x.to(memory_format=torch.channels_last))
    torch.testing.assert_close(after, before, rtol=1e-4, atol=1e-5)


@each_net
def test_the_same_seed_gives_the_same_weights(name):
    first, second = small(name, seed=3), small(name, seed=3)
    pairs = zip(first.parameters(), second.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


@each_net
def test_another_seed_gives_other_weights(name):
    first, second = small(name, seed=3), small(name, seed=4)
    pairs = zip(first.named_parameters(), second.parameters(), strict=True)
    alike = [key for (key, a), b in pairs if a.ndim > 1 and torch.equal(a, b)]
    assert not alike


@each_at_full_resolution
def test_relus_are_modules(name):
    # So that hooks, plots and guided backpropagation find them.
    called = {node.target for node in torch.fx.symbolic_trace(shapes_only(name)).graph.nodes}
    assert not called & {F.relu, torch.relu, torch.relu_, "relu", "relu_"}


@each_at_full_resolution
def test_every_layer_but_the_last_has_its_own_relu(name):
    net = shapes_only(name)
    layers = sum(
        isinstance(layer, nn.Conv2d | nn.Linear) and "shortcut" not in name  # added before the ReLU
        for name, layer in net.named_modules()
    )
    relus = sum(isinstance(layer, nn.ReLU) for layer in net.modules())
    assert relus == layers - 1 - len(net.aux_heads)


@each_net
def test_input_is_left_alone(name):
    net = small(name).train()
    x = images(2, net.min_size)
    before = x.clone()
    net.forward_with_aux(x)
    assert torch.equal(x, before)


@each_net
def test_takes_the_precision_of_its_weights(name):
    net = small(name).double().eval()
    assert net(batch(net).double()).dtype == torch.float64


@pytest.mark.parametrize(("name", "dtype"), in_turn(FULL_RESOLUTION, torch.float32, torch.bfloat16))
def test_autocast_takes_either_precision(name, dtype):
    net = small(name).train()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits, aux = net.forward_with_aux(batch(net).to(dtype))
    assert all(logit.isfinite().all() for logit in (logits, *aux))


@pytest.mark.parametrize("net", [InceptionV2, InceptionV3], ids=["inception_v2", "inception_v3"])
@pytest.mark.parametrize("resolution", [151, 79])
def test_weights_fit_all_resolutions(net, resolution):
    source = net(5, width=0.1)
    other = net(5, width=0.1, resolution=resolution)
    other.load_state_dict(source.state_dict())


# ----------------------------------------- torchvision: tracing, export, heads taken off, gradients


@pytest.mark.parametrize(("name", "training"), in_turn(FULL_RESOLUTION, True, False))
def test_a_traced_graph_gives_the_same_logits(name, training):
    net = small(name).train(training)
    x = batch(net, count=3)
    traced = torch.fx.symbolic_trace(net)
    torch.manual_seed(2)
    expected = net(x)
    torch.manual_seed(2)
    assert torch.equal(traced(x), expected)


@each_net
def test_a_traced_graph_has_the_same_nodes_in_train_and_eval(name):
    in_train, in_eval = get_graph_node_names(shapes_only(name))
    assert in_train == in_eval


@each_net
def test_rows_can_be_extracted_by_name(name):
    net = small(name).eval()
    x = batch(net)
    # torchvision counts from 1 again where the name of a single layer ends on a number: its
    # ``pool_1`` is the second pool. `features` and hooks go by the rows' own names.
    rows = [
        row
        for row, part in net.trunk.named_children()
        if next(part.children(), None) or not re.search(r"_\d$", row)
    ]
    extract = create_feature_extractor(net, {f"trunk.{row}": row for row in rows})
    found, expected = extract(x), row_maps(net, x)
    assert rows
    assert list(found) == rows
    assert all(torch.equal(found[row], expected[row]) for row in rows)


# ShallowSVM must have been fitted first; see test_shallow_svm.py.
# The others are made of the same layers as these.
@pytest.mark.parametrize("name", ["alexnet", "googlenet", "inception_v3", "resnet50"])
def test_exports_for_any_batch(name):
    net = small(name).eval()
    batches = ({0: torch.export.Dim("batch")},)
    exported = torch.export.export(net, (batch(net),), dynamic_shapes=batches).module()
    x = images(5, net.min_size, seed=2)
    logits = exported(x)
    assert isinstance(logits, torch.Tensor)
    torch.testing.assert_close(logits, net(x))


@pytest.mark.parametrize("name", WITH_AUX_HEADS)
def test_aux_heads_can_be_taken_off(name):
    net = small(name).eval()
    x = batch(net)
    before = net(x)
    net.aux_heads.clear()
    logits, aux = net.forward_with_aux(x)
    assert torch.equal(logits, before)
    assert aux == []


@pytest.mark.parametrize("name", LEARNED)
def test_the_image_gets_a_gradient(name):
    net = small(name).eval()
    x = batch(net).requires_grad_()
    net(x).square().sum().backward()
    assert x.grad.isfinite().all()
    assert x.grad.any()


# ---------------------------------------------------- timm: new classifier, features, checkpointing


@each_net
def test_the_classifier_can_be_replaced(name):
    net = small(name).eval()
    key, linear = last_linear(net)
    net.set_submodule(key, nn.Linear(linear.in_features, 7))
    assert net(batch(net)).shape == (2, 7)


@each_net
def test_without_the_classifier_its_inputs_come_out(name):
    net = small(name).eval()
    x = batch(net)
    key, linear = last_linear(net)
    expected = net(x)
    net.set_submodule(key, nn.Identity())
    torch.testing.assert_close(linear(net(x)), expected)


@each_variant
@torch.no_grad()
def test_features_are_the_last_map_of_each_resolution(name):
    net = small(name).eval()
    x = batch(net)
    found, maps = net.features(x), row_maps(net, x)
    strides = [stride_of(row) for row in net.trunk.children()]
    last = [row for row, following in zip(maps, [*strides[1:], 2], strict=True) if following > 1]
    assert len(found) == len(last)
    assert all(torch.equal(a, maps[row]) for a, row in zip(found, last, strict=True))


@pytest.mark.parametrize("name", LEARNED)
def test_recomputing_changes_no_logit_gradient_or_statistic(name):
    net, other = small(name).train(), small(name).train()
    other.set_grad_checkpointing()
    outputs = []
    for each in (net, other):
        torch.manual_seed(2)
        logits, aux = each.forward_with_aux(batch(each))
        sum(logit.square().mean() for logit in (logits, *aux)).backward()
        outputs.append([logits, *aux])
    for a, b in (
        outputs,
        [[p.grad for p in each.parameters()] for each in (net, other)],
        [list(each.buffers()) for each in (net, other)],
    ):
        assert all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


# ------------------------------------------------------ TF-slim and Keras: prefixes, widths, copies


@each_at_full_resolution
@torch.no_grad()
def test_the_trunk_can_end_at_any_row(name):
    net = small(name).eval()
    x = batch(net)
    for end, (row, expected) in enumerate(row_maps(net, x).items(), start=1):
        assert torch.equal(net.trunk[:end](x), expected), row


@pytest.mark.parametrize(("name", "width"), in_turn(LEARNED, 0.5, 2.0))
def test_width_scales_every_layer(name, width):
    base, scaled = (shapes_only(name, width=w) for w in (1.0, width))
    pairs = [
        (a.weight.shape[0], b.weight.shape[0])
        for a, b in zip(base.modules(), scaled.modules(), strict=True)
        if isinstance(a, nn.Conv2d | nn.Linear) and a.weight.shape[0] != base.num_classes
    ]
    assert pairs
    assert all(abs(b - width * a) <= 4 for a, b in pairs)  # rounded to a multiple of 8


@pytest.mark.parametrize(
    ("name", "duplicate"),
    in_turn(NETS, copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))),
)
def test_a_copy_gives_the_same_logits(name, duplicate):
    net = small(name).eval()
    x = batch(net)
    assert torch.equal(duplicate(net)(x), net(x))
