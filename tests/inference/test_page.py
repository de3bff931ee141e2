"""What docs/inference.md says: its code runs, its table is the record."""

import importlib.util
import json
import re
from pathlib import Path

import pytest
import torch
from PIL import Image

from lecture_nets import InceptionV3Module, PartsWorldDataModule

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "inference.md").read_text("utf-8")


def benchmark():
    path = ROOT / "tests" / "benchmarks" / "inference.py"
    spec = importlib.util.spec_from_file_location("inference_benchmark", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_its_table_is_the_record():
    script = benchmark()
    between = PAGE.split(script.BEGIN)[1].split(script.END)[0]
    assert between.strip() == script.table(json.loads(script.RESULTS.read_text()))


def test_its_code_names_a_picture_as_the_module_does(tmp_path, monkeypatch, capsys):
    pytest.importorskip("onnxruntime", reason='pip install "lecture-nets[export]"')
    monkeypatch.chdir(tmp_path)
    data = PartsWorldDataModule(image_size=160, train_size=2, val_size=2, test_size=5)
    data.setup("test")
    pixels, label, *_ = data.test_set[4]
    picture = Image.fromarray(pixels.permute(1, 2, 0).numpy())
    picture.save("photo.jpg", quality=95)
    names: dict = {}
    for block in re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE):
        exec(block, names)
        if "(logits,) = session.run" in block:
            in_onnx = torch.from_numpy(names["logits"])
    assert capsys.readouterr().out.splitlines()[-1] == data.class_names[label]
    module = InceptionV3Module.from_pretrained("parts_world").eval()
    with torch.no_grad():
        expected = module(module.preprocess(Image.open("photo.jpg"))[None])
    torch.testing.assert_close(names["logits"], in_onnx, rtol=1e-3, atol=1e-3)
    # Pillow and torchvision round the border of the square otherwise.
    torch.testing.assert_close(
        in_onnx.softmax(dim=1), expected.softmax(dim=1), rtol=0.05, atol=0.02
    )
