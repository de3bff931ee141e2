"""Fresh batch norm statistics: what they are, when they come, and that training never notices."""

import pytest
import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.callbacks import EMAWeightAveraging
from torch import nn, optim

from lecture_nets.callbacks import FreezeBatchNorm, RecalibrateBatchNorm, recalibrate_batch_norm
from lecture_nets.nets import GoogLeNet
from lecture_nets.training import AlexNetModule


def test_statistics_are_those_of_the_data():
    net = nn.Sequential(nn.BatchNorm2d(2, momentum=0.3), nn.Dropout(0.5))
    nn.init.constant_(net[0].running_var, 7)
    net.eval()
    constant = torch.tensor([3.0, -1.5])[None, :, None, None].expand(4, 2, 5, 5)
    assert recalibrate_batch_norm(net, [constant, constant]) == ["0"]
    assert net[0].running_mean.tolist() == [3, -1.5]
    assert net[0].running_var.tolist() == [0, 0]
    assert (net[0].momentum, net.training, net[0].training) == (0.3, False, False)


def test_the_average_is_plain_over_batches():
    norm, batches = nn.BatchNorm2d(3), torch.randn(5, 4, 3, 6, 6)
    recalibrate_batch_norm(norm, batches)
    torch.testing.assert_close(norm.running_mean, batches.mean((0, 1, 3, 4)))
    expected = torch.stack([batch.transpose(0, 1).flatten(1).var(1) for batch in batches]).mean(0)
    torch.testing.assert_close(norm.running_var, expected)


def test_random_numbers_and_modes_are_left_alone():
    net = nn.Sequential(nn.BatchNorm2d(2), nn.Dropout(0.5))
    net[1].eval()
    state = torch.get_rng_state()
    recalibrate_batch_norm(net, torch.randn(2, 4, 2, 3, 3, generator=torch.Generator()))
    assert torch.equal(torch.get_rng_state(), state)
    assert (net.training, net[0].training, net[1].training) == (True, True, False)


def test_aux_heads_are_reached_too():
    net = GoogLeNet(10, width=0.1, batch_norm=True)
    done = recalibrate_batch_norm(net, torch.randn(1, 4, 3, 64, 64))
    assert sum(name.startswith("aux_heads") for name in done) == 2
    assert len(done) == sum(isinstance(part, nn.BatchNorm2d) for part in net.modules())


def test_a_norm_that_no_batch_reaches_keeps_its_statistics():
    class OneUnused(nn.Module):
        def __init__(self):
            super().__init__()
            self.used, self.unused = nn.BatchNorm2d(3), nn.BatchNorm2d(3)
            nn.init.constant_(self.unused.running_mean, 7)

        def forward(self, x):
            return self.used(x)

    net = OneUnused()
    assert recalibrate_batch_norm(net, torch.randn(1, 4, 3, 6, 6)) == ["used"]
    assert net.unused.running_mean.tolist() == [7, 7, 7]


class Stranger(LightningModule):
    """Notes the statistics that each validation sees beside those its weights have."""

    def __init__(self):
        super().__init__()
        self.criterion = nn.CrossEntropyLoss()
        self.conv = nn.Conv2d(3, 8, 9, stride=8)
        self.norm = nn.BatchNorm2d(8)
        self.dropout = nn.Dropout(0.5)
        self.classifier = nn.Linear(8, 10)
        self.images, self.far = [], []

    def forward(self, images):
        return self.classifier(self.dropout(self.norm(self.conv(images)).relu().mean((2, 3))))

    def training_step(self, batch, batch_idx):
        self.images = [*self.images[-1:], batch[0]]
        return self.criterion(self(batch[0]), batch[1])

    def distance(self) -> float:
        means = torch.stack([self.conv(images).mean((0, 2, 3)) for images in self.images])
        return (self.norm.running_mean - means.mean(0)).abs().max().item()

    def validation_step(self, batch, batch_idx):
        if not self.trainer.sanity_checking:
            self.far.append(self.distance())

    def configure_optimizers(self):
        return optim.SGD(self.parameters(), lr=0.1, momentum=0.9)


AVERAGES = {"alone": [], "EMA": [EMAWeightAveraging]}


@pytest.mark.parametrize("average", AVERAGES)
@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
def test_validation_and_the_end_see_statistics_of_the_present_weights(
    average, first, quiet_trainer, loader
):
    modules = []
    for ours in ([RecalibrateBatchNorm(batches=2)], []):
        others = [kind(decay=0.5) for kind in AVERAGES[average]]
        torch.manual_seed(0)
        module = Stranger()
        trainer = quiet_trainer(
            max_epochs=3,
            val_check_interval=2,
            callbacks=ours + others if first else others + ours,
        )
        trainer.fit(module, loader(16, shuffle=True), loader())
        modules.append(module)
    with_it, without = modules
    assert max(*with_it.far, with_it.distance()) < 1e-6
    assert min(without.far) > 1e-3
    weights = [dict(module.named_parameters()) for module in modules]
    torch.testing.assert_close(*weights, rtol=0, atol=0)  # training never noticed


@pytest.mark.parametrize(
    ("error", "said", "module", "callbacks"),
    [
        (TypeError, "no batch norm in AlexNetM", AlexNetModule(width=0.1), []),
        (ValueError, "FreezeBatchNorm keeps", Stranger(), [FreezeBatchNorm()]),
    ],
)
def test_what_does_not_fit_is_told_so(error, said, module, callbacks, quiet_trainer, loader):
    with pytest.raises(error, match=said):
        quiet_trainer(callbacks=[RecalibrateBatchNorm(), *callbacks]).fit(
            module, loader(), loader()
        )


def test_no_batches_are_refused():
    with pytest.raises(ValueError, match="at least 1"):
        RecalibrateBatchNorm(batches=0)
