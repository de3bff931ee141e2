"""Every test starts from the same seed, on one thread, and leaves no global change behind."""

import jupytext  # noqa: F401, before others copy yaml's representers and miss what it adds
import pytest
import torch
from lightning.pytorch import Trainer
from torch.utils.data import DataLoader

from lecture_nets import cli


@pytest.fixture(autouse=True)
def seeded():
    torch.set_num_threads(1)
    torch.manual_seed(0)


@pytest.fixture
def quiet_trainer(tmp_path):
    """A Trainer on the CPU that prints and writes nothing outside ``tmp_path``."""

    def make(**options) -> Trainer:
        defaults = dict(
            max_epochs=1,
            accelerator="cpu",
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            log_every_n_steps=1,
            default_root_dir=tmp_path,
        )
        return Trainer(**(defaults | options))

    return make


@pytest.fixture
def loader():
    """Batches of noise with labels that take turns."""

    def make(images: int = 8, size: int = 64, classes: int = 10, batch_size: int = 4, **options):
        pixels = torch.randn(images, 3, size, size, generator=torch.Generator().manual_seed(0))
        samples = [(pixel, i % classes) for i, pixel in enumerate(pixels)]
        return DataLoader(samples, batch_size=batch_size, **options)

    return make


@pytest.fixture
def run(monkeypatch, tmp_path, capfd):
    """Run a command in an empty folder: (exit code, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)

    def run(*args: str) -> tuple[int, str, str]:
        code = cli.main(list(args))
        return code, *capfd.readouterr()

    return run
