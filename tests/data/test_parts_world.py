"""PartsWorld: same images everywhere, arguments that act, truth that fits, known difficulty."""

import hashlib
import re
import socket
import sys
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from lecture_nets.data import parts_world
from lecture_nets.data.parts_world import (
    BODY,
    CLASS_NAMES,
    OBJECTS,
    OCCLUDER,
    PARTS,
    TEXTURES,
    PartsWorld,
    PartsWorldDataModule,
)
from lecture_nets.data.parts_world.dataset import draw_split

SMALL = {"image_size": 32, "train_size": 40, "val_size": 20, "test_size": 20, "batch_size": 10}

# sha256 of each image's bytes at 64 px, seed 0, easy; first eight digits.
HASHES = {
    "train": "79ade160 88f3261c dc02354e b2af0691 61e96afe 9199de7d dff8908d 95fcb7b3 "
    "d90dc52f a3df02fb 5f1f6b8f 5704f1b2 f6ef587e 9c520166 b082391c 59ecbf2e",
    "val": "d3f13d68 46398d1a 42be4719 02a720aa 13743df5 ee59fc1f b6902e52 89876e33 "
    "b2b1bf43 56f8d266 e4fb63fe c838177d e8e26bb9 b40960f6 c679fb8f f2f91c28",
    "test": "d59faa4b 60633638 babc37d6 2fbf3e10 c4b1c94c d2734574 46a70411 9610c468 "
    "4f9c1aa4 83be5db4 caecb077 cccb45fa 73a567f1 6dd18e2b 9c115a05 8c572c72",
}


def part_counts(class_name: str) -> Counter[str]:
    return Counter(place.part for place in OBJECTS[class_name].parts)


def own_parts(truth: dict, index: int) -> torch.Tensor:
    """Part ids ``(S, S)`` with clutter blanked."""
    return truth["parts"][index] * ~truth["loose"][index]


def all_truth(split: PartsWorld) -> dict:
    return torch.utils.data.default_collate([split[index][2] for index in range(len(split))])


def ridge_accuracy(train: PartsWorld, test: PartsWorld) -> float:
    def features(split: PartsWorld) -> torch.Tensor:
        small = F.adaptive_avg_pool2d(split.images.double() / 255 - 0.5, 16).flatten(1)
        return F.pad(small, (0, 1), value=1)

    x, targets = features(train), F.one_hot(train.labels, 10).double()
    weights = torch.linalg.solve(x.T @ x + 30 * torch.eye(x.shape[1], dtype=x.dtype), x.T @ targets)
    return ((features(test) @ weights).argmax(1) == test.labels).double().mean().item()


@pytest.mark.parametrize("split", HASHES)
def test_first_images_are_the_same_on_every_machine(split):
    images = PartsWorld(split, 16, 64).images
    found = [hashlib.sha256(image.numpy().tobytes()).hexdigest()[:8] for image in images]
    assert " ".join(found) == HASHES[split]


def test_an_image_depends_on_neither_size_nor_order():
    few, many = PartsWorld("train", 5, 32), PartsWorld("train", 12, 32)
    assert torch.equal(few.images, many.images[:5])
    draw_split.cache_clear()
    backwards = [PartsWorld("val", 3, 32)[index][0] for index in (2, 1, 0)]
    draw_split.cache_clear()
    forwards = [PartsWorld("val", 3, 32)[index][0] for index in (0, 1, 2)]
    assert all(map(torch.equal, backwards, reversed(forwards)))


def test_truth_does_not_change_the_image():
    plain = PartsWorld("train", 8, 32).images
    assert torch.equal(plain, PartsWorld("train", 8, 32, return_truth=True).images)


def test_a_second_module_does_not_draw_again():
    modules = [PartsWorldDataModule(**SMALL) for _ in range(2)]
    for module in modules:
        module.setup("fit")
    assert modules[0].train_set.images is modules[1].train_set.images


@pytest.mark.parametrize(
    "change", [{"seed": 1}, {"texture_bias": 1.0}, {"difficulty": "hard"}, {"split": "val"}]
)
def test_every_argument_changes_the_images(change):
    settings = {"split": "train", "size": 10, "image_size": 32}
    before, after = PartsWorld(**settings).images, PartsWorld(**settings | change).images
    assert not any(map(torch.equal, before, after))


def test_module_arguments_reach_the_sets():
    module = PartsWorldDataModule(
        33, 7, 30, 20, 10, 5, 0.5, 1.0, "hard", return_truth=True, augment=False
    )
    module.setup("fit")
    module.setup("test")
    assert [len(s) for s in (module.train_set, module.val_set, module.test_set)] == [30, 20, 10]
    train = PartsWorld("train", 30, 33, 5, 0.5, 1.0, "hard", return_truth=True)
    assert torch.equal(module.train_set.images, train.images)
    assert torch.equal(module.train_set.labels, train.labels)
    images, labels, truth = next(iter(module.train_dataloader()))
    assert images.shape == (7, 3, 33, 33)
    assert labels.shape == (7,)
    assert truth["parts"].shape == truth["loose"].shape == truth["texture"].shape == (7, 33, 33)
    assert truth["box"].shape == (7, 4)
    assert torch.equal(module.train_set[3][0], train.images[3])


def test_only_the_stage_asked_for_is_drawn():
    module = PartsWorldDataModule(**SMALL)
    module.setup("test")
    assert not hasattr(module, "train_set")
    module.setup("fit")
    assert len(module.train_set) == 40


def test_classes_take_turns():
    assert PartsWorld("test", 20, 32).labels.tolist() == [*range(10), *range(10)]


def test_label_noise_strikes_the_share_asked_for_in_train_only():
    module = PartsWorldDataModule(32, 10, 1000, 20, 20, label_noise=0.3)
    module.setup()
    wrong = module.train_set.labels != module.train_set.true_labels
    assert 0.25 < wrong.double().mean() < 0.35
    # All nine wrong labels occur.
    shifts = (module.train_set.labels - module.train_set.true_labels) % 10
    assert sorted(shifts.unique().tolist()) == list(range(10))
    assert torch.equal(module.val_set.labels, module.val_set.true_labels)
    assert torch.equal(module.test_set.labels, module.test_set.true_labels)
    again = PartsWorld("train", 1000, 32, label_noise=0.3)
    assert torch.equal(again.labels, module.train_set.labels)
    assert torch.equal(PartsWorld("train", 50, 32, label_noise=0.3).labels, again.labels[:50])
    assert module.train_set[int(wrong.nonzero()[0])][1] == module.train_set.labels[wrong][0]


def test_texture_bias_ties_texture_to_class():
    tied = PartsWorld("train", 200, 32, texture_bias=1.0)
    assert torch.equal(tied.textures[:, 1], tied.labels % len(TEXTURES))
    half = PartsWorld("train", 200, 32, texture_bias=0.5)
    assert 0.45 < (half.textures[:, 1] == half.labels % len(TEXTURES)).double().mean() < 0.7
    free = PartsWorld("train", 200, 32)
    assert (free.textures[:, 1] == free.labels % len(TEXTURES)).double().mean() < 0.25


def test_texture_bias_leaves_the_background_alone():
    tied = PartsWorld("train", 20, 64, texture_bias=1.0, return_truth=True)
    free = PartsWorld("train", 20, 64, return_truth=True)
    assert torch.equal(tied.textures[:, 0], free.textures[:, 0])
    background = (tied.maps[:, :1] == 0).expand_as(tied.images)
    same = tied.images == free.images
    # Pixels at the object's rim are mixed with its color.
    assert same[background].double().mean() > 0.9
    assert same[~background].double().mean() < 0.6


@pytest.mark.parametrize("difficulty", ["easy", "hard"])
def test_truth_fits_the_object(difficulty):
    split = PartsWorld("train", 100, 64, difficulty=difficulty, return_truth=True)
    truth = all_truth(split)
    assert truth["parts"].max() <= OCCLUDER
    assert truth["texture"].max() < len(TEXTURES)
    in_full_view = 0
    for index, label in enumerate(split.labels.tolist()):
        own, everything = own_parts(truth, index), truth["parts"][index]
        allowed = {0, BODY, OCCLUDER} | {
            PARTS.index(p) + 1 for p in part_counts(CLASS_NAMES[label])
        }
        assert set(own.unique().tolist()) <= allowed
        assert (own == BODY).any()
        if not (everything == OCCLUDER).any():
            in_full_view += 1
            assert allowed - {0, OCCLUDER} == set(own.unique().tolist()) - {0}
        x0, y0, x1, y1 = truth["box"][index].tolist()
        visible = (own > 0) & (own != OCCLUDER)
        assert visible[y0:y1, x0:x1].sum() == visible.sum()
        assert visible[y0:y1, x0].any()
        assert visible[y0, x0:x1].any()
        body = own == BODY
        assert (truth["texture"][index][body] == truth["body_texture"][index]).all()
    assert in_full_view > (60 if difficulty == "easy" else 20)


def test_truth_moves_with_the_augmented_image():
    plain = PartsWorld("train", 20, 64, return_truth=True)
    moved = PartsWorld("train", 20, 64, return_truth=True, augment=True)
    torch.manual_seed(0)
    changed = 0
    for index in range(20):
        image, _, truth = moved[index]
        still, _, still_truth = plain[index]
        changed += not torch.equal(image, still)
        # Body pixels keep their mean color only where the mask has moved along.
        colors, still_colors = (
            picture[:, t["parts"] == BODY].double().mean(1)
            for picture, t in ((image, truth), (still, still_truth))
        )
        assert (colors - still_colors).abs().max() < 12
    assert changed > 15


def test_augmentation_follows_torch_seed():
    split = PartsWorld("train", 10, 32, augment=True)
    runs = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        runs.append(torch.stack([split[index][0] for index in range(10)]))
    assert torch.equal(runs[0], runs[1])
    assert not torch.equal(runs[0], runs[2])


def test_loader_gives_normalized_batches():
    module = PartsWorldDataModule(64, 50, 200, 20, 20)
    module.setup("fit")
    images, labels = next(iter(module.train_dataloader()))
    assert images.dtype == torch.float32
    assert images.shape == (50, 3, 64, 64)
    assert labels.dtype == torch.int64
    everything = torch.cat([images for images, _ in module.train_dataloader()])
    assert everything.mean((0, 2, 3)).abs().max() < 0.15
    assert (everything.std((0, 2, 3)) - 1).abs().max() < 0.15


def test_four_pairs_of_classes_differ_in_layout_only():
    pairs = [
        pair
        for pair in combinations(CLASS_NAMES, 2)
        if part_counts(pair[0]) == part_counts(pair[1])
    ]
    assert pairs == [("car", "bus"), ("house", "tower"), ("fish", "bird"), ("flower", "tree")]


def test_every_part_occurs_in_several_classes():
    for part in PARTS:
        assert sum(part in part_counts(name) for name in CLASS_NAMES) >= 2, part


def test_raw_pixels_do_not_tell_the_class():
    assert ridge_accuracy(PartsWorld("train", 1000, 64), PartsWorld("test", 300, 64)) < 0.35


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"difficulty": "medium"}, r"'medium'.*There are: easy, hard"),
        ({"label_noise": 1.5}, "label_noise=1.5.*0 to 1"),
        ({"texture_bias": -0.1}, "texture_bias=-0.1.*0 to 1"),
        ({"train_size": 0}, "train_size=0.*at least 1"),
        ({"val_size": 0}, "val_size=0"),
        ({"test_size": -3}, "test_size=-3"),
        ({"batch_size": 0}, "batch_size=0"),
        ({"image_size": 31}, "image_size=31.*at least 32"),
        ({"seed": -1}, "seed=-1"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        PartsWorldDataModule(**arguments)


def test_unknown_split_is_named():
    with pytest.raises(ValueError, match=r"'dev'.*There are: train, val, test"):
        PartsWorld("dev", 4, 32)


def test_drawing_needs_no_network(monkeypatch):
    def refuse(*_):
        raise AssertionError("opened a socket")

    monkeypatch.setattr(socket, "socket", refuse)
    draw_split.cache_clear()
    PartsWorldDataModule(**SMALL).setup()


def test_only_torch_and_drawing_libraries_are_imported():
    # Lightning loads matplotlib and torchvision itself, so sys.modules cannot tell.
    sources = "".join(path.read_text() for path in Path(parts_world.__file__).parent.glob("*.py"))
    imported = set(re.findall(r"^(?:from|import) (\w+)", sources, re.MULTILINE))
    third_party = imported - set(sys.stdlib_module_names)
    assert third_party == {"PIL", "lecture_nets", "numpy", "torch"}
