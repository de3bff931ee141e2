"""Do Keras's networks score alike with us, and do files that hold more than numbers stay out?"""

import logging
import os
import zipfile
from functools import cache, partial

os.environ["KERAS_BACKEND"] = "torch"  # read when keras is imported

import h5py
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


def write_published(model, path, nested: str | None = None):
    """The form of Keras's published weights: names of layers and weights as attributes."""
    with h5py.File(path, "w") as file:
        root = file.create_group(nested) if nested else file
        root.attrs["layer_names"] = [layer.name.encode() for layer in model.layers]
        root.attrs["backend"] = b"tensorflow"
        root.attrs["keras_version"] = b"2.0.1"
        for layer in model.layers:
            group = root.create_group(layer.name)
            names = [f"{layer.name}/{weight.name}:0".encode() for weight in layer.weights]
            group.attrs["weight_names"] = np.array(names, dtype="S") if names else []
            for name, x in zip(names, layer.get_weights(), strict=True):
                group.create_dataset(name.decode(), data=x)
    return path


def write(model, form: str, folder):
    if form == "published":
        return write_published(model, folder / "published.h5")
    if form == "model.save":
        return write_published(model, folder / "model.h5", nested="model_weights")
    path = folder / {"save_weights": "model.weights.h5", "archive": "model.keras"}[form]
    (model.save_weights if form == "save_weights" else model.save)(path)
    return path


FORMS = ["published", "model.save", "save_weights", "archive"]
each_net = pytest.mark.parametrize("name", OURS)
each_form = pytest.mark.parametrize("form", FORMS)


# ------------------------------------------------------------------------------------ same logits


@pytest.mark.parametrize(
    ("name", "side"), [("InceptionV3", 299), ("InceptionV3", 75), ("VGG19", 224)]
)
def test_scores_are_those_of_keras(name, side):
    model, net = keras_model(name, side), net_for(name)
    from_keras(net, model)
    expected = keras_logits(model)
    assert expected.std() > 0.05
    torch.testing.assert_close(logits(net, side), expected, rtol=0, atol=1e-4)


def test_scores_are_those_of_keras_at_full_width():
    model, net = keras_model("InceptionV3", 75, width=1.0), as_in_keras(7)
    from_keras(net, model)
    torch.testing.assert_close(logits(net, 75), keras_logits(model), rtol=0, atol=1e-4)


@pytest.mark.parametrize("side", [299, 75])
def test_padding_that_counts_gives_other_scores(side):
    model, net = keras_model("InceptionV3", side), net_for("InceptionV3", count_include_pad=True)
    from_keras(net, model)
    assert (logits(net, side) - keras_logits(model)).abs().max() > 1e-2


@each_net
@each_form
def test_a_file_gives_what_the_model_gives(name, form, tmp_path):
    model, net, other = keras_model(name), net_for(name), net_for(name)
    from_keras(net, model)
    report = from_keras(other, write(model, form, tmp_path))
    expected = net.state_dict()
    assert all(torch.equal(x, expected[key]) for key, x in other.state_dict().items())
    assert len(report.matched) == {"InceptionV3": 94 * 5 + 2, "VGG19": 19 * 2}[name]


def test_weights_of_a_later_session_are_read_by_position(tmp_path):
    # Its counters go on: conv2d_94 where a fresh session has conv2d.
    earlier = keras_model("InceptionV3")
    later = keras.models.clone_model(earlier, clone_function=renamed)
    later.set_weights(earlier.get_weights())
    net, other = net_for("InceptionV3"), net_for("InceptionV3")
    from_keras(net, earlier)
    from_keras(other, write_published(later, tmp_path / "later.h5"))
    expected = net.state_dict()
    assert all(torch.equal(x, expected[key]) for key, x in other.state_dict().items())


def renamed(layer):
    return type(layer).from_config(layer.get_config() | {"name": layer.name[::-1]})


def test_the_names_of_keras_1_are_read_too(tmp_path):
    # Its published VGG19 calls the kernel block1_conv1_W_1:0.
    model, net = keras_model("VGG19"), net_for("VGG19")
    path = write_published(model, tmp_path / "published.h5")
    with h5py.File(path, "r+") as file:
        group = file["block1_conv1"]
        inner = group["block1_conv1"]
        names = ["block1_conv1_W_1:0", "block1_conv1_b_1:0"]
        for old, new in zip(("kernel:0", "bias:0"), names, strict=True):
            group[new] = inner[old]
        del group["block1_conv1"]
        group.attrs["weight_names"] = np.array(names, dtype="S")
    from_keras(net, path)
    kernel = torch.from_numpy(model.get_layer("block1_conv1").get_weights()[0])
    ours = net.trunk.get_submodule("block_1.conv_1.conv").weight
    assert torch.equal(ours, kernel.permute(3, 2, 0, 1))


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
        report = from_keras(net, write(model, "save_weights", tmp_path))
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


def soft_link(group, name, folder):
    group[name] = h5py.SoftLink("/block1_conv2/block1_conv2/kernel:0")


def external_link(group, name, folder):
    with h5py.File(folder / "other.h5", "w") as other:
        other["secret"] = np.ones((3, 3, 3, 8), np.float32)
    group[name] = h5py.ExternalLink(str(folder / "other.h5"), "/secret")


def external_storage(group, name, folder):
    (folder / "raw").write_bytes(bytes(3 * 3 * 3 * 8 * 4))
    where = [(str(folder / "raw"), 0, h5py.h5f.UNLIMITED)]
    group.create_dataset(name, (3, 3, 3, 8), np.float32, external=where)


def virtual(group, name, folder):
    layout = h5py.VirtualLayout((3, 3, 3, 8), np.float32)
    layout[:] = h5py.VirtualSource(str(folder / "other.h5"), "secret", (3, 3, 3, 8))
    group.create_virtual_dataset(name, layout)


def objects(group, name, folder):
    group.create_dataset(name, (3, 3, 3, 8), dtype=h5py.string_dtype())


def whole_numbers(group, name, folder):
    group[name] = np.ones((3, 3, 3, 8), np.int32)


def huge(group, name, folder):
    group.create_dataset(name, (3, 3, 3, 1 << 30), np.float32, chunks=True, compression="gzip")


def sub_group(group, name, folder):
    group.create_group(name)


def nothing(group, name, folder):
    pass


@pytest.mark.parametrize(
    ("put", "message"),
    [
        (soft_link, r"is a link to elsewhere \(SoftLink\)"),
        (external_link, r"is a link to elsewhere \(ExternalLink\)"),
        (external_storage, "keeps its values in other files"),
        (virtual, "keeps its values in other files"),
        (objects, "holds object, not floating-point numbers"),
        (whole_numbers, "holds int32, not floating-point numbers"),
        (huge, r"has the shape \(3, 3, 3, 1073741824\), more than the file can hold"),
        (sub_group, "is no data set"),
        (nothing, "is missing"),
    ],
)
def test_anything_but_the_files_own_numbers_is_refused(put, message, tmp_path):
    net, path = net_for("VGG19"), write(keras_model("VGG19"), "published", tmp_path)
    before = {key: x.clone() for key, x in net.state_dict().items()}
    with h5py.File(path, "r+") as file:
        group = file["block1_conv1/block1_conv1"]
        del group["kernel:0"]
        put(group, "kernel:0", tmp_path)
    message = rf"published\.h5: .*block1_conv1/kernel:0 {message}\. Write the file again with"
    with pytest.raises(ValueError, match=message):
        from_keras(net, path)
    assert all(torch.equal(x, before[key]) for key, x in net.state_dict().items())


def test_a_linked_layer_is_refused(tmp_path):
    path = write(keras_model("VGG19"), "save_weights", tmp_path)
    with h5py.File(path, "r+") as file:
        del file["layers/conv2d_3"]
        file["layers/conv2d_3"] = h5py.SoftLink("/layers/conv2d_4")
    with pytest.raises(ValueError, match=r"conv2d_3 is a link to elsewhere \(SoftLink\)"):
        from_keras(net_for("VGG19"), path)


def test_a_torn_file_is_named(tmp_path):
    path = write(keras_model("VGG19"), "published", tmp_path)
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(ValueError, match=r"published\.h5 is no whole file of Keras .*Save it"):
        from_keras(net_for("VGG19"), path)


def test_a_file_of_something_else_is_named(tmp_path):
    h5py.File(tmp_path / "other.h5", "w").close()
    with pytest.raises(ValueError, match=r"other\.h5 holds no weights of Keras"):
        from_keras(net_for("VGG19"), tmp_path / "other.h5")


def test_an_archive_that_unpacks_to_more_than_it_holds_is_refused(tmp_path):
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.weights.h5", bytes(1 << 20))
    with pytest.raises(ValueError, match="unpacks to more than it holds"):
        from_keras(net_for("VGG19"), path)
