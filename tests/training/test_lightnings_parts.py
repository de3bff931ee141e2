"""Lightning and PyTorch do to our modules what they do to others: fine-tune, prune, L-BFGS."""

import pytest
import torch
from lightning.pytorch.callbacks import BackboneFinetuning, BaseFinetuning, ModelPruning
from torch import nn

from lecture_nets.nets import AlexNet
from lecture_nets.training import AlexNetModule, ImageClassifier, InceptionV3Module
from lecture_nets.training.optimization import OneCycle, one_cycle


class RecordRates(torch.optim.SGD):
    """The rates of all groups, at each step."""

    def __init__(self, *args, **options) -> None:
        super().__init__(*args, **options)
        self.rates: list[list[float]] = []

    def step(self, closure=None):
        self.rates.append([group["lr"] for group in self.param_groups])
        return super().step(closure)


def test_a_group_that_is_added_later_follows_in_proportion():
    first, second = (nn.Parameter(torch.ones(1)) for _ in range(2))
    optimizer = RecordRates([first], lr=0.1)
    schedule = OneCycle(optimizer, 20)
    for step in range(20):
        if step == 10:
            rate = optimizer.param_groups[0]["lr"]
            optimizer.add_param_group({"params": [second], "lr": rate / 4})
        optimizer.step()
        schedule.step()
    assert [rates[0] for rates in optimizer.rates] == pytest.approx(
        [0.1 * one_cycle(20, step) for step in range(20)]
    )
    assert all(len(rates) == 1 for rates in optimizer.rates[:10])
    for whole, part in optimizer.rates[10:]:
        assert part == pytest.approx(whole / 4)


def test_a_schedule_goes_on_from_its_state():
    def build():
        optimizer = RecordRates([nn.Parameter(torch.ones(1))], lr=0.1)
        return optimizer, OneCycle(optimizer, 10)

    optimizer, schedule = build()
    for _ in range(4):
        optimizer.step()
        schedule.step()
    state = optimizer.state_dict(), schedule.state_dict()
    again, going_on = build()
    again.load_state_dict(state[0])
    going_on.load_state_dict(state[1])
    for made in ((optimizer, schedule), (again, going_on)):
        for _ in range(8):  # beyond the end, where the rate stays at nothing
            made[0].step()
            made[1].step()
    assert again.rates == optimizer.rates[4:]
    assert again.rates[-1] == pytest.approx([0])


@pytest.mark.parametrize("kind", [AlexNetModule, InceptionV3Module])
@pytest.mark.parametrize("recipe", ["paper", "quick"])
def test_backbone_finetuning_thaws_the_trunk(kind, recipe, quiet_trainer, loader):
    def convolutions(module) -> list[torch.Tensor]:  # Lightning lets batch norms learn on
        return [w.detach().clone() for w in module.backbone.parameters() if w.ndim == 4]

    at_thaw = []

    class Finetuning(BackboneFinetuning):
        def finetune_function(self, pl_module, epoch, optimizer):
            if epoch == self.unfreeze_backbone_at_epoch:
                at_thaw.extend(convolutions(pl_module))
            super().finetune_function(pl_module, epoch, optimizer)

    module = kind(4, width=0.0625, recipe=recipe)
    before = convolutions(module)
    trainer = quiet_trainer(max_epochs=4, callbacks=[Finetuning(2, train_bn=False)])
    trainer.fit(module, loader(size=96, classes=4))
    assert all(torch.equal(a, b) for a, b in zip(before, at_thaw, strict=True))
    assert not any(torch.equal(a, b) for a, b in zip(before, convolutions(module), strict=True))
    assert len(trainer.optimizers[0].param_groups) == 2


def test_a_finetuning_of_ones_own(quiet_trainer, loader):
    class Thaw(BaseFinetuning):
        def freeze_before_training(self, pl_module):
            self.freeze(pl_module.net.trunk.conv_5)

        def finetune_function(self, pl_module, epoch, optimizer):
            if epoch == 1:
                self.unfreeze_and_add_param_group(pl_module.net.trunk.conv_5, optimizer)

    trainer = quiet_trainer(max_epochs=3, callbacks=[Thaw()])
    trainer.fit(AlexNetModule(4, width=0.0625, recipe="quick"), loader(classes=4))
    first, second = (group["lr"] for group in trainer.optimizers[0].param_groups)
    assert second == pytest.approx(first / 10)


def test_a_network_without_a_trunk_has_no_backbone(quiet_trainer, loader):
    net = nn.Sequential(nn.Flatten(), nn.Linear(3 * 64 * 64, 4))
    assert not hasattr(ImageClassifier(net, num_classes=4), "backbone")


# Weights stay contiguous, images need not


def test_parameters_can_be_flattened(quiet_trainer, loader):
    module = AlexNetModule(4, width=0.0625, recipe="quick")
    quiet_trainer().fit(module, loader(classes=4))
    flat = torch.nn.utils.parameters_to_vector(module.parameters())
    assert flat.shape == (sum(weight.numel() for weight in module.parameters()),)


def test_pruning(quiet_trainer, loader):
    module = AlexNetModule(4, width=0.0625, recipe="quick")
    callback = ModelPruning("l1_unstructured", amount=0.5, use_lottery_ticket_hypothesis=False)
    quiet_trainer(callbacks=[callback]).fit(module, loader(classes=4))
    zeros = [(weight == 0).float().mean().item() for weight in module.parameters()]
    assert sum(share > 0.2 for share in zeros) > 3


def test_lbfgs(quiet_trainer, loader):
    class ByLBFGS(ImageClassifier):
        def configure_optimizers(self):
            return torch.optim.LBFGS(self.parameters(), lr=0.1, max_iter=2)

    module = ByLBFGS(AlexNet(4, width=0.0625), recipe="quick")
    before = torch.nn.utils.parameters_to_vector(module.parameters())
    quiet_trainer().fit(module, loader(images=4, classes=4))
    assert not torch.equal(before, torch.nn.utils.parameters_to_vector(module.parameters()))


@pytest.mark.parametrize("training", [True, False])
def test_images_reach_the_network_channels_last(training, quiet_trainer, loader):
    module, seen = AlexNetModule(4, width=0.0625), []

    def look(net, inputs):
        if net.training == training:
            seen.append(inputs[0].is_contiguous(memory_format=torch.channels_last))

    module.net.register_forward_pre_hook(look)
    quiet_trainer().fit(module, loader(classes=4), loader(classes=4))
    assert seen == [True] * len(seen)
    assert seen
