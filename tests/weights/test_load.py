"""Weights get into a network completely or not at all, and what differs is reported."""

import logging
import re
from functools import partial

import pytest
import torch

from lecture_nets.nets import VGG19, AlexNet, GoogLeNet, InceptionV3, ShallowSVM
from lecture_nets.weights import load_weights

AUX_HEAD = "aux_heads.inception_b4."
v3 = partial(InceptionV3, width=0.1)
googlenet = partial(GoogLeNet, width=0.1, variant="torchvision")


def values(net):
    return {key: x.clone() for key, x in net.state_dict().items()}


def assert_untouched(net, before):
    after = net.state_dict()
    assert all(torch.equal(after[key], x) for key, x in before.items())


def without(tensors, part):
    return {key: x for key, x in tensors.items() if part not in key}


@pytest.fixture
def net():
    torch.manual_seed(0)
    return v3(3)


@pytest.fixture
def file():
    torch.manual_seed(1)
    return values(v3(3))


def test_everything_is_copied_and_the_source_stays(net, file):
    before = {key: x.clone() for key, x in file.items()}
    report = load_weights(net, file, source="a file")
    assert_untouched(net, before)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(1)
    assert all(torch.equal(x, before[key]) for key, x in file.items())
    assert report.matched == tuple(file)
    assert (report.missing, report.unexpected, report.mismatched) == ((), (), ())
    assert str(report) == f"{len(file)} entries loaded."


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_values_take_on_the_dtype_of_the_network(net, file, dtype):
    file = {key: x.to(dtype) if x.is_floating_point() else x for key, x in file.items()}
    load_weights(net, file, source="a file")
    weight = net.head.get_submodule("classifier").weight
    assert weight.dtype == torch.float32
    assert torch.equal(weight, file["head.classifier.weight"].float())


def test_old_files_have_no_counters(net, file):
    report = load_weights(net, without(file, "num_batches_tracked"), source="a file")
    assert report.missing == ()


@pytest.mark.parametrize(
    ("here", "there", "field", "said"),
    [
        (v3, partial(v3, aux_heads=False), "missing", "heads that the file lacks"),
        (partial(v3, aux_heads=False), v3, "unexpected", "auxiliary heads that the network lacks"),
    ],
)
def test_aux_heads_are_optional(here, there, field, said, caplog):
    net, file = here(3), values(there(3))
    start = {key: x for key, x in values(net).items() if key not in file}
    with caplog.at_level(logging.INFO):
        report = load_weights(net, file, source="a file")
    assert_untouched(net, start)
    assert getattr(report, field)
    assert all(name.startswith(AUX_HEAD) for name in getattr(report, field))
    assert set(report.matched) == net.state_dict().keys() & file.keys()
    assert [said in record.getMessage() for record in caplog.records] == [True]


def test_one_aux_head_of_two_may_be_missing():
    file = without(values(googlenet(3)), "aux_heads.inception_4a.")
    report = load_weights(googlenet(3), file, source="a file")
    assert {name.split(".")[1] for name in report.missing} == {"inception_4a"}


def test_half_a_aux_head_is_a_torn_file(net, file):
    del file[f"{AUX_HEAD}squeeze.conv.weight"]
    before = values(net)
    with pytest.raises(
        ValueError, match=r"missing: aux_heads.inception_b4.squeeze.conv.weight\)\. "
    ):
        load_weights(net, file, source="a file")
    assert_untouched(net, before)


@pytest.mark.parametrize(
    ("build", "layers"),
    [
        (v3, ["aux_heads.inception_b4.classifier", "head.classifier"]),
        (
            googlenet,
            [f"aux_heads.inception_{row}.classifier" for row in ("4a", "4d")] + ["head.classifier"],
        ),
        (partial(AlexNet, width=0.1), ["head.fc_8"]),
        (partial(VGG19, width=0.1), ["head.fc_8"]),
        (partial(ShallowSVM, width=0.1), ["head"]),
    ],
)
def test_last_layers_keep_their_start_for_another_number_of_classes(build, layers, caplog):
    net, file = build(4), values(build(7))
    kept = [f"{layer}.{kind}" for layer in layers for kind in ("weight", "bias")]
    start = {key: x for key, x in values(net).items() if key in kept}
    with caplog.at_level(logging.INFO):
        report = load_weights(net, file, source="a file")
    assert_untouched(net, start)
    assert sorted(report.mismatched) == sorted(
        (key, tuple(file[key].shape), tuple(start[key].shape)) for key in kept
    )
    assert set(report.matched) == file.keys() - set(kept)
    assert [record.getMessage() for record in caplog.records] == [
        f"{type(net).__name__} from a file: {report}"
    ]
    assert "Kept their start, another number of classes: " in str(report)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_value_that_is_no_number_is_refused_by_name(net, file, value):
    before = values(net)
    file["trunk.conv_2.norm.running_var"][3] = value
    with pytest.raises(
        ValueError, match=r"NaN or infinite values in trunk.conv_2.norm.running_var"
    ):
        load_weights(net, file, source="a file")
    assert_untouched(net, before)


def rename(file):
    file["trunk.conv_9.conv.weight"] = file.pop("trunk.conv_2.conv.weight")


def turn(file):
    key = "trunk.inception_b1.branch_7x7.1.conv.weight"
    file[key] = file[key].mT.contiguous()


def cut_classifier_inputs(file):
    file["head.classifier.weight"] = file["head.classifier.weight"][:, 1:]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (rename, "missing: trunk.conv_2.conv.weight; unexpected: trunk.conv_9.conv.weight). Build"),
        (turn, "of another shape: trunk.inception_b1.branch_7x7.1.conv.weight (16x16x7x1 in the"),
        (cut_classifier_inputs, "of another shape: head.classifier.weight (3x207 in the file, "),
    ],
    ids=["renamed", "1x7 for 7x1", "narrower head"],
)
def test_anything_else_that_does_not_fit_is_refused(net, file, spoil, said):
    before = values(net)
    spoil(file)
    with pytest.raises(ValueError, match=re.escape(said)):
        load_weights(net, file, source="a file")
    assert_untouched(net, before)


def test_names_without_a_partner_are_refused(net, file):
    with pytest.raises(ValueError, match=r"unexpected: se_block.weight\)\. Build it with"):
        load_weights(net, file, source="a file", unexpected=["se_block.weight"])


def test_weights_of_another_network_are_recognized(net):
    with pytest.raises(
        ValueError, match=r"looks like another network's: it has 0 of the "
    ) as error:
        load_weights(net, values(VGG19(3, width=0.1)), source="a file")
    assert "in all)" in str(error.value)
    assert len(str(error.value)) < 700


def test_a_network_without_values_is_refused(file):
    with torch.device("meta"):
        net = v3(3)
    with pytest.raises(ValueError, match=r"InceptionV3 is on the meta device"):
        load_weights(net, file, source="a file")
