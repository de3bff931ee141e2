"""Smoothed labels: the formula, and that only training steps see them."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from lightning.pytorch import LightningModule
from torch import nn
from torch._dynamo.utils import counters
from torch.utils.data import DataLoader

from lecture_nets.callbacks import LabelSmoothing, smooth_labels
from lecture_nets.training import ShallowSVMModule

PRIOR = [0.19, *[0.09] * 9]  # of the ten classes of the loader


def test_the_papers_example():
    smoothed = smooth_labels(torch.tensor([7]), 1000, 0.1)[0]
    assert smoothed[7].item() == pytest.approx(0.9001)
    assert smoothed[0].item() == pytest.approx(0.0001)


def drawn(classes: int, seed: int) -> tuple[torch.Tensor, torch.Tensor, list[float]]:
    """Logits (5, K), targets (5,) and a prior over K classes."""
    draw = torch.Generator().manual_seed(seed)
    logits = torch.randn(5, classes, generator=draw)
    targets = torch.randint(classes, (5,), generator=draw)
    return logits, targets, torch.rand(classes, generator=draw).softmax(0).tolist()


properties = settings(derandomize=True, deadline=None, max_examples=100, database=None)
some = (st.integers(2, 12), st.floats(0, 0.99), st.integers(0, 10_000))


@properties
@given(*some)
def test_cross_entropy_with_them_is_torchs_own(classes, epsilon, seed):
    logits, targets, _ = drawn(classes, seed)
    ours = nn.functional.cross_entropy(logits, smooth_labels(targets, classes, epsilon))
    theirs = nn.functional.cross_entropy(logits, targets, label_smoothing=epsilon)
    torch.testing.assert_close(ours, theirs)


@properties
@given(*some)
def test_distributions_are_smoothed_as_the_labels_they_mix(classes, epsilon, seed):
    _, targets, prior = drawn(classes, seed)
    hard = nn.functional.one_hot(targets, classes).float()
    mixed = 0.3 * hard + 0.7 * hard.roll(1, 0)
    for u in (None, prior):
        smoothed = smooth_labels(targets, classes, epsilon, u)
        torch.testing.assert_close(smooth_labels(hard, classes, epsilon, u), smoothed)
        ours = smooth_labels(mixed, classes, epsilon, u)
        torch.testing.assert_close(ours, 0.3 * smoothed + 0.7 * smoothed.roll(1, 0))


def test_further_axes_stay():
    targets = torch.randint(5, (2, 3, 4))
    smoothed = smooth_labels(targets, 5, 0.2, [0.1, 0.2, 0.3, 0.2, 0.2])
    assert smoothed.shape == (2, 5, 3, 4)
    alone = smooth_labels(targets[1, 2, 3][None], 5, 0.2, [0.1, 0.2, 0.3, 0.2, 0.2])
    torch.testing.assert_close(smoothed[1, :, 2, 3], alone[0])


@pytest.mark.parametrize("shape", [(3,), (3, 4), (3, 1)])
def test_distributions_over_other_classes(shape):
    with pytest.raises(ValueError, match=r"torch.float32 targets.*shape \(N, 5\)"):
        smooth_labels(torch.ones(shape), 5, 0.1)


@properties
@given(*some)
def test_a_prior_gives_the_papers_general_form(classes, epsilon, seed):
    logits, targets, prior = drawn(classes, seed)
    smoothed = smooth_labels(targets, classes, epsilon, prior)
    torch.testing.assert_close(smoothed.sum(dim=1), torch.ones(5))
    # Section 7: H(q', p) = (1 - ε) H(q, p) + ε H(u, p)
    ours = nn.functional.cross_entropy(logits, smoothed)
    against_prior = -(logits.log_softmax(1) @ torch.tensor(prior)).mean()
    hard = nn.functional.cross_entropy(logits, targets)
    torch.testing.assert_close(ours, (1 - epsilon) * hard + epsilon * against_prior)


@properties
@given(*some)
def test_an_even_prior_is_none(classes, epsilon, seed):
    _, targets, _ = drawn(classes, seed)
    even = smooth_labels(targets, classes, epsilon, [1 / classes] * classes)
    torch.testing.assert_close(even, smooth_labels(targets, classes, epsilon))


@pytest.mark.parametrize("epsilon", [-0.1, 1.0, 1.5, float("nan"), float("inf")])
def test_epsilon_outside_its_range(epsilon):
    with pytest.raises(ValueError, match="0 <= epsilon < 1"):
        LabelSmoothing(epsilon)
    with pytest.raises(ValueError, match="0 <= epsilon < 1"):
        smooth_labels(torch.tensor([0]), 3, epsilon)


@pytest.mark.parametrize("prior", [[0.5, 0.6], [1.5, -0.5], [float("nan"), 1.0], []])
def test_a_prior_that_is_no_distribution(prior):
    with pytest.raises(ValueError, match="none below 0 and sum 1"):
        LabelSmoothing(prior=prior)
    with pytest.raises(ValueError, match="none below 0 and sum 1"):
        smooth_labels(torch.tensor([0]), 2, 0.1, prior)


def test_one_class_cannot_be_smoothed():
    with pytest.raises(ValueError, match="at least 2"):
        smooth_labels(torch.tensor([0]), 1, 0.1)


class Stranger(LightningModule):
    """Plain Lightning, nothing of ours; notes the loss of each step beside the plain one."""

    def __init__(self, criterion: nn.Module | None = None, *, classes: int = 10):
        super().__init__()
        self.layer = nn.Linear(3 * 64 * 64, classes)
        self.criterion = criterion or nn.CrossEntropyLoss()
        self.seen = {"train": [], "val": [], "test": []}

    def loss(self, stage, batch):
        images, labels = batch
        logits = self.layer(images.flatten(1))
        loss = self.criterion(logits, target=labels)
        self.seen[stage].append((loss.item(), logits.detach(), labels))
        return loss

    def training_step(self, batch, batch_idx):
        return self.loss("train", batch)

    def validation_step(self, batch, batch_idx):
        self.loss("val", batch)

    def test_step(self, batch, batch_idx):
        self.loss("test", batch)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.01)


def smoothing_of(seen, epsilon, prior) -> set[bool]:
    """Whether losses were smoothed; an error where they were neither smoothed nor plain."""
    answers = set()
    for loss, logits, labels in seen:
        smoothed = nn.functional.cross_entropy(logits, smooth_labels(labels, 10, epsilon, prior))
        plain = nn.functional.cross_entropy(logits, labels)
        assert loss == pytest.approx(smoothed.item()) or loss == pytest.approx(plain.item())
        answers.add(loss == pytest.approx(smoothed.item()))
    return answers


@pytest.mark.parametrize("prior", [None, PRIOR])
def test_training_steps_see_them_and_nothing_else_does(prior, quiet_trainer, loader):
    module, callback = Stranger(), LabelSmoothing(0.2, prior)
    trainer = quiet_trainer(callbacks=[callback], max_epochs=2, val_check_interval=1)
    trainer.fit(module, loader(), loader())  # with a sanity check, and validation after each batch
    trainer.test(module, loader(), verbose=False)
    assert len(module.seen["val"]) == 10
    answers = {stage: smoothing_of(seen, 0.2, prior) for stage, seen in module.seen.items()}
    assert answers == {"train": {True}, "val": {False}, "test": {False}}


class FailsSecond(nn.CrossEntropyLoss):
    calls = 0

    def forward(self, input, target):
        self.calls += 1
        if self.calls == 2:
            raise RuntimeError("the user's own error")
        return super().forward(input, target)


@pytest.mark.parametrize("prior", [None, PRIOR])
@pytest.mark.parametrize("criterion", [nn.CrossEntropyLoss, FailsSecond])
def test_nothing_is_left_behind(criterion, prior, quiet_trainer, loader):
    module = Stranger(criterion())
    trainer = quiet_trainer(callbacks=[LabelSmoothing(0.2, prior)])
    if criterion is FailsSecond:
        with pytest.raises(RuntimeError, match="the user's own error"):
            trainer.fit(module, loader(), loader())
    else:
        trainer.fit(module, loader(), loader())
    assert module.criterion.label_smoothing == 0
    assert not module.criterion._forward_pre_hooks
    assert not module.criterion._forward_hooks


@pytest.mark.parametrize(
    ("error", "said", "module", "callback"),
    [
        (TypeError, "found MSELoss", Stranger(nn.MSELoss()), LabelSmoothing()),
        (TypeError, "found SquaredHinge.*no distr", ShallowSVMModule(width=0.1), LabelSmoothing()),
        (
            ValueError,
            "smooths labels by 0.3 already",
            Stranger(nn.CrossEntropyLoss(label_smoothing=0.3)),
            LabelSmoothing(),
        ),
        (ValueError, "prior has 2 shares for 10", Stranger(), LabelSmoothing(prior=[0.5, 0.5])),
        (ValueError, "at least 2 classes, found 1", Stranger(classes=1), LabelSmoothing()),
    ],
)
def test_what_does_not_fit_is_refused(error, said, module, callback, quiet_trainer, loader):
    with pytest.raises(error, match=said):
        quiet_trainer(callbacks=[callback]).fit(module, loader(classes=1), loader(classes=1))


def test_an_epsilon_of_zero_asks_for_nothing(quiet_trainer, loader):
    quiet_trainer(callbacks=[LabelSmoothing(0)]).fit(ShallowSVMModule(width=0.1), loader())


@pytest.mark.parametrize("prior", [None, PRIOR])
def test_soft_labels_are_smoothed_further(prior, quiet_trainer, loader):
    batches = [(images, torch.rand(4, 10).softmax(1)) for images, _ in loader()]
    module, data = Stranger(), DataLoader(batches, batch_size=None)
    quiet_trainer(callbacks=[LabelSmoothing(0.2, prior)]).fit(module, data, data)
    assert smoothing_of(module.seen["train"], 0.2, prior) == {True}
    assert smoothing_of(module.seen["val"], 0.2, prior) == {False}


CRITERIA = {
    "plain": {},
    "weights": dict(weight=torch.linspace(0.5, 3, 10)),
    "ignores": dict(ignore_index=2),
    "ignores-weights": dict(ignore_index=2, weight=torch.linspace(0.5, 3, 10)),
    "sum": dict(reduction="sum", ignore_index=2, weight=torch.linspace(0.5, 3, 10)),
    "negative": dict(ignore_index=-7),
    "each": dict(reduction="none", ignore_index=2),
}


def trained_beside_torch(options, batches, quiet_trainer) -> tuple[list, list]:
    """Losses of three epochs: by our callback, and by torch's own ``label_smoothing``."""
    losses = []
    for smoothing, callbacks in ((0.0, [LabelSmoothing(0.2)]), (0.2, [])):
        torch.manual_seed(0)
        module = Averaging(nn.CrossEntropyLoss(label_smoothing=smoothing, **options))
        data = DataLoader(batches, batch_size=None)
        quiet_trainer(callbacks=callbacks, max_epochs=3).fit(module, data, data)
        assert module.criterion.ignore_index == options.get("ignore_index", -100)
        losses.append([loss for loss, *_ in module.seen["train"]])
    return losses[0], losses[1]


class Averaging(Stranger):
    """Also where the criterion gives a loss for each label."""

    def loss(self, stage, batch):
        loss = self.criterion(self.layer(batch[0].flatten(1)), batch[1]).mean()
        self.seen[stage].append((loss.item(), None, None))
        return loss


@pytest.mark.parametrize("name", CRITERIA)
def test_losses_equal_torchs_own(name, quiet_trainer, loader):
    absent = CRITERIA[name].get("ignore_index", -100)
    batches = [(images, labels.where(labels != 2, absent)) for images, labels in loader()]
    ours, theirs = trained_beside_torch(CRITERIA[name], batches, quiet_trainer)
    assert len(ours) == 6
    assert ours == pytest.approx(theirs, rel=1e-6)


class IgnoresOne(FailsSecond):
    """Fails, and ignores the class 2."""

    def __init__(self):
        super().__init__(ignore_index=2)


def test_the_class_to_ignore_is_put_back_after_a_failure(quiet_trainer, loader):
    module = Stranger(IgnoresOne())
    trainer = quiet_trainer(callbacks=[LabelSmoothing(0.2)], num_sanity_val_steps=0)
    with pytest.raises(RuntimeError, match="the user's own error"):
        trainer.fit(module, loader(), loader())
    assert trainer.global_step == 1
    assert module.criterion.ignore_index == 2
    assert not module.criterion._forward_hooks


class Compilable(Stranger):
    def loss(self, stage, batch):
        return self.criterion(self.layer(batch[0].flatten(1)), batch[1])


@pytest.mark.parametrize("prior", [None, PRIOR])
def test_under_compile_it_costs_at_most_two_graphs(prior, quiet_trainer, loader):
    graphs = []
    for callbacks in ([], [LabelSmoothing(0.2, prior)]):
        torch._dynamo.reset()
        counters.clear()
        module = torch.compile(Compilable(), backend="eager")
        quiet_trainer(callbacks=callbacks, max_epochs=3).fit(module, loader(), loader())
        graphs.append(counters["stats"]["unique_graphs"])
    assert graphs[0] <= graphs[1] <= graphs[0] + 2
