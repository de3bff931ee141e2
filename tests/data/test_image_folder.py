import io
import os
import pickle
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import torch
from PIL import Image

from lecture_nets.data import image_source
from lecture_nets.data.folder_layout import draw_splits
from lecture_nets.data.image_files import load_image
from lecture_nets.data.image_folder import ImageFolderDataModule
from lecture_nets.data.transforms import eval_transform


def picture(number: int = 0, kind: str = "PNG") -> bytes:
    """A picture unlike that of any other number."""
    image = Image.new("RGB", (12, 10), (number * 37 % 256, number * 91 % 256, 99))
    image.putpixel((0, 0), (number % 256, number // 256, 0))
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


def write(root: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


def flat(classes: str = "cat dog", each: int = 40) -> dict[str, bytes]:
    names = [f"{name}/{i}.png" for name in classes.split() for i in range(each)]
    return {name: picture(i) for i, name in enumerate(names)}


def in_splits(classes: str = "cat dog", splits: str = "train val test") -> dict[str, bytes]:
    names = [f"{s}/{c}/{i}.png" for s in splits.split() for c in classes.split() for i in range(3)]
    return {name: picture(i) for i, name in enumerate(names)}


def zip_folder(folder: Path) -> Path:
    return Path(shutil.make_archive(str(folder), "zip", folder))


def write_zip(path: Path, names: list[str]) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name in names:
            file.writestr(name, picture())
    return path


@pytest.fixture(params=["folder", "zip"])
def pack(request, tmp_path):
    """Files -> root of a data module, a folder or the zip of it."""

    def pack(files: dict[str, bytes], *empty: str) -> Path:
        root = write(tmp_path / "photos", files)
        for name in empty:
            (root / name).mkdir(parents=True)
        return zip_folder(root) if request.param == "zip" else root

    return pack


def ready(root: Path, **options) -> ImageFolderDataModule:
    data = ImageFolderDataModule(root, image_size=8, batch_size=4, **options)
    data.setup()
    return data


def paths(data: ImageFolderDataModule, split: str) -> list[str]:
    return [file.path for file in getattr(data, f"{split}_set").images.files]


# --- layout, classes, splits


def test_split_folders_give_the_splits(pack):
    data = ready(pack(in_splits()))
    assert data.class_names == ("cat", "dog")
    for split in ("train", "val", "test"):
        names = [f"{split}/{name}/{i}.png" for name in ("cat", "dog") for i in range(3)]
        assert paths(data, split) == names


def test_classes_are_known_before_setup(pack):
    data = ImageFolderDataModule(pack(in_splits("b c a")))
    assert (data.num_classes, data.class_names) == (3, ("a", "b", "c"))


def test_labels_follow_the_class_folder(pack):
    data = ready(pack(in_splits()))
    assert [label for _, label in data.test_set] == [0, 0, 0, 1, 1, 1]


def test_a_folder_around_everything_is_fine(pack):
    files = {f"download/{name}": content for name, content in in_splits().items()}
    files["__MACOSX/download/._train"] = b"x"
    assert len(ready(pack(files)).train_set) == 6


def renamed(names: dict[str, str]) -> dict[str, bytes]:
    """Pictures in train, val and test, which are called otherwise."""
    files = {tuple(path.split("/", 1)): content for path, content in in_splits().items()}
    return {f"{names[split]}/{path}": content for (split, path), content in files.items()}


@pytest.mark.parametrize(
    "names",
    [
        "Train Val Test",
        "TRAIN VALID TEST",
        "Training Validation Testing",
        "training validation evaluation",
        "train dev test",
        "train Eval test",
        "seg_train/seg_train val seg_test/seg_test",
    ],
)
def test_other_names_of_splits(pack, names):
    names = dict(zip(("train", "val", "test"), names.split(), strict=True))
    data = ready(pack(renamed(names)))
    assert data.class_names == ("cat", "dog")
    for split, name in names.items():
        assert paths(data, split)[0] == f"{name}/cat/0.png"
        assert len(paths(data, split)) == 6


@pytest.mark.parametrize("names", ["my_train my_val my_test", "a-training b-validation c-testing"])
def test_names_that_speak_of_splits_are_no_classes(pack, names):
    files = renamed(dict(zip(("train", "val", "test"), names.split(), strict=True)))
    said = rf"the folders {', '.join(sorted(names.split()))}, which look like splits.*names speak"
    with pytest.raises(ValueError, match=rf"(?s){said}.*Rename them.*into a folder train"):
        ImageFolderDataModule(pack(files))


def test_folders_with_equal_folders_in_them_are_no_classes(pack):
    files = renamed({"train": "part_1", "val": "part_2", "test": "part_3"})
    with pytest.raises(ValueError, match="each of them holds the same folders cat, dog"):
        ImageFolderDataModule(pack(files))
    inside = {f"train/{path}": content for path, content in files.items()}
    assert len(find_classes_of(inside, pack)) == 3  # the cure that the error names


def find_classes_of(files: dict[str, bytes], pack) -> tuple[str, ...]:
    return ImageFolderDataModule(pack(files)).class_names


@pytest.mark.parametrize("classes", ["seg_pred train_engine", "testudo cat", "valley devil"])
def test_classes_whose_names_resemble_splits(pack, classes):
    assert find_classes_of(flat(classes, each=4), pack) == tuple(sorted(classes.split()))


def test_folders_beside_the_splits_are_named(pack, caplog):
    files = {**in_splits(), "seg_pred/0.png": picture(70), "extra/cat/1.png": picture(71)}
    with caplog.at_level("INFO"):
        data = ready(pack(files))
    assert "left out: the folders beside train: extra, seg_pred" in caplog.text
    assert len(data.train_set) == 6


def test_pictures_may_lie_deeper_in_a_class_folder(pack):
    data = ready(pack({**in_splits(), "train/dog/2024/may/x.png": picture(99)}))
    assert "train/dog/2024/may/x.png" in paths(data, "train")
    assert data.train_set[3][1] == 1


def test_without_split_folders_a_hash_splits(pack):
    data = ready(pack(flat()), val_fraction=0.2, test_fraction=0.3)
    sizes = [len(paths(data, split)) for split in ("train", "val", "test")]
    assert sizes == [40, 16, 24]


def test_folder_and_zip_are_split_alike(tmp_path):
    root = write(tmp_path / "photos", flat())
    around = write(tmp_path / "outer" / "inner", flat())
    splits = [paths(ready(r), "val") for r in (root, zip_folder(root), around.parent)]
    assert splits[0] == splits[1] == [path.removeprefix("inner/") for path in splits[2]]


def drawn(numbers: range, test: float = 0.1, val: float = 0.1) -> dict[str, set[int]]:
    """Numbers of images of one class in each split."""
    paths = {f"x/{i}.jpg": i for i in numbers}
    splits = draw_splits(list(paths), {"test": test, "val": val})
    return {split: {paths[path] for path in some} for split, some in splits.items()}


@pytest.mark.parametrize(("images", "sizes"), [(100, (10, 20)), (33, (3, 7)), (14, (1, 3))])
def test_the_share_drawn_is_the_fraction(images, sizes):
    splits = drawn(range(images), 0.1, 0.2)
    assert (len(splits["test"]), len(splits["val"])) == sizes
    assert set.union(*splits.values()) == set(range(images))


@pytest.mark.parametrize(("images", "left"), [(1, (0, 0, 1)), (2, (1, 0, 1)), (3, (1, 1, 1))])
def test_of_few_images_one_is_always_left_to_learn_from(images, left):
    splits = drawn(range(images))
    assert tuple(len(splits[split]) for split in ("test", "val", "train")) == left


def test_changing_val_fraction_moves_no_test_picture():
    assert drawn(range(999), 0.1, 0.1)["test"] == drawn(range(999), 0.1, 0.4)["test"]


@pytest.mark.parametrize("images", [20, 50, 300])
def test_no_training_picture_becomes_a_test_picture_where_some_are_added(images):
    before = drawn(range(images))
    for more in range(1, images * 2 // 3):
        after = drawn(range(images + more))
        assert not before["train"] & after["test"]
        moved = sum(len(before[split] - after[split]) for split in before)
        assert moved <= 2 * more


def test_every_class_has_its_share_in_every_split(pack):
    files = {**flat("cat", each=40), **{f"rare/{i}.png": picture(200 + i) for i in range(5)}}
    data = ready(pack(files))
    for split, counts in {"train": (32, 3), "val": (4, 1), "test": (4, 1)}.items():
        labels = [file.label for file in getattr(data, f"{split}_set").images.files]
        assert (labels.count(0), labels.count(1)) == counts


def test_few_test_pictures_are_never_few_in_silence(pack, caplog):
    with caplog.at_level("INFO"):
        data = ready(pack(flat(each=20)))
    assert len(data.test_set) == 4
    assert "32 train, 4 val, 4 test images of 2 classes; each test image is 25% of" in caplog.text


def test_no_test_picture_is_taken_from_train_beside_a_val_folder(pack, caplog):
    with caplog.at_level("INFO"):
        data = ready(pack(in_splits(splits="train val")))
    assert [len(s) for s in (data.train_set, data.val_set, data.test_set)] == [6, 6, 0]
    assert "no test images, since there is a folder for validation and none for test" in caplog.text
    for loader in (data.test_dataloader, data.predict_dataloader):
        with pytest.raises(ValueError, match=r"has no test images.* Add one, give test_fraction"):
            loader()


@pytest.mark.parametrize("split", ["val", "test"])
def test_a_fraction_that_would_be_ignored_is_refused(pack, split):
    with pytest.raises(
        ValueError, match=f"{split}_fraction=0.2 would be ignored: .* {split}. Leav"
    ):
        ImageFolderDataModule(pack(in_splits()), **{f"{split}_fraction": 0.2})


@pytest.mark.parametrize(
    ("split", "other", "options"), [("val", "test", {"test_fraction": 0.1}), ("test", "val", {})]
)
def test_a_missing_split_is_drawn_from_train(pack, split, other, options):
    files = {**in_splits(splits=split), **{f"train/{k}": v for k, v in flat().items()}}
    files = {name: picture(i) for i, name in enumerate(files)}
    data = ready(pack(files), **options)
    assert paths(data, split)[0] == f"{split}/cat/0.png"
    assert all(path.startswith("train/") for path in paths(data, other))
    assert (len(paths(data, "train")), len(paths(data, other))) == (72, 8)


def test_val_may_lack_a_class_and_labels_do_not_shift(pack):
    files = {k: v for k, v in in_splits("a b c").items() if not k.startswith("val/b")}
    data = ready(pack(files))
    assert [label for _, label in data.val_set] == [0, 0, 0, 2, 2, 2]


def test_a_class_that_train_lacks_is_an_error_with_both_lists(pack):
    files = {**in_splits(), "val/horse/0.png": picture()}
    message = (
        r"(?s)val has classes that train lacks: horse.*train: cat, dog\n.*val: cat, dog, horse"
    )
    with pytest.raises(ValueError, match=message + ".*Rename or remove"):
        ImageFolderDataModule(pack(files))


def test_an_empty_class_folder_is_named(pack):
    root = pack({**in_splits(), "train/horse/notes.txt": b"x"}, "train/zebra")
    with pytest.raises(ValueError, match="class folder train/horse, train/zebra; remove it or add"):
        ready(root)


def test_one_class_is_too_few(pack):
    with pytest.raises(ValueError, match=r"(?s)only the class folder cat.*<class>/\*\.jpg"):
        ImageFolderDataModule(pack(in_splits("cat")))


def test_no_class_folder_shows_the_layout(pack):
    with pytest.raises(ValueError, match=r"(?s)no class folder.*{train,val,test}/<class>"):
        ImageFolderDataModule(pack({"a.png": picture()}))


def test_a_missing_root_shows_the_layout(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no folder or zip .*nowhere") as error:
        ImageFolderDataModule(tmp_path / "nowhere")
    assert len(str(error.value).splitlines()) == 4


@pytest.mark.parametrize("splits", ["val test", "train val valid"])
def test_split_folders_that_do_not_fit(pack, splits):
    with pytest.raises(ValueError, match="needed are train and at most one"):
        ImageFolderDataModule(pack(in_splits(splits=splits)))


@pytest.mark.parametrize("fractions", [(0, 0.1), (0.1, 0), (0.5, 0.5), (-1, 0.1)])
def test_fractions_that_leave_a_split_empty(tmp_path, fractions):
    with pytest.raises(ValueError, match="must be above 0 and below 1 together"):
        ImageFolderDataModule(tmp_path, val_fraction=fractions[0], test_fraction=fractions[1])


def test_too_few_pictures_to_draw_from(pack):
    with pytest.raises(ValueError, match=r"no usable (val|test) image; add images, or change"):
        ready(pack(flat(each=2)))


def test_on_bad_has_two_values(tmp_path):
    with pytest.raises(ValueError, match="on_bad must be 'error' or 'skip', got 'ignore'"):
        ImageFolderDataModule(tmp_path, on_bad="ignore")  # pyright: ignore[reportArgumentType]


# --- files that are no pictures


def bad_files() -> dict[str, bytes]:
    return {
        "train/cat/empty.jpg": b"",
        "train/dog/page.jpg": b"<!DOCTYPE html>",
        "val/dog/pointer.png": b"version https://git-lfs.github.com/spec/v1\n",
        "test/cat/cut.jpg": picture(3, "JPEG")[:-6],
    }


def test_all_bad_files_are_listed_with_reason_and_cure(pack):
    with pytest.raises(ValueError, match=r"4 of 22 files in .* are no usable images") as error:
        ready(pack({**in_splits(), **bad_files()}))
    lines = str(error.value).splitlines()
    reasons = ("empty: 0 bytes", "an HTML page", "Git-LFS", "cut off")
    for line, name, reason in zip(lines[1:5], bad_files(), reasons, strict=True):
        assert line.startswith(f"  {name}: ")
        assert reason in line
    assert "on_bad='skip'" in lines[5]


def test_ten_bad_files_are_named_and_the_rest_counted(pack):
    files = {f"train/cat/bad{i:02}.jpg": b"" for i in range(14)}
    with pytest.raises(ValueError, match=r"(?s)bad09.jpg.*… and 4 more") as error:
        ready(pack({**in_splits(), **files}))
    assert "bad10.jpg" not in str(error.value)


def test_bad_files_are_skipped_on_request_and_counted(pack):
    root = pack({**in_splits(), **bad_files()})
    with pytest.warns(UserWarning, match="4 of 22 files in .*; they are left out"):
        data = ready(root, on_bad="skip")
    assert [len(s) for s in (data.train_set, data.val_set, data.test_set)] == [6, 6, 6]


def test_a_class_that_loses_all_its_training_pictures_is_an_error(pack):
    files = {k: b"" if k.startswith("train/dog") else v for k, v in in_splits().items()}
    root = pack(files)
    with (
        pytest.warns(UserWarning, match="left out"),
        pytest.raises(ValueError, match=r"no usable train image of dog; add images$"),
    ):
        ready(root, on_bad="skip")


def test_hidden_files_and_folders_are_invisible(pack):
    hidden = (
        ".ipynb_checkpoints/x.png",
        "train/.cache/x.png",
        "train/cat/._0.png",
        "__MACOSX/y.png",
    )
    data = ready(pack({**in_splits(), **dict.fromkeys(hidden, b"rubbish")}))
    assert data.class_names == ("cat", "dog")
    assert len(data.train_set) == 6


def test_ignored_kinds_are_counted_once(pack, caplog):
    extra = (
        "train/cat/a.heic",
        "train/cat/b.HEIC",
        "val/dog/notes.txt",
        "test/cat/README",
        "train/x.png",
    )
    with caplog.at_level("INFO"):
        data = ready(pack({**in_splits(), **dict.fromkeys(extra, picture(500))}))
        data.setup("test")
    assert len(caplog.messages) == 1
    assert re.search("6 train, 6 val, 6 test images of 2 classes; .*left out: ", caplog.text)
    for what in ("2 .heic", "1 .txt", "1 files without an ending", "1 images in no class folder"):
        assert what in caplog.text


def test_the_same_picture_in_train_and_test_is_counted(pack):
    files = in_splits()
    files["test/dog/copy.png"] = files["train/cat/0.png"]
    root = pack(files)
    with pytest.warns(UserWarning, match="1 of 7 test images are also among the training"):
        ready(root)


def test_equal_sizes_are_not_taken_for_copies(pack):
    files = {name: picture(i, "BMP") for i, name in enumerate(in_splits())}
    ready(pack({name.replace("png", "bmp"): content for name, content in files.items()}))


def test_damage_that_only_decoding_finds_names_file_and_cure(pack):
    content = picture(7, "TIFF")
    data = ready(pack({**in_splits(), "train/cat/half.tif": content[: len(content) // 2 + 60]}))
    index = paths(data, "train").index("train/cat/half.tif")
    with pytest.raises(ValueError, match=r"(?s)photos.*train/cat/half\.tif: damaged.*delete this"):
        data.train_set[index]


def test_a_file_that_vanishes_is_named(tmp_path):
    data = ready(write(tmp_path, in_splits()))
    (tmp_path / "train/cat/1.png").unlink()
    with pytest.raises(ValueError, match=r"(?s)1\.png.*delete this file"):
        data.train_set[1]


def test_an_unreadable_file_is_listed(tmp_path, monkeypatch):
    write(tmp_path, in_splits())

    def refuse(self, path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(image_source.FolderSource, "open", refuse)
    with pytest.raises(ValueError, match=r"train/cat/0\.png: cannot be read: Permission denied"):
        ready(tmp_path)


def test_an_unreadable_folder_is_named(tmp_path, monkeypatch):
    write(tmp_path, in_splits())
    scan = os.scandir

    def refuse(path):
        if Path(path).name == "dog":
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(PermissionError, match=r"folder .*train/dog \(mode 7..\).*chmod u\+rx"):
        ready(tmp_path)


# --- links and zips


def test_links_are_followed_wherever_they_lead(tmp_path):
    cache = write(tmp_path / "cache", {"blob": picture(900), "cows/1.png": picture(901)})
    root = write(tmp_path / "root", in_splits())
    (root / "train/cat/out.png").symlink_to(cache / "blob")
    (root / "train/cow").symlink_to(cache / "cows")
    (root / "train/cat/inside.png").symlink_to(root / "train/cat/1.png")
    data = ready(root)
    assert data.class_names == ("cat", "cow", "dog")
    more = ["train/cat/inside.png", "train/cat/out.png", "train/cow/1.png"]
    assert sorted(set(paths(data, "train")) - set(in_splits())) == more
    label = data.train_set[paths(data, "train").index("train/cow/1.png")][1]
    assert label == 1


def test_links_in_a_circle_are_counted_and_not_followed(tmp_path, caplog):
    root = write(tmp_path / "root", in_splits())
    (root / "train/cat/loop").symlink_to(root / "train")
    (root / "train/around").symlink_to(root)
    with caplog.at_level("INFO"):
        data = ready(root)
    assert data.class_names == ("cat", "dog")
    assert len(data.train_set) == 6
    assert "2 links that lead in a circle" in caplog.text


def test_a_link_to_nothing_is_listed(tmp_path):
    root = write(tmp_path / "root", in_splits())
    (root / "train/cat/gone.png").symlink_to(tmp_path / "annex")
    with pytest.raises(ValueError, match=r"train/cat/gone\.png: cannot be read: a link to .*annex"):
        ready(root)


def test_a_pipe_among_the_pictures_is_not_waited_for(tmp_path):
    os.mkfifo(write(tmp_path, in_splits()) / "train/cat/pipe.png")
    assert len(ready(tmp_path).train_set) == 6


def test_a_link_to_the_root_is_fine(tmp_path):
    write(tmp_path / "real", in_splits())
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert len(ready(tmp_path / "link").train_set) == 6


@pytest.mark.parametrize(
    "name", ["../x.png", "a/../../x.png", "/etc/x.png", "C:\\x.png", "a\\..\\x"]
)
def test_zip_names_that_lead_out_are_refused(tmp_path, name):
    root = write_zip(tmp_path / "a.zip", [*in_splits(), name])
    with pytest.raises(ValueError, match="leads out of it; zip it again"):
        ImageFolderDataModule(root)


def test_windows_separators_in_a_zip_are_understood(tmp_path):
    root = write_zip(tmp_path / "a.zip", [name.replace("/", "\\") for name in in_splits()])
    assert ImageFolderDataModule(root).class_names == ("cat", "dog")


def test_huge_zip_entries_are_refused(tmp_path, monkeypatch):
    root = write_zip(tmp_path / "a.zip", list(in_splits()))
    monkeypatch.setattr(image_source, "MAX_FILE_BYTES", 10)
    with pytest.raises(ValueError, match=r"holds 'train/cat/0.png' of \d+ bytes, at most 10 are"):
        ImageFolderDataModule(root)


def test_an_encrypted_zip_is_refused(tmp_path):
    root = write_zip(tmp_path / "a.zip", list(in_splits()))
    content = bytearray(root.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1  # the flag in the first central entry
    root.write_bytes(content)
    with pytest.raises(ValueError, match=r"is encrypted .*; unpack it"):
        ImageFolderDataModule(root)


def test_an_incomplete_zip_is_refused(tmp_path):
    root = write_zip(tmp_path / "a.zip", list(in_splits()))
    root.write_bytes(root.read_bytes()[:-40])
    with pytest.raises(ValueError, match=r"no complete zip .*download or zip it again"):
        ImageFolderDataModule(root)


def test_a_damaged_zip_entry_is_listed(tmp_path):
    root = zip_folder(write(tmp_path / "a", {**in_splits(), "val/cat/z.png": picture(999)}))
    with zipfile.ZipFile(root) as file:
        offset = file.getinfo("val/cat/z.png").header_offset + 30 + len("val/cat/z.png") + 20
    content = bytearray(root.read_bytes())
    content[offset] ^= 0xFF
    root.write_bytes(content)
    with pytest.raises(ValueError, match=r"val/cat/z\.png: cannot be read: damaged inside the zip"):
        ready(root)


def test_loader_processes_read_the_same_pictures(pack):
    data = ready(pack(in_splits()), augment=False)
    data.num_workers = 2
    [*_, (images, _)] = data.val_dataloader()
    assert torch.equal(images, data.normalize(torch.stack([data.val_set[i][0] for i in (4, 5)])))


def test_sets_are_pickled_without_pictures_and_open_files(pack):
    data = ready(pack(in_splits()), augment=False)
    before = len(pickle.dumps(data.train_set))
    wanted, _ = data.train_set[0]
    assert len(pickle.dumps(data.train_set)) == before
    assert torch.equal(pickle.loads(pickle.dumps(data.train_set))[0][0], wanted)


# --- what the network sees


@pytest.mark.parametrize("size", [(50, 20), (20, 50), (8, 8), (3, 40), (1, 1), (300, 3)])
@pytest.mark.parametrize("augment", [True, False])
def test_every_size_ends_as_the_same_square(tmp_path, size, augment):
    write(tmp_path, in_splits())
    Image.new("RGB", size).save(tmp_path / "train/cat/0.png")
    image, _ = ready(tmp_path, augment=augment).train_set[0]
    assert (image.dtype, image.shape) == (torch.uint8, (3, 8, 8))


def test_batches_are_normalized_floats(pack):
    images, labels = next(iter(ready(pack(in_splits())).train_dataloader()))
    assert (images.dtype, images.shape) == (torch.float32, (4, 3, 8, 8))
    assert labels.dtype == torch.int64
    assert images.min() < 0 < images.max()


def test_augmentation_varies_training_pictures_only(tmp_path):
    write(tmp_path, in_splits())
    for split in ("train", "val"):
        Image.radial_gradient("L").save(tmp_path / split / "cat/0.png")
    with pytest.warns(UserWarning, match="also among the training"):
        data = ready(tmp_path)
    assert not torch.equal(data.train_set[0][0], data.train_set[0][0])
    assert torch.equal(data.val_set[0][0], data.val_set[0][0])


def test_augmentation_can_be_switched_off(pack):
    data = ready(pack(in_splits()), augment=False)
    assert torch.equal(data.train_set[0][0], data.train_set[0][0])


def test_evaluation_sees_what_predict_sees(tmp_path):
    write(tmp_path, in_splits())
    Image.radial_gradient("L").save(tmp_path / "test/cat/0.jpg")
    Image.radial_gradient("L").save(tmp_path / "test/cat/0.png")
    data = ready(tmp_path)
    for i in range(2):
        seen = eval_transform(8)(load_image(tmp_path / paths(data, "test")[i]))
        assert torch.equal(data.test_set[i][0], seen)


def test_a_picture_is_decoded_once_while_there_is_room(pack):
    data = ready(pack(in_splits()))
    kept, _ = data.train_set._read(0)
    assert data.train_set._kept[0][0] is kept


def test_without_room_pictures_are_decoded_each_time(pack):
    data = ready(pack(in_splits()), augment=False)
    data.train_set.budget.left = 0
    assert torch.equal(data.train_set[0][0], data.train_set[0][0])
    assert not data.train_set._kept


def test_all_splits_share_one_budget(pack):
    data = ready(pack(in_splits()), augment=False)
    before = data.test_set.budget.left
    data.train_set[0], data.train_set[0], data.val_set[1]
    assert before - data.test_set.budget.left == 2 * 3 * 8 * 8


# --- license, imports, real photos


def test_license_and_citation_come_from_files(pack):
    files = {
        **in_splits(),
        "LICENSE.txt": b"\nCC0 1.0\n\nUniversal\nMore",
        "CITATION": b"# Me, 2026",
    }
    data = ImageFolderDataModule(pack(files))
    assert (data.license, data.citation) == ("CC0 1.0, Universal", "Me, 2026")


def test_an_unknown_license_says_whom_to_ask(pack):
    root = pack(in_splits())
    assert ImageFolderDataModule(root).license == f"unknown: check with the owner of {root}"


def test_the_module_adds_nothing_heavy_to_what_lightning_imports():
    code = (
        "import sys, lightning.pytorch; before = set(sys.modules);"
        "import lecture_nets.data.image_folder, lecture_nets.data.torchvision_sets;"
        "new = {name.split('.')[0] for name in set(sys.modules) - before};"
        "assert not new & {'matplotlib', 'torchvision', 'timm', 'scipy'}, new"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_real_photos_have_the_published_counts(photos_zip):
    data = ImageFolderDataModule(photos_zip, image_size=96, batch_size=16)
    data.setup()
    assert [len(s) for s in (data.train_set, data.val_set, data.test_set)] == [3068, 341, 372]
    assert data.class_names[0] == "dress"
    assert "CC0" in data.license
    images, labels = next(iter(data.train_dataloader()))
    assert images.shape == (16, 3, 96, 96)
    assert -1 < images.mean() < 1.5
    assert labels.max() < 10
