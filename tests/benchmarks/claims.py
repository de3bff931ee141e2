"""Claims C16 to C33, measured: every claim with a positive and a negative control.

    python tests/benchmarks/claims.py                    # those that are not in the record yet
    python tests/benchmarks/claims.py C31 C33            # these, measured again

Each part is written into docs/results/claims.json as soon as it is measured, so a run that was cut
off goes on where it stopped. Seconds are those of one processor: others may use the machine too.
"""

import json
import logging
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from functools import cache, partial
from itertools import product
from pathlib import Path
from typing import Any

import torch

from lecture_nets import AlexNetModule, InceptionV3Module, PartsWorldDataModule
from lecture_nets.analysis import cost
from lecture_nets.analysis.adaptation import relearn
from lecture_nets.analysis.by_recipe import accuracy_by_recipe
from lecture_nets.analysis.calibration import calibrate
from lecture_nets.analysis.contest import Contest, contest
from lecture_nets.analysis.depth_rules import count_by_rules
from lecture_nets.analysis.features import FeatureDataModule
from lecture_nets.analysis.growth import RecordGrowth
from lecture_nets.analysis.label_noise import (
    Interval,
    NoiseResult,
    matching_epsilon,
    run_label_noise,
    t_interval,
)
from lecture_nets.analysis.layer_cascade import compose, fewest_channels, split_layer
from lecture_nets.analysis.log_law import fit_line
from lecture_nets.analysis.predictions import Predictions, predict_test_set
from lecture_nets.analysis.stacking import best_rate, training_errors
from lecture_nets.analysis.swaps import (
    FLATTENED,
    REDUCTIONS,
    WINDOWS,
    flattened_net,
    reduction_net,
    window_net,
)
from lecture_nets.analysis.temperature import at_temperature, best_temperature, entropy
from lecture_nets.nets import VGG19, AlexNet, GoogLeNet, InceptionV2, InceptionV3
from lecture_nets.nets.plain_stack import PlainStack, ResidualStack
from lecture_nets.training.plain_sgd import fit_plainly
from lecture_nets.training.recipes import Recipe

RESULTS = Path(__file__).parents[2] / "docs" / "results" / "claims.json"
CLASSES = 10
Part = dict[str, Any]


# C16, C22: learned layers as cascades, without training anything.

DOUBLE, FLAT = (3, 3), lambda size: ((1, size), (size, 1))


def learned_layers() -> dict[str, torch.Tensor]:
    """Weights of the companions' layers with large windows; of two towers the first."""
    alexnet = AlexNetModule.from_pretrained("parts_world").net.trunk
    inception = InceptionV3Module.from_pretrained("parts_world").net.trunk
    second = alexnet.conv_2.conv.weight
    return {
        "AlexNet conv_1, 11×11": alexnet.conv_1.conv.weight.detach(),
        "AlexNet conv_2, 5×5": second.detach()[: len(second) // 2],
        "Inception V3 inception_a1, 5×5": inception.inception_a1.branch_5x5[1].conv.weight.detach(),
        "Inception V3 inception_a3, 5×5": inception.inception_a3.branch_5x5[1].conv.weight.detach(),
    }


def by_channels(weight: torch.Tensor, sizes: Any) -> Part:
    """How much is missing with as many channels between as come out, and how many are enough."""
    fewest = fewest_channels(weight, sizes)
    same = split_layer(weight, sizes, len(weight))
    return {
        "channels_out": len(weight),
        "missing_with_as_many_between": same.residual,
        "their_cost": same.cost,
        "channels_until_5_percent": fewest,
        "cost_then": split_layer(weight, sizes, fewest).cost,
    }


def learned_cascades() -> Part:
    torch.manual_seed(0)
    built = compose(torch.randn(6, 16, 3, 3), torch.randn(16, 6, 3, 3))
    five = {name: weight for name, weight in learned_layers().items() if "5×5" in name}
    return {
        "question": "How many channels between two 3×3 until they are within 5 % of a learned 5×5 "
        "layer, without a ReLU between, and what does that cost beside the 5×5?",
        "controls": {
            "positive": {"built of two 3×3 with 6 between": by_channels(built, DOUBLE)},
            "negative": {"random 5×5": by_channels(torch.randn(16, 16, 5, 5), DOUBLE)},
        },
        "seeds": 1,
        "values": {name: by_channels(weight, DOUBLE) for name, weight in five.items()},
        "interval": None,
    }


def learned_columns() -> Part:
    torch.manual_seed(0)
    built = compose(torch.randn(6, 16, 1, 7), torch.randn(16, 6, 7, 1))
    layers = learned_layers()
    return {
        "question": "How many channels between 1×n and n×1 until they are within 5 % of a learned "
        "n×n layer, and what does that cost beside the n×n? (closed form)",
        "controls": {
            "positive": {"built of 1×7 and 7×1 with 6 between": by_channels(built, FLAT(7))},
            "negative": {"random 5×5": by_channels(torch.randn(16, 16, 5, 5), FLAT(5))},
        },
        "seeds": 1,
        "values": {
            name: by_channels(weight, FLAT(weight.shape[3])) for name, weight in layers.items()
        },
        "interval": None,
    }


# C16, C20, C22: small networks that differ in one part, trained alike.


@cache
def small_images(train_size: int) -> PartsWorldDataModule:
    data = PartsWorldDataModule(32, 50, train_size, 200, 1000, augment=False)
    data.setup()
    return data


def swapped(
    net: Callable[..., Any],
    ways: Sequence[str],
    over: str,
    *,
    width: float,
    train_size: int,
    epochs: int,
    rate: float,
    seeds: int,
) -> Part:
    data = small_images(train_size)

    def score(way: str, seed: int) -> float:
        build = partial(net, way, width=width)
        module = fit_plainly(build, data, epochs, lr=rate, schedule="one_cycle", seed=seed)
        return predict_test_set(module, data).accuracy

    found = contest({way: partial(score, way) for way in ways}, range(seeds))
    return {
        "seeds": seeds,
        "setting": f"PartsWorld at 32 px, {train_size} images, {epochs} epochs, one cycle to "
        f"{rate}, width {width}; 1000 test images",
        "macs": {way: cost(net(way, width=width), 32).macs for way in ways},
        **compared(found, over),
    }


def compared(found: Contest, over: str) -> Part:
    return {
        "values": found.scores,
        "means": {way: as_dict(found.mean(way)) for way in found.scores},
        "over": over,
        "interval": {
            way: as_dict(found.gain(way, over=over)) for way in found.scores if way != over
        },
    }


def windows() -> Part:
    return {
        "question": "Trained from the start, is a network with two 3×3 in place of each 5×5 as "
        "good, and does the ReLU between matter?",
        "controls": {
            "positive": "5×5 learns: far above 0.1, which is guessing",
            "negative": "1×1 in its place sees no neighbors and must lose",
        },
        **swapped(
            window_net, list(WINDOWS), "5×5", width=0.5, train_size=2000, epochs=6, rate=0.1,
            seeds=5,
        ),
    }  # fmt: skip


def flattened() -> Part:
    return {
        "question": "In Inception modules, is 1×7 and 7×1 as good as a full 7×7?",
        "controls": {
            "positive": "7×7 learns: far above 0.1, which is guessing",
            "negative": "1×7 alone sees no columns, 1×1 no neighbors: they must lose",
        },
        **swapped(
            flattened_net, list(FLATTENED), "7×7", width=0.5, train_size=1500, epochs=6, rate=0.1,
            seeds=3,
        ),
    }  # fmt: skip


def reductions() -> Part:
    names = list(REDUCTIONS)
    return {
        "question": "Which way to halve the grid gives the best accuracy, and at what cost?",
        "controls": {
            "positive": "convolution first throws nothing away before it was seen",
            "negative": "every second pixel is read and the others never: must lose",
        },
        "reduction_macs": {name: reduction_macs(name) for name in names},
        **swapped(
            reduction_net, names, "pool first", width=0.125, train_size=1500, epochs=5, rate=0.1,
            seeds=3,
        ),
    }  # fmt: skip


def reduction_macs(name: str) -> int:
    rows = cost(reduction_net(name), 32).rows
    return next(row.macs for row in rows if row.name == "reduction")


EARLY = ("conv_1", "conv_2")


def earlier_layers() -> Part:
    data, seeds, epochs = small_images(1500), range(5), 3
    ways = ("7×7", "1×7 and 7×1")
    build = {way: partial(flattened_net, way, width=0.5) for way in ways}
    donors = [
        fit_plainly(build["7×7"], data, 6, lr=0.1, schedule="one_cycle", seed=seed).net
        for seed in seeds
    ]
    runs = {
        (way, frozen): [
            relearn(
                donors[seed], build[way], EARLY, data, epochs, lr=0.1, frozen=frozen,
                seed=100 + seed,
            )
            for seed in seeds
        ]
        for way, frozen in product(ways, (True, False))
    }  # fmt: skip
    gains = {
        way: [
            b.accuracy - a.accuracy for a, b in zip(runs[way, True], runs[way, False], strict=True)
        ]
        for way in ways
    }
    more = [flat - full for full, flat in zip(gains["7×7"], gains["1×7 and 7×1"], strict=True)]
    return {
        "question": "Early layers come from a network with 7×7 behind them. Is it worth more that "
        "they may change if 1×7 and 7×1 follow than if 7×7 follows again?",
        "controls": {
            "positive": "free early layers change, frozen ones by exactly 0",
            "negative": "new 7×7 in place of the old: nothing to adapt to, only longer training",
        },
        "seeds": len(seeds),
        "values": {
            f"{way}, early layers {'frozen' if frozen else 'free'}": {
                "accuracy": [run.accuracy for run in found],
                "change": [run.change for run in found],
            }
            for (way, frozen), found in runs.items()
        },
        "interval": {
            "gain, 7×7": interval(gains["7×7"]),
            "gain, 1×7 and 7×1": interval(gains["1×7 and 7×1"]),
            "difference": interval(more),
        },
    }


# C17: every rule of counting, and the cost beside GoogLeNet.


def counts_of_42() -> Part:
    variants = {
        f"{stem} stem, {modules} flattened modules": InceptionV2(stem=stem, num_factorized=modules)
        for stem, modules in product(("3x3", "7x7"), (5, 4))
    }
    counts = {name: count_by_rules(net) for name, net in variants.items()}
    every = [count.layers for each in counts.values() for count in each]
    known = {"AlexNet": (AlexNet(), 8), "VGG-19": (VGG19(), 19), "GoogLeNet": (GoogLeNet(), 22)}
    google = cost(GoogLeNet()).macs
    return {
        "question": "By which rules of counting has Inception V2 42 layers, and how many times "
        "GoogLeNet's multiply-adds does it need (2.5, says the paper)?",
        "controls": {
            "positive": {
                name: {"published": depth, "by the usual rule": count_by_rules(net)[0].layers}
                for name, (net, depth) in known.items()
            },
            "negative": {
                "rules": len(every),
                "fewest": min(every),
                "most": max(every),
                "usual": {name: each[0].layers for name, each in counts.items()},
                "Inception V3, usual": count_by_rules(InceptionV3())[0].layers,
            },
        },
        "seeds": 0,
        "values": {
            "rules_that_give_42": {
                name: [count.rule for count in each if count.layers == 42]
                for name, each in counts.items()
            },
            "macs_over_googlenet": {
                name: cost(net).macs / google for name, net in variants.items()
            },
        },
        "interval": None,
    }


# C24: both optimizers at the best of four rates, chosen on validation images.

OPTIMIZERS = {
    "SGD": ("sgd", {"momentum": 0.9}),
    "RMSprop, TensorFlow's form": ("rmsprop_tf", {"alpha": 0.9, "eps": 1.0, "momentum": 0.9}),
}
GRID = (0.02, 0.05, 0.1, 0.2)


def optimizers() -> Part:
    data, epochs, seeds = small_images(1500), 4, (0, 1, 2)
    build = partial(flattened_net, "1×7 and 7×1", width=0.5)

    def accuracy(name: str, rate: float, seed: int) -> Any:
        optimizer, options = OPTIMIZERS[name]
        recipe = Recipe(optimizer=optimizer, lr=rate, options=options)
        return accuracy_by_recipe(build, data, epochs, recipe, seed=seed)

    tried = {name: {rate: accuracy(name, rate, 0) for rate in GRID} for name in OPTIMIZERS}
    best = {name: max(GRID, key=lambda rate: tried[name][rate].validation) for name in tried}
    ways = {
        name: lambda seed, name=name: (
            (tried[name][best[name]] if not seed else accuracy(name, best[name], seed)).test
        )
        for name in OPTIMIZERS
    }
    ways["SGD, a hundredth of the rate"] = lambda seed: (
        accuracy("SGD", best["SGD"] / 100, seed).test
    )
    return {
        "question": "Does RMSprop as in the paper's recipe train a compact network with Inception "
        "modules better than SGD with momentum, each at the best of four rates?",
        "controls": {
            "positive": "both learn: far above 0.1, which is guessing",
            "negative": "a hundredth of the best rate must lose",
        },
        "seeds": len(seeds),
        "validation_by_rate": {
            name: {rate: found.validation for rate, found in by.items()}
            for name, by in tried.items()
        },
        "best_rates": best,
        **compared(contest(ways, seeds), "SGD"),
    }


# C28, C29: 6,400 steps on 20 images, long after the last mistake.

DECAYS = (0.0, 4e-5, 5e-4, 5e-3)  # the second is the paper's
LAST = 6400


def growth(decay: float) -> Part:
    data = few_images()
    batch = data.normalize(data.train_set.images), data.train_set.labels
    recorder = RecordGrowth(100, batch)
    build = partial(PlainStack, 4, width=0.5)
    fit_plainly(build, data, LAST, lr=0.05, weight_decay=decay, callbacks=[recorder])
    doubling = [each for each in recorder.moments if each.step in [100 * 2**i for i in range(7)]]
    learned = [each for each in doubling if abs(each.logit_gap - each.label_margin) < 1e-6]
    steps = [each.step for each in learned]
    line = fit_line(torch.tensor(steps).log().tolist(), [each.logit_gap for each in learned])
    late = [each for each in recorder.moments if each.step >= LAST * 3 // 4]
    gaps = [each.logit_gap for each in late]
    return {
        "question": f"How do the gap of logits and the weights of four layers grow over {LAST:,} "
        f"steps with a weight decay of {decay:g}?",
        "controls": {
            "positive": "without decay both grow to the end, the gap with the logarithm of steps",
            "negative": "with decay 0.005 the gap comes to rest",
        },
        "seeds": 1,
        "values": {
            "weight_decay": decay,
            "steps": [each.step for each in doubling],
            "logit_gap": [each.logit_gap for each in doubling],
            "weight_norm": [each.weight_norm for each in doubling],
            "every label wins from step": steps[0],
            "gap against log(step)": {"slope": line.slope, "r2": line.r2},
            "late change of the gap": max(gaps) / min(gaps) - 1,
        },
        "interval": None,
    }


# C31, C32: a new last layer on the features of the companion AlexNet.

NOISE = (0.2, 0.4)
CURVE = (0.1, 2 / 9, 4 / 9, 0.7)


@cache
def features(seed: int) -> dict[float, FeatureDataModule]:
    """Of 200 images, by share of wrong labels."""
    images = partial(PartsWorldDataModule, 96, 50, 200, 100, 500, augment=False, seed=100 + seed)
    clean = FeatureDataModule(AlexNetModule.from_pretrained("parts_world").net, images())
    noisy = {noise: images(label_noise=noise).split("train").labels for noise in NOISE}
    return {0.0: clean} | {noise: clean.relabeled(labels) for noise, labels in noisy.items()}


def fit_head(noise: float, epsilon: float, seed: int, *, epochs: int, rate: float) -> Predictions:
    data = features(seed)[noise]
    module = fit_plainly(
        data.last_layer, data, epochs, lr=rate, epsilon=epsilon, schedule="one_cycle", seed=seed
    )
    return predict_test_set(module, data)


@cache
def head_rate(epochs: int) -> float:
    """The best of six rates for clean, hard labels, on other images than those reported."""
    seeds = (900, 901, 902)

    def accuracy(rate: float) -> float:
        runs = [fit_head(0.0, 0.0, seed, epochs=epochs, rate=rate) for seed in seeds]
        return sum(run.accuracy for run in runs)

    return max((0.0003, 0.001, 0.003, 0.01, 0.03, 0.1), key=accuracy)


def label_noise(epochs: int, curve: Sequence[float], seeds: int, *, times: int = 1) -> Part:
    rate = head_rate(epochs) * times

    def accuracy(noise: float, epsilon: float, seed: int) -> float:
        return fit_head(noise, epsilon, seed, epochs=epochs, rate=rate).accuracy

    results = []
    for noise in (0.0, *NOISE):
        matching = matching_epsilon(noise, CLASSES)
        epsilons = sorted({0.0, *(curve if noise else (0.1,)), *([matching] if noise else [])})
        results += run_label_noise(accuracy, (noise,), epsilons, range(seeds))
    clean, *noisy = results
    return {
        "question": "Does smoothing help with wrong labels, if ε is fixed beforehand to what the "
        f"noise is worth, noise · K / (K − 1)? {epochs} epochs, one cycle to {rate:g}, {times} "
        "times the best of six rates for clean, hard labels on other images.",
        "source": "Lukasik et al. 2020, Does Label Smoothing Mitigate Label Noise? (2003.02819)",
        "controls": {
            "positive": "wrong labels cost accuracy without smoothing",
            "negative": "with clean labels there is nothing to gain",
            "cost of 40 % wrong labels": as_dict(cost_of_noise(clean, noisy[-1])),
        },
        "seeds": seeds,
        "rate": rate,
        "values": [
            {"noise": each.noise, "epsilons": each.epsilons, "accuracies": each.accuracies}
            for each in results
        ],
        "interval": {
            f"{each.noise:.0%} wrong, ε = {epsilon:.3g}": as_dict(gain)
            for each in results
            for epsilon, gain in zip(each.epsilons[1:], each.gains, strict=True)
        },
        "fixed beforehand": {f"{each:.0%}": matching_epsilon(each, CLASSES) for each in NOISE},
    }


def cost_of_noise(clean: NoiseResult, noisy: NoiseResult) -> Interval:
    pairs = zip(clean.accuracies[0], noisy.accuracies[0], strict=True)
    return t_interval([one - other for one, other in pairs])


QUANTITIES = ("accuracy", "mean confidence", "entropy", "calibration error")


def measures(run: Predictions) -> dict[str, list[float]]:
    """Quantities on one half of the test images: as it is, and at the other half's temperature."""
    half = len(run.labels) // 2
    t = best_temperature(run.probabilities[:half], run.labels[:half])
    rest, labels = run.probabilities[half:], run.labels[half:]
    found = []
    for probabilities in (rest, at_temperature(rest, t)):
        sure = calibrate(probabilities, labels)
        found.append([sure.accuracy, sure.mean_confidence, entropy(probabilities), sure.error])
    return {"as trained": found[0], "at the best temperature": found[1], "temperature": [t]}


def hard_decisions(what: str, train: Callable[[float, int], Predictions]) -> Part:
    seeds = range(5)
    runs = {
        name: [measures(train(epsilon, seed)) for seed in seeds]
        for name, epsilon in (("hard labels", 0.0), ("smoothed by 0.1", 0.1))
    }
    table = {
        (name, when): dict(
            zip(QUANTITIES, zip(*[run[when] for run in each], strict=True), strict=True)
        )
        for name, each in runs.items()
        for when in ("as trained", "at the best temperature")
    }
    hard, smooth = (table[name, "as trained"] for name in runs)
    return {
        "question": f"Does smoothing make {what} less sure, and better calibrated, beyond what a "
        "temperature found afterwards does?",
        "source": "Müller et al. 2019 (1906.02629); temperatures: Guo et al. 2017 (1706.04599)",
        "controls": {
            "positive": "a temperature above 1 lowers confidence and keeps the accuracy",
            "negative": "accuracy does not tell the two apart, so confidence is no sign of skill",
        },
        "seeds": len(seeds),
        "temperatures": {
            name: [run["temperature"][0] for run in each] for name, each in runs.items()
        },
        "values": {
            f"{name}, {when}": {key: list(values) for key, values in row.items()}
            for (name, when), row in table.items()
        },
        "interval": {
            "smoothing minus hard labels, as trained": {
                key: interval([b - a for a, b in zip(hard[key], smooth[key], strict=True)])
                for key in QUANTITIES
            },
            "calibration error": {
                f"{name}, {when}": interval(row["calibration error"])
                for (name, when), row in table.items()
            },
        },
    }


def head_decisions(times: int) -> Part:
    rate = head_rate(20) * times
    return {
        "rate": rate,
        **hard_decisions(
            "a new last layer",
            lambda epsilon, seed: fit_head(0.0, epsilon, seed, epochs=20, rate=rate),
        ),
    }


def from_scratch(epsilon: float, seed: int) -> Predictions:
    data = PartsWorldDataModule(32, 50, 500, 10, 1000, augment=False, seed=seed)
    data.setup()
    build = partial(PlainStack, 8, width=0.5, batch_norm=True)
    module = fit_plainly(build, data, 12, lr=0.1, epsilon=epsilon, schedule="one_cycle", seed=seed)
    return predict_test_set(module, data)


# C33: four rates and three seeds for what is said to fail; the cure gets half as many tries.

RATES = (0.05, 0.02, 0.01, 0.005)
STEPS = {4: 150, 14: 150, 26: 150, 56: 200}


def few_images(train_size: int = 20, batch_size: int = 20) -> PartsWorldDataModule:
    data = PartsWorldDataModule(32, batch_size, train_size, 10, 10, augment=False)
    data.setup()
    return data


def stack(build: Callable[..., Any], depth: int, *, try_all: bool = True) -> Part:
    data, net = few_images(), partial(build, depth, width=0.5)
    errors = training_errors(net, data, STEPS[depth], RATES, (0, 1, 2) if try_all else (0,))
    rate = best_rate(errors)
    if not try_all:
        errors[rate] += training_errors(net, data, STEPS[depth], (rate,), (1, 2))[rate]
    return {
        "question": "Which share of its 20 training images does the stack still misclassify, at "
        "the best of four learning rates?",
        "controls": {
            "positive": "4 layers learn the images, so images, budget and rates allow it",
            "negative": "guessing misclassifies 0.9 of them; what diverges counts as that",
        },
        "seeds": 3,
        "values": {"steps": STEPS[depth], "best_rate": rate, "errors_by_rate": errors},
        "interval": interval(errors[rate]),
    }


def widths_of_four_layers() -> Part:
    data, values = few_images(500, 25), {}
    for width, epochs in ((0.5, 30), (0.5, 90), (1.0, 30), (2.0, 30)):
        build = partial(PlainStack, 4, width=width)
        errors = training_errors(build, data, epochs, (0.04,), (0, 1, 2))[0.04]
        values[f"width {width}, {epochs * 20} steps"] = {"errors": errors, **interval(errors)}
    return {
        "question": "Why do 4 layers misclassify many of 500 training images, where 8 learn them? "
        "Four layers at half width, three times as long, or two and four times as wide.",
        "controls": {
            "positive": "PlainStack(8, width=0.5) learns them: record training_curves, depth",
            "negative": "guessing misclassifies 0.9 of them",
        },
        "seeds": 3,
        "values": values,
    }


NORMED = partial(PlainStack, batch_norm=True)
RESIDUAL = partial(ResidualStack, batch_norm=True)

PARTS: dict[str, Callable[[], Part]] = {
    "C17 counts of 42": counts_of_42,
    "C16 learned layers": learned_cascades,
    "C22 learned layers": learned_columns,
    "C31 short": partial(label_noise, 20, CURVE, 20),
    "C31 short, ten times the rate": partial(label_noise, 20, (), 20, times=10),
    "C32 last layer": partial(head_decisions, 1),
    "C32 last layer, ten times the rate": partial(head_decisions, 10),
    "C22 trained": flattened,
    "C22 earlier layers": earlier_layers,
    "C24 trained": optimizers,
    "C20 trained": reductions,
    "C33 plain, 4 layers": partial(stack, PlainStack, 4),
    "C33 plain, 14 layers": partial(stack, PlainStack, 14),
    "C33 plain, 26 layers": partial(stack, PlainStack, 26),
    "C33 residual, 56 layers": partial(stack, RESIDUAL, 56, try_all=False),
    "C33 batch norm, 56 layers": partial(stack, NORMED, 56, try_all=False),
    "C16 trained": windows,
    **{f"C28 C29 decay {decay:g}": partial(growth, decay) for decay in DECAYS},
    "C33 batch norm, 26 layers": partial(stack, NORMED, 26, try_all=False),
    "C31 long": partial(label_noise, 100, (), 20),
    "C32 from scratch": partial(hard_decisions, "a network of eight layers", from_scratch),
    "C33 plain, 56 layers": partial(stack, PlainStack, 56, try_all=False),
    "C33 width of four layers": widths_of_four_layers,
}


def as_dict(found: Interval) -> dict[str, float]:
    return {"mean": found.mean, "half": found.half}


def interval(values: Sequence[float]) -> dict[str, float]:
    return as_dict(t_interval(values))


def rounded(value: Any) -> Any:
    """Four significant digits: more would be noise."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {str(key): rounded(each) for key, each in value.items()}
    return [rounded(each) for each in value] if isinstance(value, list | tuple) else value


def main(names: list[str]) -> None:
    warnings.filterwarnings("ignore")
    for name in ("lightning.pytorch", "lightning.pytorch.utilities.rank_zero"):
        logging.getLogger(name).setLevel(logging.ERROR)
    torch.set_num_threads(1)  # small networks gain little by more, and sums would round otherwise
    for part, measure in PARTS.items():
        results = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
        claims = [word for word in part.split() if word[:1] == "C" and word[1:].isdigit()]
        if not set(claims) & set(names) if names else part in results:
            continue
        start = time.process_time()
        found = {"claims": claims, **measure()}
        found["seconds"] = round(time.process_time() - start, 1)
        found["command"] = f"python tests/benchmarks/claims.py {claims[0]}"
        # Read again: another run may have written meanwhile.
        results = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
        results[part] = rounded(found)
        text = json.dumps(dict(sorted(results.items())), indent=1, ensure_ascii=False)
        RESULTS.write_text(text + "\n", "utf-8")
        print(f"{part}: {found['seconds']} s", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
