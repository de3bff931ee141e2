"""Slides 6 and 7, measured. Writes docs/results/training_curves.json and docs/images, in minutes.

    python tests/benchmarks/training_curves.py                  # all parts
    python tests/benchmarks/training_curves.py growth depth     # some of them

Plain stacks of 3x3 convolutions at half width, on embedded images of 32 pixels, trained by plain
SGD with a momentum of 0.9. Both results of a comparison differ in nothing but what is compared.
"""

import json
import logging
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict
from functools import cache, partial
from pathlib import Path
from typing import Any

import torch

from lecture_nets.analysis.calibration import Calibration, calibrate
from lecture_nets.analysis.gradients import gradient_norms
from lecture_nets.analysis.growth import RecordGrowth, best_gap
from lecture_nets.analysis.label_noise import Interval, run_label_noise, t_interval
from lecture_nets.analysis.predictions import Predictions, predict_test_set
from lecture_nets.data import PartsWorldDataModule
from lecture_nets.nets.plain_stack import PlainStack
from lecture_nets.training.plain_sgd import fit_plainly
from lecture_nets.visualize.figures import Picture
from lecture_nets.visualize.training_curves import (
    draw_error_by_depth,
    draw_gradients,
    draw_growth,
    draw_label_noise,
    draw_reliability,
)

DOCS = Path(__file__).parents[2] / "docs"
RESULTS = DOCS / "results" / "training_curves.json"
EPSILON = 0.1
CLASSES = 10
Measured = tuple[dict[str, Any], dict[str, Picture]]


def images(train_size: int, batch_size: int, **options: Any) -> PartsWorldDataModule:
    """Embedded images, set up, without the augmentation that would keep networks from fitting."""
    data = PartsWorldDataModule(32, batch_size, train_size, 10, augment=False, **options)
    data.setup()
    return data


def training_batch(data: PartsWorldDataModule) -> tuple[torch.Tensor, torch.Tensor]:
    return data.normalize(data.train_set.images), data.train_set.labels


# C28, C29: five layers without batch norm, which would make the size of weights meaningless.

REGULARIZATIONS = {
    "no regularization": {},
    "weight decay 0.001": {"weight_decay": 1e-3},
    "label smoothing 0.1": {"epsilon": EPSILON},
}


def growth() -> Measured:
    data, epochs = images(100, 25), 300
    batch = training_batch(data)
    moments, errors = {}, {}
    for name, options in REGULARIZATIONS.items():
        recorder = RecordGrowth(50, batch)
        build = partial(PlainStack, 5, width=0.5)
        module = fit_plainly(build, data, epochs, lr=0.04, callbacks=[recorder], **options)
        moments[name], errors[name] = recorder.moments, training_error(module, batch)
    limit = best_gap(EPSILON, CLASSES)
    report = {
        "setting": "PlainStack(5, width=0.5), 100 images, 300 epochs in batches of 25, lr 0.04",
        "gap_that_smoothed_labels_ask_for": limit,
        "training_error": errors,
        "moments": {name: [asdict(each) for each in run] for name, run in moments.items()},
    }
    return report, {"growth": draw_growth(moments, limit)}


@torch.no_grad()
def training_error(module: Any, batch: tuple[torch.Tensor, torch.Tensor]) -> float:
    inputs, labels = batch
    logits = torch.cat([module(part.to(module.device)).cpu() for part in inputs.split(100)])
    return (logits.argmax(dim=1) != labels).double().mean().item()


# C31, C32: eight layers with batch norm, trained until they name their images right.

SEEDS = (0, 1, 2, 3, 4)
NOISE = (0.0, 0.2, 0.4)
EPOCHS = 20


@cache
def test_predictions(noise: float, epsilon: float, seed: int) -> Predictions:
    """Of one run; the seed draws other images, wrong labels and weights."""
    data = images(1000, 50, label_noise=noise, seed=seed)
    build = partial(PlainStack, 8, width=0.5, batch_norm=True)
    module = fit_plainly(
        build, data, EPOCHS, lr=0.1, epsilon=epsilon, schedule="one_cycle", seed=seed
    )
    return predict_test_set(module, data)


SETTING = (
    f"PlainStack(8, width=0.5, batch_norm=True), 1000 images, {EPOCHS} epochs in batches of 50, "
    "one cycle with a peak of 0.1, no weight decay; 1000 test images with clean labels"
)


def label_noise() -> Measured:
    def accuracy(noise: float, epsilon: float, seed: int) -> float:
        return test_predictions(noise, epsilon, seed).accuracy

    results = run_label_noise(accuracy, NOISE, (0.0, EPSILON), SEEDS)
    report = {
        "setting": SETTING,
        "results": [
            {
                **asdict(result),
                "means": [asdict(each) for each in result.means],
                "gains": [asdict(each) for each in result.gains],
            }
            for result in results
        ],
    }
    return report, {"label_noise": draw_label_noise(results)}


QUANTITIES: dict[str, Callable[[Calibration], float]] = {
    "accuracy": lambda run: run.accuracy,
    "mean_confidence": lambda run: run.mean_confidence,
    "share_above_0.9": lambda run: run.share_above(0.9),
    "calibration_error": lambda run: run.error,
}


def calibration() -> Measured:
    report: dict[str, Any] = {"setting": SETTING}
    pictures = {}
    for noise in (0.0, 0.4):
        runs = {
            epsilon: [found(noise, epsilon, seed) for seed in SEEDS] for epsilon in (0.0, EPSILON)
        }
        report[f"label_noise_{noise}"] = {
            name: {
                **{f"epsilon_{epsilon}": measure(each, of) for epsilon, each in runs.items()},
                "difference": asdict(
                    t_interval(
                        [of(b) - of(a) for a, b in zip(runs[0.0], runs[EPSILON], strict=True)]
                    )
                ),
            }
            for name, of in QUANTITIES.items()
        }
        names = {0.0: "hard labels", EPSILON: f"labels smoothed by {EPSILON}"}
        pictures[f"reliability_{noise:.0%}_wrong".replace("%", "")] = draw_reliability(
            {f"{names[epsilon]}, {noise:.0%} wrong": each[0] for epsilon, each in runs.items()}
        )
    return report, pictures


def found(noise: float, epsilon: float, seed: int) -> Calibration:
    predictions = test_predictions(noise, epsilon, seed)
    return calibrate(predictions.probabilities, predictions.labels)


def measure(runs: list[Calibration], of: Callable[[Calibration], float]) -> dict[str, float]:
    interval: Interval = t_interval([of(run) for run in runs])
    return asdict(interval)


# C33: each depth may choose the better of two learning rates, or the deep would fail by the rate
# that suits the shallow.

DEPTHS = (4, 8, 16, 32, 56)
RATES = (0.04, 0.01)
STACKS = {"with batch norm": True, "without batch norm": False}


def depth() -> Measured:
    data = images(500, 25)
    batch = training_batch(data)
    first_images, first_labels = (part[:100] for part in batch)
    best: dict[str, dict[int, float]] = {}
    report: dict[str, Any] = {
        "setting": "PlainStack(depth, width=0.5), 500 images, 30 epochs in batches of 25, one "
        f"cycle, the better of the peaks {RATES}; gradients of 100 images before the first step"
    }
    pictures = {}
    for name, batch_norm in STACKS.items():
        errors, layers = {}, {}
        for count in DEPTHS:
            build = partial(PlainStack, count, width=0.5, batch_norm=batch_norm)
            torch.manual_seed(0)
            layers[f"{count} layers {name}"] = gradient_norms(build(), first_images, first_labels)
            errors[count] = {
                rate: training_error(
                    fit_plainly(build, data, 30, lr=rate, schedule="one_cycle"), batch
                )
                for rate in RATES
            }
            print(f"  {name}, {count} layers: {errors[count]}", flush=True)
        best[name] = {count: min(tried.values()) for count, tried in errors.items()}
        report[name] = {
            "training_error": best[name],
            "training_error_by_rate": errors,
            "gradients": {key: [each.gradient for each in run] for key, run in layers.items()},
            "ratios": {key: [each.ratio for each in run] for key, run in layers.items()},
        }
        pictures[f"gradients_{name.replace(' ', '_')}"] = draw_gradients(layers)
    pictures["error_by_depth"] = draw_error_by_depth(best, 1 - 1 / CLASSES)
    return report, pictures


PARTS: dict[str, Callable[[], Measured]] = {
    "growth": growth,
    "calibration": calibration,
    "label_noise": label_noise,
    "depth": depth,
}


def rounded(value: Any) -> Any:
    """Four significant digits: more would be noise."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    return [rounded(each) for each in value] if isinstance(value, list | tuple) else value


def main(names: list[str]) -> None:
    warnings.filterwarnings("ignore")
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    torch.set_num_threads(1)  # small networks gain little by more, and sums would round otherwise
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name in names or PARTS:
        start = time.perf_counter()
        report, pictures = PARTS[name]()
        for title, picture in pictures.items():
            picture.save(DOCS / "images" / f"training_curves_{title}.png")
        results[name] = rounded(report)
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")
        print(f"{name}: {time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
