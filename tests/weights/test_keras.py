"""Keras's networks have our logits, and files that hold more than numbers stay out."""

import logging
import os
import sys
from functools import cache, partial

os.environ["KERAS_BACKEND"] = "torch"  # read when keras is imported

import keras
import numpy as np
import pytest
import torch

from lecture_nets.nets import VGG19, AlexNet, InceptionV3
from lecture_nets.nets.layers import scale_channels
from lecture_nets.training import VGG19Module
from lecture_nets.weights.keras import from_keras

# keras 3.15 hands torch tensors to NumPy 2 without the copy keyword.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

WIDTH = 0.1
as_in_keras = partial(InceptionV3, count_include_pad=False)
OURS = {"InceptionV3": as_in_keras, "VGG19": VGG19}


@cache
def keras_model(name: str, side: int = 224, width: float = WIDTH, include_top: bool = True):
    """Keras's own network, narrowed as ours are, with random values everywhere."""
    with keras.device("meta"):
        full = getattr(keras.applications, name)(
            weights=None,
            input_shape=(side, side, 3),
            classes=7,
            classifier_activation=None,
            include_top=include_top,
        )

    def narrow(layer):
        config = layer.get_config()
        for key in {"filters", "units"} & set(config):
            if layer.name != "predictions":
                config[key] = scale_channels(config[key], width)
        return type(layer).from_config(config)

    model = keras.models.clone_model(full, clone_function=narrow)
    draw = np.random.default_rng(0)
    for layer in model.layers:
        layer.set_weights([values(draw, x) for x in layer.get_weights()])
    return model


def values(draw, x):
    """Random, all positive where they may be variances, and of a size that keeps maps alive."""
    if x.ndim == 1:
        return draw.uniform(0.5, 1.5, x.shape).astype(np.float32)
    return (draw.standard_normal(x.shape) / x[..., 0].size ** 0.5).astype(np.float32)


def images(side: int) -> torch.Tensor:
    return torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(1)) * 2 - 1


@torch.no_grad()
def keras_logits(model) -> torch.Tensor:
    x = images(model.input_shape[1]).permute(0, 2, 3, 1)
    return torch.as_tensor(model(x, training=False)).cpu()


@torch.no_grad()
def logits(net, side: int) -> torch.Tensor:
    return net.eval()(images(side))


def net_for(name: str, classes: int = 7, **options):
    torch.manual_seed(0)
    return OURS[name](classes, width=WIDTH, **options)


def saved(model, folder):
    path = folder / "model.keras"
    model.save(path)
    return path


each_net = pytest.mark.parametrize("name", OURS)


# ------------------------------------------------------------------------------------ same logits


@pytest.mark.parametrize(
    ("name", "side"), [("InceptionV3", 299), ("InceptionV3", 75), ("VGG19", 224)]
)
def test_logits_are_those_of_keras(name, side):
    model, net = keras_model(name, side), net_for(name)
    from_keras(net, model)
    expected = keras_logits(model)
    assert expected.std() > 0.05
    torch.testing.assert_close(logits(net, side), expected, rtol=0, atol=1e-4)


def test_logits_are_those_of_keras_at_full_width():
    model, net = keras_model("InceptionV3", 75, width=1.0), as_in_keras(7)
    from_keras(net, model)
    torch.testing.assert_close(logits(net, 75), keras_logits(model), rtol=0, atol=1e-4)


@pytest.mark.parametrize("side", [299, 75])
def test_padding_that_counts_gives_other_logits(side):
    model, net = keras_model("InceptionV3", side), net_for("InceptionV3", count_include_pad=True)
    from_keras(net, model)
    assert (logits(net, side) - keras_logits(model)).abs().max() > 1e-2


@each_net
def test_a_file_gives_what_the_model_gives(name, tmp_path):
    model, net, other = keras_model(name), net_for(name), net_for(name)
    from_keras(net, model)
    report = from_keras(other, saved(model, tmp_path))
    expected = net.state_dict()
    assert all(torch.equal(x, expected[key]) for key, x in other.state_dict().items())
    assert len(report.matched) == {"InceptionV3": 94 * 5 + 2, "VGG19": 19 * 2}[name]


def test_weights_of_a_later_session_are_read_by_position():
    # Its counters go on: conv2d_94 where a fresh session has conv2d.
    earlier = keras_model("InceptionV3")
    later = keras.models.clone_model(earlier, clone_function=renamed)
    later.set_weights(earlier.get_weights())
    net, other = net_for("InceptionV3"), net_for("InceptionV3")
    from_keras(net, earlier)
    from_keras(other, later)
    expected = net.state_dict()
    assert all(torch.equal(x, expected[key]) for key, x in other.state_dict().items())


def renamed(layer):
    return type(layer).from_config(layer.get_config() | {"name": layer.name[::-1]})


# --------------------------------------------------------------------------------- what may differ


@pytest.mark.parametrize(("name", "last"), [("InceptionV3", "classifier"), ("VGG19", "fc_8")])
def test_another_number_of_classes_keeps_the_last_layer(name, last):
    net = net_for(name, classes=3)
    layer = net.head.get_submodule(last)
    before = layer.weight.clone()
    report = from_keras(net, keras_model(name))
    keys = [f"head.{last}.weight", f"head.{last}.bias"]
    assert [key for key, *_ in report.mismatched] == keys
    assert torch.equal(layer.weight, before)


@each_net
def test_without_top_the_head_keeps_its_start(name, tmp_path, caplog):
    net = net_for(name)
    before = {key: x.clone() for key, x in net.head.state_dict().items()}
    model = keras_model(name, include_top=False)
    with caplog.at_level(logging.INFO):
        report = from_keras(net, saved(model, tmp_path))
    assert all(torch.equal(x, before[key]) for key, x in net.head.state_dict().items())
    head = [f"head.{key}" for key in before]
    assert [key for key in report.missing if key.startswith("head.")] == head
    assert not set(report.matched) & set(head)
    assert f"is without top: the head of {name} keeps its start." in caplog.text


def test_the_aux_head_keeps_its_start():
    report = from_keras(net_for("InceptionV3"), keras_model("InceptionV3"))
    assert {key.split(".")[0] for key in report.missing} == {"aux_heads"}


@pytest.mark.parametrize("count_include_pad", [True, False])
def test_counted_padding_is_said(count_include_pad, caplog):
    net = net_for("InceptionV3", count_include_pad=count_include_pad)
    with caplog.at_level(logging.INFO):
        from_keras(net, keras_model("InceptionV3"))
    assert ("InceptionV3(count_include_pad=False) only" in caplog.text) is count_include_pad


# ----------------------------------------------------------------------------------- what is wrong


@pytest.mark.parametrize(
    ("net", "message"),
    [
        (partial(AlexNet, 7, width=WIDTH), r"Keras has no AlexNet; it has InceptionV3 and VGG19\."),
        (partial(VGG19Module, 7, width=WIDTH), r"has no VGG19Module; .* itself: module\.net\."),
        (
            partial(VGG19, 7, width=WIDTH),
            r"the Keras model '.*' are not those of keras\.applications\.VGG19: they hold "
            r"94 convolutions, 94 batch norms, 1 dense layers, not 16 convolutions, 0 batch norms",
        ),
        (partial(InceptionV3, 7, width=0.2), r"do not fit InceptionV3.*of another shape"),
    ],
    ids=["not in keras", "a module", "another network", "another width"],
)
def test_a_wrong_network_is_named(net, message):
    with pytest.raises(ValueError, match=message):
        from_keras(net(), keras_model("InceptionV3"))


def test_a_model_inside_another_is_named():
    outer = keras.Sequential([keras.Input((224, 224, 3)), keras_model("VGG19")])
    with pytest.raises(ValueError, match=r"Where one model is a layer of another, give the inner"):
        from_keras(net_for("VGG19"), outer)


def test_code_in_a_file_is_refused(tmp_path):
    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.layers.Lambda(lambda x: x + 1)(inputs))
    with pytest.raises(ValueError, match=r"Keras refuses .*model\.keras \(.*[Ll]ambda"):
        from_keras(net_for("VGG19"), saved(model, tmp_path))


def test_a_torn_file_is_named(tmp_path):
    net, path = net_for("VGG19"), saved(keras_model("VGG19"), tmp_path)
    before = {key: x.clone() for key, x in net.state_dict().items()}
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(ValueError, match=r"Keras refuses .*model\.keras .*Save the model again"):
        from_keras(net, path)
    assert all(torch.equal(x, before[key]) for key, x in net.state_dict().items())


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.keras is not there"):
        from_keras(net_for("VGG19"), tmp_path / "none.keras")


def test_weights_alone_are_left_to_keras(tmp_path):
    cure = r"keras\.applications\.VGG19\(weights='.*a\.weights\.h5'\)"
    with pytest.raises(ValueError, match=rf"does not end in \.keras.*{cure}"):
        from_keras(net_for("VGG19"), tmp_path / "a.weights.h5")


def test_without_keras_a_file_says_what_to_install(tmp_path, monkeypatch):
    path = saved(keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]), tmp_path)
    monkeypatch.setitem(sys.modules, "keras", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install keras` and set KERAS_BACKEND"):
        from_keras(net_for("VGG19"), path)
