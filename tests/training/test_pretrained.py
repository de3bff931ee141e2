"""Published weights and saved folders, through a local server, a cache, and real files."""

import json
import os
import random
import resource
import signal
import threading
import time
from functools import partial
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torchvision.models import AlexNet_Weights, Inception_V3_Weights, get_model_weights

from lecture_nets import (
    AlexNetModule,
    GoogLeNetModule,
    InceptionV3Module,
    ResNet50Module,
    VGG19Module,
    ZFNetModule,
)
from lecture_nets.callbacks import AuxiliaryBatchNorm
from lecture_nets.nets import VGG19, AlexNet, GoogLeNet, InceptionV3, ResNet50
from lecture_nets.training import MODULES, CheckpointError, load
from lecture_nets.weights import to_timm, to_torchvision

NARROW = dict(width=0.1)
# Module, torchvision's name, our network of the same form, the options that choose it.
TORCHVISION = [
    (AlexNetModule, "alexnet", partial(AlexNet, variant="2014"), {}),
    (VGG19Module, "vgg19", VGG19, {}),
    (VGG19Module, "vgg19_bn", partial(VGG19, batch_norm=True), dict(batch_norm=True)),
    (GoogLeNetModule, "googlenet", partial(GoogLeNet, variant="torchvision"), {}),
    (InceptionV3Module, "inception_v3", InceptionV3, {}),
    (ResNet50Module, "resnet50", ResNet50, {}),
]


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def server(tmp_path):
    """A folder, and the address under which its files can be downloaded."""
    folder = tmp_path / "server"
    folder.mkdir()
    served = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=folder))
    threading.Thread(target=served.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{served.server_port}"
    served.shutdown()
    served.server_close()


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """An empty cache for downloads."""
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hf"))
    return tmp_path / "hub" / "checkpoints"


@pytest.fixture
def publish(server, monkeypatch):
    """Puts a network's weights on the server, under torchvision's name for them."""

    def put(name: str, net: torch.nn.Module, *, damaged: bool = False) -> str:
        folder, address = server
        torch.save(to_torchvision(net), folder / "new.pth")
        start = sha256((folder / "new.pth").read_bytes()).hexdigest()[:8]
        file = (folder / "new.pth").rename(folder / f"{name}-{start}.pth")
        if damaged:
            file.write_bytes(file.read_bytes()[:-100])
        weights = get_model_weights(name).DEFAULT.value
        monkeypatch.setattr(weights, "url", f"{address}/{file.name}")
        return file.name

    return put


@pytest.mark.parametrize(
    ("module", "name", "build", "options"), TORCHVISION, ids=[row[1] for row in TORCHVISION]
)
def test_torchvisions_weights_arrive(publish, hub, module, name, build, options):
    net = build(1000, **NARROW)
    publish(name, net)
    loaded = module.from_pretrained("torchvision", **NARROW, **options)
    found, expected = loaded.net.state_dict(), net.state_dict()
    assert all(torch.equal(found[key], expected[key]) for key in expected)


def test_a_file_in_the_cache_needs_no_server(publish, hub, server):
    file = publish("alexnet", AlexNet(1000, variant="2014", **NARROW))
    hub.mkdir(parents=True)
    (server[0] / file).rename(hub / file)
    assert AlexNetModule.from_pretrained("torchvision", **NARROW).num_classes == 1000


def test_without_a_network_the_error_says_where_to_put_the_file(hub, monkeypatch):
    weights = AlexNet_Weights.DEFAULT.value
    monkeypatch.setattr(weights, "url", "http://127.0.0.1:9/alexnet-01234567.pth")
    with pytest.raises(ConnectionError, match=r"put the file at .*checkpoints.alexnet-01234567"):
        AlexNetModule.from_pretrained("torchvision", **NARROW)


def test_a_damaged_download_is_refused_and_not_kept(publish, hub):
    publish("alexnet", AlexNet(1000, variant="2014", **NARROW), damaged=True)
    with pytest.raises(CheckpointError, match="invalid hash value"):
        AlexNetModule.from_pretrained("torchvision", **NARROW)
    assert not list(hub.iterdir())


def test_other_bytes_in_the_cache_are_refused(publish, hub):
    file = publish("alexnet", AlexNet(1000, variant="2014", **NARROW))
    hub.mkdir(parents=True)
    (hub / file).write_text("<html>please log in</html>")
    with pytest.raises(CheckpointError, match=r"is a web page.*Delete it"):
        AlexNetModule.from_pretrained("torchvision", **NARROW)


def test_another_number_of_classes_keeps_the_body(publish, hub):
    net = InceptionV3(1000, **NARROW)
    publish("inception_v3", net)
    module = InceptionV3Module.from_pretrained("torchvision", num_classes=7, **NARROW)
    assert torch.equal(module.net.trunk.conv_5.conv.weight, net.trunk.conv_5.conv.weight)
    assert module.net.head.classifier.out_features == 7
    assert "class_names" not in module.data_facts


@pytest.mark.parametrize("name", ["alexnet", "inception_v3"])
def test_pictures_are_prepared_as_torchvision_does(publish, hub, name):
    module, _, build, _ = next(row for row in TORCHVISION if row[1] == name)
    publish(name, build(1000, **NARROW))
    pixels = torch.randint(0, 256, (360, 500, 3), dtype=torch.uint8)
    picture = Image.fromarray(pixels.numpy())
    expected = get_model_weights(name).DEFAULT.transforms()(picture)
    if name == "inception_v3":  # torchvision's network does the rest itself: `transform_input`
        scale = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1) / 0.5
        shift = (torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1) - 0.5) / 0.5
        expected = expected * scale + shift
    found = module.from_pretrained("torchvision", **NARROW).preprocess(picture)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


def test_the_class_names_are_torchvisions(publish, hub):
    publish("inception_v3", InceptionV3(1000, **NARROW))
    module = InceptionV3Module.from_pretrained("torchvision", **NARROW)
    assert module.data_facts["class_names"] == Inception_V3_Weights.DEFAULT.meta["categories"]


@pytest.mark.parametrize(
    ("module", "source", "file", "build"),
    [
        (InceptionV3Module, "timm", "inception_v3.tv_in1k", InceptionV3),
        (InceptionV3Module, "timm/inception_v3.tf_in1k", "inception_v3.tf_in1k", InceptionV3),
        (VGG19Module, "timm", "vgg19.tv_in1k", VGG19),
        (VGG19Module, "timm/vgg19_bn", "vgg19_bn.tv_in1k", partial(VGG19, batch_norm=True)),
        (ResNet50Module, "timm", "resnet50.a1_in1k", ResNet50),
        (ResNet50Module, "timm/resnet50.tv_in1k", "resnet50.tv_in1k", ResNet50),
    ],
)
def test_timms_weights_arrive_from_the_cache(hub, module, source, file, build):
    net = build(1000, **NARROW)
    hub.mkdir(parents=True)
    tensors = {key: x.contiguous() for key, x in to_timm(net).items()}
    save_file(tensors, hub / f"{file}.safetensors")
    loaded = module.from_pretrained(source, **NARROW)
    assert torch.equal(loaded.net.head[-1].weight, net.head[-1].weight)
    assert loaded.data_facts["mean"] == list(timm.get_pretrained_cfg(file).mean)


@pytest.fixture
def cached_by_timm(hub, tmp_path):
    """A file as timm leaves it in its own cache, and the network whose weights it holds."""
    net = InceptionV3(1000, **NARROW)
    repository = tmp_path / "hf" / "models--timm--inception_v3.tv_in1k"
    for folder in ("refs", "blobs", "snapshots/1"):
        (repository / folder).mkdir(parents=True)
    (repository / "refs" / "main").write_text("1")
    save_file(to_timm(net), tmp_path / "new")
    blob = repository / "blobs" / sha256((tmp_path / "new").read_bytes()).hexdigest()
    (tmp_path / "new").rename(blob)
    (repository / "snapshots" / "1" / "model.safetensors").symlink_to(blob)
    return net, blob


def test_what_timm_has_downloaded_is_taken(cached_by_timm):
    net, _ = cached_by_timm
    loaded = InceptionV3Module.from_pretrained("timm", **NARROW).net
    assert torch.equal(loaded.trunk.conv_5.conv.weight, net.trunk.conv_5.conv.weight)


def test_what_timm_has_downloaded_is_checked(cached_by_timm):
    _, blob = cached_by_timm
    data = bytearray(blob.read_bytes())
    data[-5] ^= 1
    blob.write_bytes(data)
    with pytest.raises(CheckpointError, match="its SHA-256 does not start with"):
        InceptionV3Module.from_pretrained("timm", **NARROW)


def test_timm_without_a_network_says_where_to_put_the_file(hub, monkeypatch):
    monkeypatch.setattr("huggingface_hub.hf_hub_url", lambda *_: "http://127.0.0.1:9/model")
    with pytest.raises(ConnectionError, match=r"put the file at .*inception_v3\.tv_in1k\.safetens"):
        InceptionV3Module.from_pretrained("timm", **NARROW)


@pytest.mark.parametrize(
    ("module", "source", "options", "message"),
    [
        (InceptionV3Module, "nowhere", {}, r"no folder with a card\.json, and no publisher"),
        (ZFNetModule, "torchvision", {}, "Published for ZFNetModule: none"),
        (AlexNetModule, "timm", {}, r"Published for AlexNetModule: 'torchvision' \(variant='2014'"),
        (AlexNetModule, "torchvision", dict(variant="2012"), "has no weights for this AlexNetMod"),
        (InceptionV3Module, "timm", dict(aux_batch_norm=False), "no weights for this InceptionV3"),
        (InceptionV3Module, "timm/vgg19", {}, "timm has no weights for this InceptionV3Module"),
        (InceptionV3Module, "timm/inception_v3.other", {}, "timm has no weights .*tf_in1k"),
    ],
)
def test_unknown_sources_get_the_list(hub, module, source, options, message):
    with pytest.raises(ValueError, match=message):
        module.from_pretrained(source, **options)


# Folders


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    torch.manual_seed(0)
    module = GoogLeNetModule(6, width=0.1, batch_norm=True)
    module.data_facts = {
        "class_names": list("abcdef"),
        "image_size": 32,
        "mean": [0.5, 0.4, 0.3],
        "std": [0.2, 0.2, 0.2],
    }
    folder = tmp_path_factory.mktemp("saved")
    module.save_pretrained(folder)
    return module, folder


def test_a_folder_restores_the_module(saved):
    module, folder = saved
    again = GoogLeNetModule.from_pretrained(folder)
    x = torch.randn(2, 3, 32, 32)
    assert torch.equal(again.eval()(x), module.eval()(x))
    assert (again.hparams, again.data_facts) == (module.hparams, module.data_facts)


def old_folder(saved, folder, **changes):
    """What older versions wrote: weights without a card inside, and the card beside them."""
    save_file(load_file(saved[1] / "model.safetensors"), folder / "model.safetensors")
    card = json.loads((saved[1] / "card.json").read_text()) | changes
    card["sha256"] = sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    (folder / "card.json").write_text(json.dumps(card))
    return card


def test_what_the_shell_records_of_itself_is_no_option(saved, tmp_path):
    options = dict(saved[0].hparams)
    shells = {"_class_path": "GoogLeNetModule", "_instantiator": "lightning"}
    old_folder(saved, tmp_path, hyper_parameters=options | shells)
    assert GoogLeNetModule.from_pretrained(tmp_path).hparams == saved[0].hparams


def test_a_folder_of_an_older_version_still_loads_and_is_checked(saved, tmp_path):
    old_folder(saved, tmp_path)
    again = load(tmp_path)
    x = torch.randn(2, 3, 32, 32)
    assert torch.equal(again.eval()(x), saved[0].eval()(x))
    data = bytearray((tmp_path / "model.safetensors").read_bytes())
    data[-5] ^= 1
    (tmp_path / "model.safetensors").write_bytes(data)
    with pytest.raises(CheckpointError, match="has changed since it was saved"):
        load(tmp_path)


def test_what_counts_is_in_the_file_of_the_weights(saved, tmp_path):
    (tmp_path / "model.safetensors").write_bytes((saved[1] / "model.safetensors").read_bytes())
    assert load(tmp_path).data_facts == saved[0].data_facts  # no copy for readers beside it


def test_load_finds_the_class_of_a_folder(saved):
    assert type(load(saved[1])) is GoogLeNetModule


def test_the_card_tells_versions_and_sum(saved):
    card = json.loads((saved[1] / "card.json").read_text())
    digest = sha256((saved[1] / "model.safetensors").read_bytes()).hexdigest()
    assert card["sha256"] == digest
    assert card["versions"].keys() == {"lecture-nets", "lightning", "torch"}


@pytest.mark.parametrize("module", MODULES.values(), ids=MODULES)
def test_every_module_comes_back_from_a_folder(tmp_path, module):
    module(4, width=0.1, in_channels=1).save_pretrained(tmp_path)
    again = module.from_pretrained(tmp_path)
    assert (again.num_classes, again.net.in_channels) == (4, 1)


def test_a_folder_remembers_what_callbacks_changed(tmp_path):
    module = GoogLeNetModule(6, width=0.1).eval()
    AuxiliaryBatchNorm().apply(module)
    module.save_pretrained(tmp_path)
    again = GoogLeNetModule.from_pretrained(tmp_path)
    assert list(again.state_dict()) == list(module.state_dict())


def test_nothing_else_is_left_in_the_folder(saved):
    assert sorted(file.name for file in saved[1].iterdir()) == ["card.json", "model.safetensors"]


def test_a_folder_for_other_classes_keeps_the_body(saved):
    again = GoogLeNetModule.from_pretrained(saved[1], num_classes=3)
    assert torch.equal(again.net.trunk.conv_1.conv.weight, saved[0].net.trunk.conv_1.conv.weight)
    assert "class_names" not in again.data_facts


def test_the_wrong_class_names_the_right_one(saved):
    with pytest.raises(ValueError, match="written by GoogLeNetModule, not by AlexNetModule"):
        AlexNetModule.from_pretrained(saved[1])


@pytest.mark.parametrize("place", [-5, 20, 300, 0.5])
def test_a_flipped_bit_is_noticed(saved, tmp_path, place):
    data = bytearray((saved[1] / "model.safetensors").read_bytes())
    data[int(place * len(data)) if isinstance(place, float) else place] ^= 1
    (tmp_path / "model.safetensors").write_bytes(data)
    with pytest.raises(CheckpointError, match=r"has changed|is damaged|no card"):
        GoogLeNetModule.from_pretrained(tmp_path)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")  # Python 3.12
def test_a_kill_while_saving_over_it_leaves_the_old_network_or_the_new(tmp_path):
    module = AlexNetModule(3, width=0.0625)
    module.save_pretrained(tmp_path)
    dice = random.Random(0)
    for _ in range(12):
        pid = os.fork()
        if pid == 0:
            try:
                while True:
                    torch.nn.init.normal_(module.net.head.fc_8.bias)
                    module.save_pretrained(tmp_path)
            finally:
                os._exit(1)
        time.sleep(dice.uniform(0.02, 0.12))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        assert load(tmp_path).num_classes == 3
    module.save_pretrained(tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["card.json", "model.safetensors"]


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")  # Python 3.12
def test_a_save_that_does_not_fit_says_so_and_spares_the_old_one(saved, tmp_path):
    def save():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, resource.RLIM_INFINITY))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        with pytest.raises(
            OSError, match=r"Cannot write .*model\.safetensors.*Needed [\d,]+ bytes"
        ):
            saved[0].save_pretrained(tmp_path)

    (tmp_path / "model.safetensors").write_bytes((saved[1] / "model.safetensors").read_bytes())
    pid = os.fork()
    if pid == 0:
        try:
            save()
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(pid, 0)[1] == 0
    assert load(tmp_path).num_classes == saved[0].num_classes
    assert os.listdir(tmp_path) == ["model.safetensors"]


def test_a_card_of_another_kind_is_named(tmp_path):
    (tmp_path / "card.json").write_text("[]")
    with pytest.raises(CheckpointError, match=r"card\.json is no card of save_pretrained"):
        GoogLeNetModule.from_pretrained(tmp_path)


def test_weights_that_are_not_finite_are_not_saved(tmp_path):
    module = AlexNetModule(3, width=0.1)
    torch.nn.init.constant_(module.net.head.fc_8.bias, float("nan"))
    with pytest.raises(ValueError, match=r"NaN or infinite values in head\.fc_8\.bias"):
        module.save_pretrained(tmp_path / "folder")
    assert not (tmp_path / "folder").exists()


def test_a_module_trained_on_loaders_says_that_it_cannot_prepare_pictures():
    with pytest.raises(ValueError, match="trained on loaders, not on a data module"):
        AlexNetModule(3, width=0.1).preprocess(Image.new("RGB", (50, 50)))
