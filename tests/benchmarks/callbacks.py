"""What does each callback do to a training? Writes docs/results/callbacks.json, in minutes.

    python tests/benchmarks/callbacks.py              # all of them
    python tests/benchmarks/callbacks.py LabelSmoothing

Small networks on the embedded images at 64 pixels, on one thread: the direction of an effect, not
its size elsewhere. Both columns of a line are one run each, alike but for the callback.
"""

import json
import logging
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from lightning.pytorch import LightningModule, Trainer, seed_everything
from lightning.pytorch.callbacks import Callback, EMAWeightAveraging
from torch import nn

from lecture_nets import (
    AuxiliaryBatchNorm,
    AuxiliaryWeightSchedule,
    BatchNormalize,
    FilterNormCap,
    FreezeBatchNorm,
    GoogLeNetModule,
    LabelSmoothing,
    PartsWorldDataModule,
    RecalibrateBatchNorm,
    VGG19Module,
    ZFNetModule,
)

RESULTS = Path(__file__).parents[2] / "docs" / "results" / "callbacks.json"


def data(train: int = 1000, batch_size: int = 32) -> PartsWorldDataModule:
    return PartsWorldDataModule(
        image_size=64, batch_size=batch_size, train_size=train, val_size=400, test_size=400
    )


def fit(
    module: LightningModule, callbacks: list[Callback], epochs: int, **options: Any
) -> LightningModule:
    seed_everything(0, verbose=False)
    trainer = Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=callbacks,
    )
    trainer.fit(module, datamodule=data(**options))
    return module.eval()


def built(kind: Callable[..., Any], **options: Any) -> Any:
    torch.manual_seed(0)
    return kind(width=0.125, recipe="quick", **options)


@torch.no_grad()
def test_logits(module: Any) -> tuple[torch.Tensor, torch.Tensor]:
    images = data()
    images.setup("test")
    pairs = [(module(batch[0]), batch[1]) for batch in images.test_dataloader()]
    logits, labels = (torch.cat(part) for part in zip(*pairs, strict=True))
    return logits, labels


def accuracy(module: Any) -> float:
    logits, labels = test_logits(module)
    return 100 * (logits.argmax(1) == labels).float().mean().item()


def confidence_when_wrong(module: Any) -> float:
    logits, labels = test_logits(module)
    likeliest, found = logits.softmax(1).max(1)
    return 100 * likeliest[found != labels].mean().item()


@torch.no_grad()
def aux_head_loss(module: Any) -> float:
    """Of the first auxiliary head, on test images, by the batches' own statistics."""
    images = data()
    images.setup("test")
    module.net.train()
    losses = [
        F.cross_entropy(module.net.forward_with_aux(batch[0])[1][0], batch[1]).item()
        for batch in images.test_dataloader()
    ]
    return sum(losses) / len(losses)


def loudest_filter(module: Any) -> float:
    convs = [part for part in module.modules() if isinstance(part, nn.Conv2d)]
    return max(conv.weight.square().mean((1, 2, 3)).sqrt().max().item() for conv in convs)


def batch_norm_googlenet() -> Any:
    return built(GoogLeNetModule, batch_norm=True)


def label_smoothing(callbacks: list[Callback]) -> float:
    # So long on so few images that the network is sure of itself.
    return confidence_when_wrong(fit(batch_norm_googlenet(), callbacks, 25, train=500))


def auxiliary_batch_norm(callbacks: list[Callback]) -> float:
    return aux_head_loss(fit(built(GoogLeNetModule), callbacks, 3))


def batch_normalize(callbacks: list[Callback]) -> float:
    return accuracy(fit(built(VGG19Module, lr=3e-3), callbacks, 5))


def freeze_batch_norm(callbacks: list[Callback]) -> float:
    module = fit(batch_norm_googlenet(), [], 8)
    module.lr = 3e-4
    return accuracy(fit(module, callbacks, 1, train=200, batch_size=2))


def recalibrate_batch_norm(callbacks: list[Callback]) -> float:
    return accuracy(fit(batch_norm_googlenet(), [EMAWeightAveraging(decay=0.98), *callbacks], 2))


def auxiliary_weight(callbacks: list[Callback]) -> float:
    return accuracy(fit(batch_norm_googlenet(), callbacks, 8))


def filter_norm(callbacks: list[Callback]) -> float:
    return loudest_filter(fit(built(ZFNetModule), callbacks, 3))


# callback: (what is measured, how, its arguments)
MEASURES: dict[type[Callback], tuple[str, Callable[[list[Callback]], float], dict[str, Any]]] = {
    LabelSmoothing: (
        "confidence in wrong answers, %; BN-GoogLeNet, 25 epochs of 500 images",
        label_smoothing,
        {},
    ),
    AuxiliaryBatchNorm: (
        "test loss of the first auxiliary head; GoogLeNet, 3 epochs",
        auxiliary_batch_norm,
        {},
    ),
    BatchNormalize: (
        "test accuracy, %; VGG-19 at a learning rate of 0.003, 5 epochs",
        batch_normalize,
        {},
    ),
    FreezeBatchNorm: (
        "test accuracy, %; trained BN-GoogLeNet after 100 more steps with 2 images each",
        freeze_batch_norm,
        {},
    ),
    RecalibrateBatchNorm: (
        "test accuracy, %; average (EMA, 0.98) of BN-GoogLeNet, 2 epochs",
        recalibrate_batch_norm,
        {},
    ),
    AuxiliaryWeightSchedule: (
        "test accuracy, %; BN-GoogLeNet, 8 epochs, auxiliary heads faded from 0.3 to 0",
        auxiliary_weight,
        {"start": 0.3},
    ),
    FilterNormCap: (
        "largest root mean square of a filter; ZFNet, 3 epochs, cap 0.02",
        filter_norm,
        {"radius": 0.02},
    ),
}


def main(names: list[str]) -> None:
    warnings.filterwarnings("ignore")
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    torch.set_num_threads(1)
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for kind, (measured, measure, arguments) in MEASURES.items():
        if names and kind.__name__ not in names:
            continue
        without, with_it = (
            float(f"{measure(callbacks):.3g}") for callbacks in ([], [kind(**arguments)])
        )
        results[kind.__name__] = {"measured": measured, "without": without, "with": with_it}
        print(kind.__name__, results[kind.__name__], flush=True)
        RESULTS.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
