"""Files that need nothing of this package, read by the programs that they are for."""

import json
import zipfile
from importlib.metadata import version

import pytest
import torch
from torch import nn

from lecture_nets import AlexNetModule
from lecture_nets.inference import export
from lecture_nets.nets import NETS, ShallowSVM

onnxruntime = pytest.importorskip("onnxruntime", reason='pip install "lecture-nets[export]"')
ENDINGS = (".onnx", ".pt2")


def small(name: str):
    net = NETS[name](10, width=0.1)
    if isinstance(net, ShallowSVM):
        net.fit_codebook(torch.randn(8, 3, 32, 32))
        nn.init.normal_(net.head.weight)
    return net


@pytest.fixture
def module():
    """A module that knows what it learned from."""
    module = AlexNetModule(2, width=0.1)
    module.data_facts = {
        "class_names": ["猫", "dog"],
        "image_size": 64,
        "mean": [0.5, 0.4, 0.3],
        "std": [0.2, 0.2, 0.2],
        "embedded": False,
    }
    return module


def scores_in_file(path, images):
    if path.suffix == ".pt2":
        return torch.export.load(path).module()(images)
    session = onnxruntime.InferenceSession(path)
    return torch.from_numpy(session.run(None, {"images": images.numpy()})[0])


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("name", NETS)
def test_a_file_gives_the_scores_of_its_network_for_any_number_of_images(name, ending, tmp_path):
    net = small(name)
    side = net.min_size + 4
    written = export(net, tmp_path / f"net{ending}", side)
    assert written.difference < 1e-3
    assert net.training
    images = torch.randn(7, 3, side, side)
    with torch.no_grad():
        expected = net.eval()(images)
    found = scores_in_file(written.path, images)
    assert (found - expected).abs().max() < 1e-3 * expected.abs().max()


def test_an_onnx_file_says_what_it_is(module, tmp_path):
    path = export(module, tmp_path / "net.onnx").path
    session = onnxruntime.InferenceSession(path)
    (images,), (logits,) = session.get_inputs(), session.get_outputs()
    assert (images.name, images.shape) == ("images", ["batch", 3, 64, 64])
    assert (logits.name, logits.shape) == ("logits", ["batch", 2])
    facts = session.get_modelmeta().custom_metadata_map
    assert {key: json.loads(fact) for key, fact in facts.items()} == EXPECTED_FACTS


def test_a_pt2_file_says_what_it_is(module, tmp_path):
    path = export(module, tmp_path / "net.pt2").path
    extra = {"facts.json": ""}
    torch.export.load(path, extra_files=extra)
    assert json.loads(extra["facts.json"]) == EXPECTED_FACTS


EXPECTED_FACTS = {
    "lecture_nets": version("lecture-nets"),
    "network": "AlexNet",
    "in_channels": 3,
    "num_classes": 2,
    "class_names": ["猫", "dog"],
    "image_size": 64,
    "mean": [0.5, 0.4, 0.3],
    "std": [0.2, 0.2, 0.2],
    "crop_pct": 1 / 1.15,
    "interpolation": "bilinear",
}


def test_weights_that_were_evaluated_otherwise_say_so(module, tmp_path):
    module.data_facts |= {"image_size": 224, "resize": 256, "interpolation": "bicubic"}
    facts = export(module, tmp_path / "net.pt2").facts
    assert (facts["crop_pct"], facts["interpolation"]) == (0.875, "bicubic")


def test_no_file_names_folders_of_this_machine(module, tmp_path):
    onnx, pt2 = (export(module, tmp_path / f"net{ending}").path for ending in ENDINGS)
    assert b"alexnet.py" not in onnx.read_bytes()
    with zipfile.ZipFile(pt2) as parts:
        assert not [name for name in parts.namelist() if b"layers.py" in parts.read(name)]


def test_weights_of_double_precision_leave_as_single(tmp_path):
    net = small("alexnet").double()
    path = export(net, tmp_path / "net.pt2", 64).path
    assert scores_in_file(path, torch.zeros(1, 3, 64, 64)).dtype == torch.float32
    assert next(net.parameters()).dtype == torch.float64


def test_a_file_of_other_scores_is_not_written(monkeypatch, tmp_path):
    read = torch.export.load
    monkeypatch.setattr(torch.export, "load", lambda path: Off(read(path)))
    path = tmp_path / "net.pt2"
    path.write_text("what was there before")
    with pytest.raises(RuntimeError, match="was not written: its logits differ from those of Al"):
        export(small("alexnet"), path, 64)
    assert path.read_text() == "what was there before"
    assert list(tmp_path.iterdir()) == [path]


class Off:
    """A file that was read wrongly."""

    def __init__(self, program):
        self.program = program

    def module(self):
        return lambda images: 1.01 * self.program.module()(images)


@pytest.mark.parametrize(
    ("place", "error", "said"),
    [
        ("net.pth", ValueError, r"ends in '.pth'; allowed are .onnx, .pt2"),
        ("net", ValueError, r"ends in ''; allowed"),
        ("no/net.onnx", FileNotFoundError, r"there is no folder .*no\. Create it: mkdir -p"),
        ("folder.pt2", IsADirectoryError, "is a folder. Name a file"),
    ],
)
def test_a_place_that_cannot_be_written_is_told_of_first(place, error, said, tmp_path):
    (tmp_path / "folder.pt2").mkdir()
    with pytest.raises(error, match=said):
        export(small("alexnet"), tmp_path / place, 64)


def test_a_missing_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=r'pip install "lecture-nets\[export\]"'):
        export(small("alexnet"), tmp_path / "net.onnx", 64)


@pytest.mark.parametrize(
    ("net", "error", "said"),
    [
        (NETS["shallow_svm"](10, width=0.1), RuntimeError, "no codebook yet: call net.fit_codeb"),
        (NETS["alexnet"](10, width=0.1), ValueError, "AlexNet needs images of at least 63x63"),
        (nn.Linear(2, 2), TypeError, "takes a network of lecture_nets.nets"),
    ],
)
def test_a_network_that_cannot_run_leaves_no_file(net, error, said, tmp_path):
    with pytest.raises(error, match=said):
        export(net, tmp_path / "net.pt2", 32)
    assert not list(tmp_path.iterdir())
