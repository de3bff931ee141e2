"""Structure callbacks x averaging callbacks x what can be done with a module and its checkpoints.

One short fit for each pair of the first two is shared by all that is checked about it.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import (
    EMAWeightAveraging,
    ModelCheckpoint,
    StochasticWeightAveraging,
)
from torch.utils.data import DataLoader

from lecture_nets import GoogLeNetModule
from lecture_nets.callbacks import AuxiliaryBatchNorm, BatchNormalize

# Lightning's advice on the checkpointing and averaging callbacks that are left out or joined here.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Be aware that when using `ckpt_path`, callbacks used"),
    pytest.mark.filterwarnings("ignore:.*WeightAveraging callback, but loading a checkpoint"),
    pytest.mark.filterwarnings("ignore:SWA is currently only supported every epoch"),
    pytest.mark.filterwarnings("ignore:Swapping scheduler"),
]
CALLBACKS = {AuxiliaryBatchNorm: "aux_batch_norm", BatchNormalize: "batch_norm"}
AVERAGING = {
    "alone": lambda callback: [callback],
    "EMA before": lambda callback: [EMAWeightAveraging(decay=0.5), callback],
    "EMA after": lambda callback: [callback, EMAWeightAveraging(decay=0.5)],
    "SWA before": lambda callback: [swa(), callback],
    "SWA after": lambda callback: [callback, swa()],
}


def swa():
    return StochasticWeightAveraging(swa_lrs=1e-3, swa_epoch_start=1)


def build(**options) -> GoogLeNetModule:
    torch.manual_seed(0)
    return GoogLeNetModule(4, width=0.1, recipe="quick", **options)


def images() -> torch.Tensor:
    return torch.randn(8, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def loader() -> DataLoader:
    return DataLoader([(image, i % 4) for i, image in enumerate(images())], batch_size=4)


def trainer(folder: Path, callbacks: list, **options) -> Trainer:
    quiet: dict[str, Any] = dict(
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        log_every_n_steps=1,
        default_root_dir=folder,
    )
    return Trainer(callbacks=callbacks, **quiet | options)


@dataclass
class Fitted:
    option: str
    averaging: list  # without the structure callback
    both: list
    module: GoogLeNetModule
    trainer: Trainer
    folder: Path

    @property
    def full(self) -> Path:
        return self.folder / "full-0.ckpt"

    @property
    def weights_only(self) -> Path:
        return self.folder / "weights-0.ckpt"


@pytest.fixture(scope="module", params=AVERAGING)
def averaging(request):
    return AVERAGING[request.param]


@pytest.fixture(scope="module", params=CALLBACKS, ids=lambda callback: callback.__name__)
def fitted(request, averaging, tmp_path_factory) -> Fitted:
    torch.set_num_threads(1)
    folder, make = tmp_path_factory.mktemp("fitted"), request.param
    keep = partial(ModelCheckpoint, folder, save_top_k=-1, auto_insert_metric_name=False)
    saving = [
        keep("full-{epoch}"),
        # Of one schedule, Lightning takes two for the same.
        keep("weights-{epoch}", save_weights_only=True, every_n_train_steps=2),
    ]
    module = build()
    callbacks = [*averaging(make()), *saving]
    with_saving = trainer(folder, callbacks, max_epochs=2, enable_checkpointing=True)
    with_saving.fit(module, loader(), loader())
    return Fitted(
        option=CALLBACKS[make],
        averaging=[each for each in averaging(make()) if not isinstance(each, make)],
        both=averaging(make()),
        module=module,
        trainer=with_saving,
        folder=folder,
    )


def outputs(module: GoogLeNetModule) -> torch.Tensor:
    logits, aux = module.eval().net.forward_with_aux(images())
    return torch.stack([logits, *aux])


def reference(fitted: Fitted, checkpoint: Path) -> torch.Tensor:
    """The output of the network of the same option with the weights in the file."""
    module = build(**{fitted.option: True})
    module.load_state_dict(torch.load(checkpoint, weights_only=True)["state_dict"])
    return outputs(module)


def test_the_network_is_that_of_the_option(fitted):
    built = build(**{fitted.option: True})
    assert repr(fitted.module.net) == repr(built.net)
    assert list(fitted.module.state_dict()) == list(built.state_dict())


def optimized(trainer: Trainer) -> set[int]:
    return {id(x) for group in trainer.optimizers[0].param_groups for x in group["params"]}


def test_every_parameter_is_in_the_optimizer_and_trained(fitted):
    assert optimized(fitted.trainer) == set(map(id, fitted.module.net.parameters()))
    start = dict(build(**{fitted.option: True}).named_parameters())
    still = [name for name, x in fitted.module.named_parameters() if torch.equal(x, start[name])]
    assert not still


@pytest.mark.parametrize("file", ["full", "weights_only"])
def test_load_from_checkpoint_needs_no_callback(fitted, file):
    path = getattr(fitted, file)
    module = GoogLeNetModule.load_from_checkpoint(path)
    assert torch.equal(outputs(module), reference(fitted, path))
    assert module.hparams[fitted.option] is True


@pytest.mark.parametrize("file", ["full", "weights_only"])
@pytest.mark.parametrize("stage", ["validate", "test", "predict"])
def test_a_fresh_module_of_the_old_options_takes_its_weights(fitted, stage, file, tmp_path):
    path, module = getattr(fitted, file), build()
    getattr(trainer(tmp_path, []), stage)(module, loader(), ckpt_path=path)
    assert torch.equal(outputs(module), reference(fitted, path))


@pytest.mark.parametrize("stage", ["validate", "test", "predict"])
def test_the_trained_module_goes_through_the_other_stages(fitted, stage, tmp_path):
    before = outputs(fitted.module)
    getattr(trainer(tmp_path, fitted.both), stage)(fitted.module, loader())
    assert torch.equal(outputs(fitted.module), before)


def test_resuming_with_and_without_the_callback_is_the_same(fitted, tmp_path):
    ends = []
    for callbacks in (fitted.both, fitted.averaging):
        module, again = build(), trainer(tmp_path, callbacks, max_epochs=2)
        torch.manual_seed(1)
        again.fit(module, loader(), loader(), ckpt_path=fitted.full)
        assert optimized(again) == set(map(id, module.net.parameters()))
        ends.append(outputs(module))
    assert torch.equal(*ends)
