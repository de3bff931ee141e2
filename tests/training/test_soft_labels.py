"""Soft labels of mixup and CutMix, of torchvision and timm, train every module."""

from functools import partial

import pytest
import torch
from timm.data.mixup import Mixup
from torch.utils.data import DataLoader, default_collate
from torchvision.transforms import v2

from lecture_nets import LabelSmoothing, RecordGrowth, ShallowSVMModule
from lecture_nets.training import MODULES, ImageClassifier
from lecture_nets.training.checks import check_labels, hard_labels

from .test_modules import small

MIXERS = {
    "MixUp": lambda: v2.MixUp(num_classes=10),
    "CutMix": lambda: v2.CutMix(num_classes=10),
    "timm": lambda: Mixup(cutmix_alpha=1.0, num_classes=10, label_smoothing=0.1),
}
CROSS_ENTROPY = [name for name in MODULES if name != "ShallowSVMModule"]


def collate(mix, samples):
    return mix(*default_collate(samples))


@pytest.fixture
def mixed(loader):
    def make(mixer: str, size: int = 75) -> DataLoader:
        return loader(size=size, collate_fn=partial(collate, MIXERS[mixer]()))

    return make


@pytest.fixture
def seen(monkeypatch):
    """Logits, labels and losses of the training steps, as the criterion gets them."""
    calls = []
    forward = torch.nn.CrossEntropyLoss.forward

    def note(self, logits, labels):
        loss = forward(self, logits, labels)
        calls.append((logits.detach(), labels, loss.detach()))
        return loss

    monkeypatch.setattr(torch.nn.CrossEntropyLoss, "forward", note)
    return calls


@pytest.mark.parametrize("name", CROSS_ENTROPY)
def test_every_module_trains_on_mixed_images(name, mixed, quiet_trainer):
    module, trainer = small(name), quiet_trainer()
    before = torch.cat([x.detach().flatten().clone() for x in module.parameters()])
    trainer.fit(module, mixed("MixUp"), mixed("CutMix"))
    assert set(trainer.callback_metrics) >= {"train_loss", "train_acc", "val_loss", "val_top5"}
    after = torch.cat([x.detach().flatten() for x in module.parameters()])
    assert after.isfinite().all()
    assert not torch.equal(before, after)


@pytest.mark.parametrize("mixer", MIXERS)
@pytest.mark.parametrize("epsilon", [None, 0.0, 0.2])
def test_mixed_labels_reach_the_loss_smoothed_further_or_not(
    mixer, epsilon, mixed, seen, quiet_trainer
):
    callbacks = [] if epsilon is None else [LabelSmoothing(epsilon)]
    trainer = quiet_trainer(callbacks=callbacks, num_sanity_val_steps=0)
    trainer.fit(small("AlexNetModule"), mixed(mixer))
    assert len(seen) == 2
    for _, labels, _ in seen:
        assert labels.shape == (4, 10)
        torch.testing.assert_close(labels.sum(dim=1), torch.ones(4))
        lowest = (0.1 if mixer == "timm" else 0.0) / 10  # timm smooths by itself
        expected = (1 - (epsilon or 0)) * lowest + (epsilon or 0) / 10
        assert labels.min().item() == pytest.approx(expected, abs=1e-6)


def test_inception_v3_smooths_mixed_labels_in_its_auxiliary_head_too(mixed, seen, quiet_trainer):
    quiet_trainer(num_sanity_val_steps=0).fit(small("InceptionV3Module"), mixed("MixUp"))
    assert len(seen) == 4
    assert all(labels.min().item() == pytest.approx(0.01) for _, labels, _ in seen)


def test_validation_sees_soft_labels_as_they_are(mixed, seen, quiet_trainer):
    quiet_trainer().validate(small("InceptionV3Module"), mixed("MixUp"), verbose=False)
    assert len(seen) == 2
    assert all(labels.min().item() == 0 for _, labels, _ in seen)


def test_accuracy_counts_the_class_with_the_largest_share(quiet_trainer):
    images = torch.randn(6, 3, 64, 64)
    module = small("AlexNetModule").eval()
    right = module(images).argmax(dim=1)
    wrong = (right + 1) % 10
    one_hot = torch.nn.functional.one_hot
    soft = 0.6 * one_hot(right, 10) + 0.4 * one_hot(wrong, 10)
    soft[:2] = 0.4 * one_hot(right[:2], 10) + 0.6 * one_hot(wrong[:2], 10)
    data = DataLoader([*zip(images, soft, strict=True)], batch_size=3)
    (result,) = quiet_trainer().validate(module, data, verbose=False)
    assert result["val_acc"] == pytest.approx(4 / 6)
    loss = torch.nn.functional.cross_entropy(module.eval()(images), soft)
    assert result["val_loss"] == pytest.approx(loss.item(), rel=1e-5)


def test_a_squared_hinge_cannot_mean_them(mixed, quiet_trainer):
    with pytest.raises(ValueError, match=r"SquaredHinge.*float32.*\(4, 10\).*mixup and CutMix"):
        quiet_trainer().fit(ShallowSVMModule(width=0.0625), mixed("MixUp"))


def test_a_criterion_of_ones_own_gets_them(mixed, quiet_trainer):
    class Distance(torch.nn.Module):
        def forward(self, logits, labels):
            assert labels.shape == logits.shape
            return (logits - labels).square().mean()

    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 75 * 75, 10))
    module = ImageClassifier(net, num_classes=10, criterion=Distance(), lr=1e-6)
    quiet_trainer().fit(module, mixed("MixUp"))


def test_growth_is_recorded_beside_soft_labels(mixed, quiet_trainer):
    growth = RecordGrowth(1)
    quiet_trainer(callbacks=[growth]).fit(small("AlexNetModule"), mixed("MixUp"))
    assert len(growth.moments) == 3


def test_both_kinds_of_labels_by_hand():
    soft = torch.tensor([[0.2, 0.8], [0.7, 0.3]])
    assert check_labels(soft, 2) is soft
    assert check_labels(torch.tensor([1, 0], dtype=torch.int32), 2).dtype == torch.int64
    assert hard_labels(soft).tolist() == [1, 0]
    assert hard_labels(torch.tensor([1, 0], dtype=torch.uint8)).dtype == torch.int64
