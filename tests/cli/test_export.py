"""`lecture-nets export`: from a checkpoint to a file that runs elsewhere."""

import pytest
import torch

from lecture_nets import AlexNetModule, cli


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What `save_pretrained` writes of a small network."""
    torch.manual_seed(0)
    module = AlexNetModule(2, width=0.1)
    module.data_facts = {"class_names": ["cat", "dog"], "image_size": 64}
    folder = tmp_path_factory.mktemp("net")
    module.save_pretrained(folder)
    return folder


@pytest.mark.parametrize(
    ("words", "size"), [(["net.pt2"], 64), (["net.onnx", "--image-size", "70"], 70)]
)
def test_it_writes_the_file_and_says_how_to_use_it(words, size, folder, run, tmp_path):
    if words[0].endswith(".onnx"):
        pytest.importorskip("onnxruntime", reason='pip install "lecture-nets[export]"')
    code, out, _ = run("export", str(folder), *words)
    assert code == 0
    assert (tmp_path / words[0]).stat().st_size > 1000
    assert f"takes:      images, float32 N x 3 x {size} x {size}, normalized" in out
    assert "gives:      logits, float32 N x 2: cat, dog" in out


@pytest.mark.parametrize(
    ("words", "expected", "said"),
    [
        (["net.tflite"], cli.BAD_DATA, "ends in '.tflite'; allowed are .onnx, .pt2"),
        (["net.pt2", "--image-size", "30"], cli.BAD_DATA, "needs images of at least 63x63"),
    ],
)
def test_what_cannot_be_written_is_one_line(words, expected, said, folder, run):
    code, _, err = run("export", str(folder), *words)
    assert code == expected
    assert said in err
    assert err.count("\n") == 1


def test_a_missing_extra_is_bad_usage(folder, run, monkeypatch):
    find = __import__("importlib").util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name == "onnxscript" else find(name)
    )
    code, _, err = run("export", str(folder), "net.onnx")
    assert code == cli.BAD_USAGE
    assert 'needs onnxscript, not installed here. pip install "lecture-nets[export]"' in err


def test_a_checkpoint_that_is_not_there_is_told_of(run):
    code, _, err = run("export", "no.ckpt", "net.pt2")
    assert code == cli.BAD_DATA
    assert "no.ckpt does not exist" in err
