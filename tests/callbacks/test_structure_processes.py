"""Structure callbacks where several processes train: this file is also the script they run."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from torch.utils.data import DataLoader

from lecture_nets import GoogLeNetModule
from lecture_nets.callbacks import AuxiliaryBatchNorm, BatchNormalize

pytestmark = pytest.mark.slow  # each process imports everything again


STRATEGIES = pytest.mark.parametrize("strategy", ["ddp", "ddp_spawn"])


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """What each process that ran the script to its end wrote down, by strategy."""

    @cache
    def run(strategy: str) -> list[dict]:
        folder = tmp_path_factory.mktemp(strategy)
        script = [sys.executable, "-W", "ignore", __file__, strategy]
        ended = subprocess.run(script, capture_output=True, text=True, timeout=240, cwd=folder)
        assert ended.returncode == 0, ended.stderr
        return [json.loads(path.read_text()) for path in folder.glob("*.json")]

    return run


@STRATEGIES
def test_the_trained_module_has_every_norm(strategy, results):
    built = GoogLeNetModule(width=0.1, batch_norm=True, aux_batch_norm=True)
    for result in results(strategy):
        assert result["keys"] == list(built.state_dict())
        assert sorted(result["alterations"]) == ["AuxiliaryBatchNorm", "BatchNormalize"]


@STRATEGIES
def test_its_weights_are_those_in_the_checkpoint(strategy, results):
    assert all(result["same_as_checkpoint"] for result in results(strategy))


@STRATEGIES
def test_the_new_parameters_are_trained(strategy, results):
    assert all(result["moved"] for result in results(strategy))


def test_both_processes_have_the_same_parameters(results):
    first, second = results("ddp")
    assert first["parameters"] == second["parameters"]


def test_a_stranger_is_refused_a_spawn_until_it_is_applied(results):
    (result,) = results("ddp_spawn")
    assert "Call BatchNormalize().apply(module) before fit" in result["refused"]
    assert result["stranger_same_as_checkpoint"]


# The script


def fit(module: LightningModule, strategy: str, devices: int, callbacks: list) -> bool:
    """Whether the parameters here end as those in the checkpoint that was saved."""
    samples = DataLoader([(torch.randn(3, 32, 32), i % 10) for i in range(16)], batch_size=4)
    saving = ModelCheckpoint(Path.cwd(), "last", enable_version_counter=False)
    Trainer(
        strategy=strategy,
        devices=devices,
        accelerator="cpu",
        max_epochs=1,
        callbacks=[*callbacks, saving],
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    ).fit(module, samples)
    saved = torch.load("last.ckpt", weights_only=True)["state_dict"]
    return all(torch.equal(x, saved[name]) for name, x in module.named_parameters())


def main(strategy: str) -> None:
    from strangers import Stranger

    torch.manual_seed(0)
    torch.set_num_threads(1)
    module = GoogLeNetModule(width=0.1, recipe="quick")
    both = [BatchNormalize(), AuxiliaryBatchNorm()]
    same = fit(module, strategy, 2, both)
    start = GoogLeNetModule(width=0.1, batch_norm=True, aux_batch_norm=True)
    start = {name: x for name, x in start.named_parameters() if ".norm." in name}
    result = dict(
        keys=list(module.state_dict()),
        alterations=module.alterations,
        same_as_checkpoint=same,
        parameters=[x.double().sum().item() for x in module.parameters()],
        moved=all(not torch.equal(module.get_parameter(name), x) for name, x in start.items()),
    )
    if strategy == "ddp_spawn":
        stranger, callback = Stranger("squeezenet1_0"), BatchNormalize()
        try:
            fit(stranger, strategy, 1, [callback])
        except Exception as error:  # of the worker process, as torch hands it on
            result["refused"] = str(error)
        callback.apply(stranger)
        result["stranger_same_as_checkpoint"] = fit(stranger, strategy, 1, [callback])
    rank = torch.distributed.get_rank() if torch.distributed.is_initialized() else 0
    Path(f"{rank}.json").write_text(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1])
