"""Every callback that changes no structure, beside averages, on resume, in YAML, and elsewhere."""

from functools import partial
from pathlib import Path

import pytest
import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.callbacks import (
    Callback,
    EMAWeightAveraging,
    ModelCheckpoint,
    StochasticWeightAveraging,
)

from lecture_nets import cli
from lecture_nets.callbacks import (
    AuxiliaryWeightSchedule,
    FilterNormCap,
    FreezeBatchNorm,
    LabelSmoothing,
    RecalibrateBatchNorm,
)
from lecture_nets.training import GoogLeNetModule

from .strangers import Stranger

OURS = {
    "LabelSmoothing": LabelSmoothing,
    "LabelSmoothing-prior": partial(LabelSmoothing, 0.1, [0.1] * 10),
    "FreezeBatchNorm": FreezeBatchNorm,
    "RecalibrateBatchNorm": partial(RecalibrateBatchNorm, 2),
    "AuxiliaryWeightSchedule": AuxiliaryWeightSchedule,
    "FilterNormCap": FilterNormCap,
}
EMA = partial(EMAWeightAveraging, decay=0.5)
SWA = partial(StochasticWeightAveraging, swa_lrs=1e-3, swa_epoch_start=1)
ORDERS = {
    "alone": lambda ours: [ours],
    "EMA-ours": lambda ours: [EMA(), ours],
    "ours-EMA": lambda ours: [ours, EMA()],
    "SWA-ours": lambda ours: [SWA(), ours],
    "ours-SWA": lambda ours: [ours, SWA()],
}


def googlenet() -> GoogLeNetModule:
    return GoogLeNetModule(width=0.1, batch_norm=True, recipe="quick")


class SameDraws(Callback):
    """Each step drops its own units, in a resumed fit too."""

    def on_train_batch_start(self, trainer, *args):
        torch.manual_seed(trainer.global_step)


@pytest.fixture
def fit(quiet_trainer, loader, tmp_path):
    """Fit for two epochs of two steps, and keep the checkpoint of each epoch in ``folder``."""

    def fit(module: LightningModule, callbacks: list[Callback], folder: str, **options) -> None:
        saving = ModelCheckpoint(tmp_path / folder, filename="{epoch}", save_top_k=-1)
        trainer = quiet_trainer(
            max_epochs=2,
            enable_checkpointing=True,
            callbacks=[*callbacks, SameDraws(), saving],
            **options.pop("trainer", {}),
        )
        trainer.fit(module, loader(8, 32), loader(4, 32), **options)

    return fit


def weights(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in module.net.state_dict().items()}


@pytest.mark.parametrize("name", [name for name in OURS if "prior" not in name])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.filterwarnings(
    "ignore:SWA is currently only supported every epoch",  # our one-cycle goes by steps
    "ignore:Checkpoint directory .* exists and is not empty",
    "ignore:The dirpath has changed",
    "ignore:Be aware that when using `ckpt_path`",  # a checkpoint folder of its own
)
def test_fit_resume_and_loading_without_the_callback(name, order, fit, tmp_path):
    whole, resumed = googlenet(), googlenet()
    fit(whole, ORDERS[order](OURS[name]()), "whole")
    loaded = GoogLeNetModule.load_from_checkpoint(tmp_path / "whole" / "epoch=1.ckpt")
    if "SWA" not in order:  # which takes over after the last checkpoint, with an epoch of its own
        torch.testing.assert_close(weights(loaded), weights(whole), rtol=1e-4, atol=1e-6)
    fit(
        resumed,
        ORDERS[order](OURS[name]()),
        "resumed",
        ckpt_path=tmp_path / "whole" / "epoch=0.ckpt",
    )
    if "SWA" not in order:  # which does not resume exactly by itself
        torch.testing.assert_close(weights(resumed), weights(whole), rtol=0, atol=0)
    assert (whole.aux_weight, whole.criterion.label_smoothing) == (0.3, 0.0)


@pytest.mark.parametrize("name", OURS)
def test_accumulation_and_mixed_precision_around_torchvisions_googlenet(name, fit):
    options = dict(accumulate_grad_batches=2, precision="bf16-mixed")
    module = Stranger("googlenet")
    before = module.model.conv1.conv.weight.clone()
    fit(module, [OURS[name]()], "run", trainer=options)
    assert not torch.equal(module.model.conv1.conv.weight, before)
    assert all(value.isfinite().all() for value in module.state_dict().values())


CALLBACKS = """
trainer:
  fast_dev_run: true
  accelerator: cpu
  callbacks:
    - class_path: LabelSmoothing
      init_args: {epsilon: 0.2, prior: [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]}
    - class_path: BATCH_NORM
    - class_path: AuxiliaryWeightSchedule
      init_args: {start: 0.3, end: 0.1}
    - class_path: FilterNormCap
      init_args: {radius: 0.2}
model:
  class_path: GoogLeNetModule
  init_args: {width: 0.1, batch_norm: true, recipe: quick}
data:
  class_path: PartsWorldDataModule
  init_args: {image_size: 32, batch_size: 4, train_size: 20, val_size: 20, test_size: 20}
"""


@pytest.mark.parametrize("batch_norm", ["FreezeBatchNorm", "RecalibrateBatchNorm"])
def test_short_names_in_a_file_for_the_shell(batch_norm, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    Path("run.yaml").write_text(CALLBACKS.replace("BATCH_NORM", batch_norm))
    assert cli.main(["fit", "--config", "run.yaml"]) == 0, capsys.readouterr().err
