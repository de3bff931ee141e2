"""Shards: what was written is what is read, and a network learns from it."""

import json
import warnings

import pytest
import torch
from PIL import Image

from lecture_nets import AlexNetModule
from lecture_nets.data import (
    ImageFolderDataModule,
    PartsWorldDataModule,
    ShardsDataModule,
    write_shards,
)
from lecture_nets.data.image_files import shrink

pytest.importorskip("litdata", reason='pip install "lecture-nets[scale]"')
# litdata gives every worker images of its own, which Lightning cannot know.
pytestmark = pytest.mark.filterwarnings("ignore:Your `IterableDataset` has `__len__` defined")


def parts_world(**options) -> PartsWorldDataModule:
    sizes = dict(image_size=64, train_size=41, val_size=20, test_size=20)
    return PartsWorldDataModule(**sizes, batch_size=8, **options)


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    """The embedded images as shards, small enough that each split has several."""
    folder = tmp_path_factory.mktemp("shards") / "new"
    return write_shards(parts_world(), folder, chunk_bytes="100KB")


def everything(loader) -> tuple[torch.Tensor, torch.Tensor]:
    images, labels = zip(*loader, strict=True)
    return torch.cat(images), torch.cat(labels)


def test_it_knows_what_the_original_knew(shards):
    original, data = parts_world(), ShardsDataModule(shards)
    for fact in ("num_classes", "class_names", "mean", "std", "citation", "license", "image_size"):
        assert getattr(data, fact) == getattr(original, fact)


@pytest.mark.parametrize("stage", ["validate", "test"])
def test_evaluation_images_are_equal_and_in_order(shards, stage):
    original, data = parts_world(), ShardsDataModule(shards, batch_size=8)
    name = {"validate": "val", "test": "test"}[stage]
    loaders = []
    for each in (original, data):
        each.setup(stage)
        loaders.append(getattr(each, f"{name}_dataloader")())
    for ours, theirs in zip(*map(everything, loaders), strict=True):
        torch.testing.assert_close(theirs, ours, rtol=0, atol=0)


def test_training_images_are_stored_before_chance_and_varied_when_read(shards):
    plain, data = parts_world(augment=False), ShardsDataModule(shards)
    plain.setup("fit")
    data.setup("fit")
    index = 3
    seen = torch.stack([data.train_set[index][0] for _ in range(20)])
    assert len(seen.unique(dim=0)) > 1
    stored, label = data.unaugmented()[index]
    torch.testing.assert_close(stored, plain.train_set[index][0], rtol=0, atol=0)
    assert label == plain.train_set[index][1]


def test_every_epoch_has_another_order_and_no_batch_of_one(shards):
    data = ShardsDataModule(shards, batch_size=8)
    data.setup("fit")
    loader = data.train_dataloader()
    first, second = (everything(loader)[1] for _ in range(2))
    assert len(first) == len(second) == 40
    assert not torch.equal(first, second)


def test_photos_are_stored_larger_than_the_square_and_cropped_when_read(tmp_path):
    for name in ("cat", "dog"):
        for i in range(30):
            path = tmp_path / "photos" / name / f"{i}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = torch.randint(256, (80, 120, 3), dtype=torch.uint8)
            Image.fromarray(pixels.numpy()).save(path)
    photos = ImageFolderDataModule(tmp_path / "photos", image_size=40)
    photos.setup()
    folder = write_shards(photos, tmp_path / "shards")
    data = ShardsDataModule(folder)
    data.setup("fit")
    assert data.train_set[0][0].shape == (3, 40, 40)
    image, label = photos.train_set.images.load(0, None)
    stored, stored_label = data.unaugmented()[0]
    torch.testing.assert_close(stored, shrink(image, 46), rtol=0, atol=0)
    assert stored_label == label


class Mirrored(PartsWorldDataModule):
    """Mirrors half of its training images, and says nothing of it."""

    def setup(self, stage=None):
        super().setup(stage)
        plain = self.split("train", augment=False)
        self.train_set = [MaybeMirrored(plain, index) for index in range(len(plain))]


class MaybeMirrored:
    def __init__(self, images, index):
        self.images, self.index = images, index

    def __iter__(self):
        image, label = self.images[self.index]
        return iter((image.flip(2) if torch.rand(()) < 0.5 else image, label))


def of_mirrored(**attributes) -> PartsWorldDataModule:
    sizes = dict(image_size=64, train_size=41, val_size=20, test_size=20)
    data = Mirrored(**sizes)
    for name, value in attributes.items():
        setattr(data, name, value)
    return data


def test_an_augmenting_set_that_does_not_say_so_is_refused(tmp_path):
    data = of_mirrored(augmentation=None)
    data.unaugmented = lambda: data.train_set
    with pytest.raises(ValueError, match=r"of Mirrored, train differ.*unaugmented\(\)"):
        write_shards(data, tmp_path / "shards")
    assert not (tmp_path / "shards").exists()


def test_an_augmentation_that_reading_does_not_know_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"unknown augmentation 'mirror'.*There are: crop, shift"):
        write_shards(of_mirrored(augmentation="mirror"), tmp_path / "shards")


def test_shards_can_be_written_again(shards, tmp_path):
    again = ShardsDataModule(write_shards(ShardsDataModule(shards), tmp_path / "again"))
    assert again.augmentation == "shift"
    first, second = ShardsDataModule(shards).unaugmented(), again.unaugmented()
    assert all(torch.equal(first[i][0], second[i][0]) for i in range(41))


def test_what_is_read_may_be_written_to_and_nothing_is_ignored_for_others(shards):
    before = list(warnings.filters)
    data = ShardsDataModule(shards)
    data.setup("fit")
    data.val_set[0][0].zero_()
    assert warnings.filters == before


@pytest.mark.parametrize("workers", [0, 2])
def test_a_network_learns_from_it(shards, workers, quiet_trainer):
    data = ShardsDataModule(shards, batch_size=8, num_workers=workers)
    module = AlexNetModule(data.num_classes, width=0.05, recipe="quick")
    trainer = quiet_trainer()
    trainer.fit(module, datamodule=data)
    assert trainer.global_step == 5
    assert module.data_facts["class_names"] == list(data.class_names)
    (scores,) = trainer.test(module, datamodule=data, verbose=False)
    assert 0 <= scores["test_acc"] <= 1


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(FileExistsError, match=r"is not empty\. Name a new folder"):
        write_shards(parts_world(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_folder_without_shards_says_how_to_write_them(tmp_path):
    with pytest.raises(ValueError, match=r"holds no whole shards .*facts.json.*write_shards\(data"):
        ShardsDataModule(tmp_path)


def test_facts_come_last_and_are_plain(shards):
    facts = json.loads((shards / "facts.json").read_text())
    assert facts["variation"] == "shift"
    assert sorted(path.name for path in shards.iterdir()) == ["facts.json", "test", "train", "val"]


def test_a_missing_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=r'pip install "lecture-nets\[scale\]"'):
        ShardsDataModule(tmp_path)
