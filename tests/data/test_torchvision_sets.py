import dataclasses
import pickle
import re
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from lecture_nets.data.torchvision_sets import TorchvisionDataModule, default_data_dir, draw_splits
from lecture_nets.data.torchvision_table import SETS

# Each writer makes a tiny set in the real one's format, all classes in order, `each` times.


def write_images(folder: Path, names: list[str]) -> None:
    for i, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (14, 12), (i % 256, i // 256, 0)).save(path, format="JPEG", quality=95)


def write_eurosat(root: Path, each: int) -> None:
    names = [f"{c}/{c}_{i}.jpg" for c in SETS["EuroSAT"].class_names for i in range(each)]
    write_images(root / "eurosat" / "2750", names)


def write_imagenette(root: Path, each: int) -> None:
    from torchvision.datasets import Imagenette

    for split in ("train", "val"):
        names = [f"{w}/{w}_{i}.JPEG" for w in Imagenette._WNID_TO_CLASS for i in range(each)]
        write_images(root / "imagenette2-320" / split, names)


def write_pets(root: Path, each: int) -> None:
    names = [name.replace(" ", "_") for name in SETS["OxfordIIITPet"].class_names]
    folder = root / "oxford-iiit-pet"
    (folder / "annotations").mkdir(parents=True)
    for split in ("trainval", "test"):
        ids = [
            (f"{name}_{split}{i}", label) for label, name in enumerate(names) for i in range(each)
        ]
        write_images(folder / "images", [f"{image}.jpg" for image, _ in ids])
        lines = "".join(f"{image} {label + 1} 1 1\n" for image, label in ids)
        (folder / "annotations" / f"{split}.txt").write_text(lines)


def write_fashion(root: Path, each: int) -> None:
    folder = root / "FashionMNIST" / "raw"
    folder.mkdir(parents=True)
    labels = np.repeat(np.arange(10), each).astype(np.uint8)
    images = np.zeros((len(labels), 28, 28), np.uint8)
    for split in ("train", "t10k"):
        for kind, array in {"images-idx3": images, "labels-idx1": labels}.items():
            sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
            head = bytes([0, 0, 8, array.ndim]) + sizes
            (folder / f"{split}-{kind}-ubyte").write_bytes(head + array.tobytes())


def write_cifar10(root: Path, each: int) -> None:
    folder = root / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    labels = [i for i in range(10) for _ in range(each)]
    content = {"data": np.zeros((len(labels), 3072), np.uint8), "labels": labels}
    empty = {"data": np.zeros((0, 3072), np.uint8), "labels": []}
    files = {f"data_batch_{i}": content if i == 1 else empty for i in range(1, 6)}
    files["test_batch"] = content
    files["batches.meta"] = {"label_names": list(SETS["CIFAR10"].class_names)}
    for name, values in files.items():
        (folder / name).write_bytes(pickle.dumps(values))


WRITERS = {
    "CIFAR10": write_cifar10,
    "EuroSAT": write_eurosat,
    "FashionMNIST": write_fashion,
    "Imagenette": write_imagenette,
    "OxfordIIITPet": write_pets,
}


@pytest.fixture(params=list(WRITERS))
def tiny(request, tmp_path, monkeypatch) -> TorchvisionDataModule:
    """A set of ten pictures a class and part, on disk, and known to be that small."""
    from torchvision.datasets import cifar

    # The check sums are those of the real files.
    monkeypatch.setattr(cifar, "check_integrity", lambda *args: True)
    name, facts = request.param, SETS[request.param]
    size = 10 * len(facts.class_names)
    parts = {part: (arguments, size) for part, (arguments, _) in facts.parts.items()}
    monkeypatch.setitem(SETS, name, dataclasses.replace(facts, parts=parts))
    WRITERS[name](tmp_path, each=10)
    return TorchvisionDataModule(name, data_dir=tmp_path, image_size=8, batch_size=5)


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise urllib.error.URLError("Connection refused")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)


def test_what_is_there_is_not_downloaded(tiny, no_network):
    tiny.prepare_data()
    tiny.setup()
    images, labels = next(iter(tiny.train_dataloader()))
    assert (images.dtype, images.shape) == (torch.float32, (5, 3, 8, 8))
    assert labels.shape == (5,)


def test_labels_mean_the_promised_classes(tiny):
    tiny.setup()
    sets = (tiny.train_set, tiny.val_set, tiny.test_set)
    counts = torch.bincount(torch.tensor([label for s in sets for _, label in s]))
    whole = 10 * len(tiny.facts.parts)
    assert counts.tolist() == [whole] * tiny.num_classes


def test_missing_splits_are_drawn_from_train(tiny):
    tiny.setup()
    size = 10 * tiny.num_classes
    drawn = round(0.1 * size)
    of_its_own = "test" in tiny.facts.parts
    assert len(tiny.val_set) == drawn
    assert len(tiny.test_set) == (size if of_its_own else drawn)
    assert len(tiny.train_set) == size - drawn * (1 if of_its_own else 2)


def test_a_half_unpacked_set_is_an_error(tiny):
    arguments, size = tiny.facts.parts["train"]
    parts = {**tiny.facts.parts, "train": (arguments, size + 1)}
    tiny.facts = dataclasses.replace(tiny.facts, parts=parts)
    with pytest.raises(
        RuntimeError, match=rf"{size} train images, not {size + 1}.*interrupted"
    ) as e:
        tiny.setup()
    assert re.search(r"Delete its folder .* start again", str(e.value))


def test_other_classes_than_promised_are_an_error(tiny):
    tiny.class_names = ("x", *tiny.class_names[1:])
    with pytest.raises(
        RuntimeError, match=r"(?s)other classes than known.*found: .*known: x, .*Delete"
    ):
        tiny.setup()


def test_draws_are_the_same_whatever_the_global_seed():
    torch.manual_seed(1)
    first = draw_splits({"train": 100, "test": 20})
    torch.manual_seed(2)
    assert draw_splits({"train": 100, "test": 20}) == first


def test_draws_share_no_picture():
    splits = draw_splits({"train": 100})
    indices = [i for part, chosen in splits.values() for i in chosen]
    assert sorted(indices) == list(range(100))
    assert [len(chosen) for _, chosen in splits.values()] == [80, 10, 10]


@pytest.mark.parametrize("name", sorted(set(SETS) - {"Flowers102"}))
def test_without_network_the_error_says_what_to_put_where(name, tmp_path, no_network):
    data = TorchvisionDataModule(name, data_dir=tmp_path / "new")
    with pytest.raises(RuntimeError, match=rf"cannot download {name} to .*new: .*") as error:
        data.prepare_data()
    assert f"put {SETS[name].files} into {tmp_path / 'new'}" in str(error.value)
    assert re.search(r"--data\.data_dir\) or \$PATH_DATASETS", str(error.value))


def test_setup_before_the_download_is_an_error(tmp_path):
    with pytest.raises(RuntimeError, match=r"(?s)CIFAR10 is not in .*Call prepare_data\(\)"):
        TorchvisionDataModule("CIFAR10", data_dir=tmp_path).setup()


def test_a_folder_that_cannot_be_made_is_named(tmp_path, no_network):
    (tmp_path / "file").write_text("in the way")
    data = TorchvisionDataModule("EuroSAT", data_dir=tmp_path / "file" / "sets")
    with pytest.raises(RuntimeError, match=r"(?s)file/sets: .*Not a directory.*data_dir"):
        data.prepare_data()


def test_an_unreadable_picture_is_named(tmp_path, monkeypatch):
    write_imagenette(tmp_path, each=1)
    parts = {"train": (SETS["Imagenette"].parts["train"][0], 10)}
    monkeypatch.setitem(SETS, "Imagenette", dataclasses.replace(SETS["Imagenette"], parts=parts))
    (tmp_path / "imagenette2-320/train/n01440764/n01440764_0.JPEG").write_bytes(b"")
    data = TorchvisionDataModule("Imagenette", data_dir=tmp_path, image_size=8)
    data.setup()
    index = [*data.train_set.images.indices, *data.val_set.images.indices].index(0)
    with pytest.raises(
        ValueError, match=r"(?s)Imagenette: image 0 cannot be read.*downloaded again"
    ):
        (data.train_set if index < len(data.train_set) else data.val_set)[
            index % len(data.train_set)
        ]


@pytest.mark.parametrize(("name", "near"), [("cifar10", "CIFAR10"), ("Imagenet", "Imagenette")])
def test_an_unknown_name_is_answered_with_all_names_and_the_nearest(name, near):
    message = rf"unknown set '{name}'\. Did you mean {near}\? There are: CIFAR10, "
    with pytest.raises(ValueError, match=message):
        TorchvisionDataModule(name)


def test_a_name_like_no_other_gets_no_hint():
    with pytest.raises(ValueError, match=r"'zzzz'\. There are: .*OxfordIIITPet\.$"):
        TorchvisionDataModule("zzzz")


def test_torchvision_names_the_flowers():
    data = TorchvisionDataModule("Flowers102")
    assert (data.num_classes, data.class_names[0]) == (102, "pink primrose")


@pytest.mark.parametrize(
    ("name", "count"),
    {
        "CIFAR10": 10,
        "CIFAR100": 100,
        "EuroSAT": 10,
        "FashionMNIST": 10,
        "Imagenette": 10,
        "OxfordIIITPet": 37,
    }.items(),
)
def test_facts_are_known_without_the_files(name, count, tmp_path):
    data = TorchvisionDataModule(name, data_dir=tmp_path)
    assert data.num_classes == len(set(data.class_names)) == count
    assert data.citation
    assert data.license
    assert not list(tmp_path.iterdir())


def test_path_datasets_is_the_default_folder(monkeypatch):
    monkeypatch.setenv("PATH_DATASETS", "/elsewhere")
    assert TorchvisionDataModule("CIFAR10").data_dir == Path("/elsewhere")


def test_without_it_the_cache_folder_is(monkeypatch):
    monkeypatch.delenv("PATH_DATASETS", raising=False)
    assert default_data_dir() == Path("~/.cache/lecture_nets/datasets")
    assert TorchvisionDataModule("CIFAR10").data_dir.is_absolute()
