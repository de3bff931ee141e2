"""Depth, data and layers on HierarchyWorld. Writes docs/results/hierarchy_world.json and pictures.

    python tests/benchmarks/hierarchy_world.py                  # all parts, 20 minutes on one core
    python tests/benchmarks/hierarchy_world.py depth layers     # some of them
    python tests/benchmarks/hierarchy_world.py pictures         # from the record alone

A seed draws rules, images, first weights and the order of images, so an interval over seeds is one
over worlds. Images are of 32 pixels, networks `HierarchyStack`, recipe ``"quick"``.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import cache, partial
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from gallery import shrink
from torch import Tensor

from lecture_nets import ShallowSVMModule
from lecture_nets.analysis.depth import DepthPoint, TrainedAlike, train_alike
from lecture_nets.analysis.hierarchy import erase_symbols, probe_symbols
from lecture_nets.analysis.label_noise import Interval, t_interval
from lecture_nets.analysis.ladder import ladder
from lecture_nets.data import HierarchyWorldDataModule
from lecture_nets.data.hierarchy_world import STROKES, HierarchyWorld
from lecture_nets.nets.hierarchy_stack import HierarchyStack
from lecture_nets.visualize.depth import draw_depth, draw_samples
from lecture_nets.visualize.hierarchy import LevelScore, draw_derivation, draw_staircase, draw_world

DOCS = Path(__file__).parents[2] / "docs"
RESULTS = DOCS / "results" / "hierarchy_world.json"
SEEDS = (0, 1, 2)
IMAGES, TESTS, SIZE, BATCH, EPOCHS, CLASSES, LEVELS = 4000, 2000, 32, 64, 8, 10, 3
DEPTHS = (3, 4, 5, 6)
Row = dict[str, Any]


def world(synonyms: int, seed: int, images: int = IMAGES, **options: Any):
    data = HierarchyWorldDataModule(
        SIZE, BATCH, images, 10, TESTS, seed, synonyms=synonyms, **options
    )
    data.setup()
    return data


@cache
def trained(
    synonyms: int, depth: int, width: float, seed: int, images: int = IMAGES, **options: Any
) -> TrainedAlike:
    """One network; fewer images are seen more often, so that the number of steps is the same."""
    data = world(synonyms, seed, images, **options)
    epochs = EPOCHS * IMAGES // images
    build = partial(HierarchyStack, depth, width=width)
    (run,) = train_alike({f"{depth} layers": build}, data, epochs, seed=seed)
    print(f"  m={synonyms} {run.name} x{width:g} seed {seed}, {images} images {options}: "
          f"{run.train_error:.2%} {run.test_error:.1%}, {run.seconds} s", flush=True)  # fmt: skip
    return run


def interval(values: Sequence[float]) -> dict[str, float]:
    return {key: round(value, 4) for key, value in asdict(t_interval(values)).items()}


def row(runs: Sequence[TrainedAlike], width: float) -> Row:
    """What networks of several seeds have in common."""
    errors = [run.test_error for run in runs]
    return {
        "depth": runs[0].depth,
        "width": width,
        "parameters": runs[0].parameters,
        "largest_train_error": round(max(run.train_error for run in runs), 4),
        "test_error": interval(errors),
        "test_errors": [round(error, 4) for error in errors],
        "seconds": round(statistics.fmean(run.seconds for run in runs), 1),
    }


def rows(synonyms: int, nets: Sequence[tuple[int, float]], **options: Any) -> list[Row]:
    return [
        row([trained(synonyms, depth, width, seed, **options) for seed in SEEDS], width)
        for depth, width in nets
    ]


EQUAL = tuple((depth, 1.0) for depth in DEPTHS)
SHRINKING = ((3, 1.5), (4, 1.125), (5, 0.75), (6, 0.5))
SETTING = (
    f"HierarchyStack, {IMAGES} images of {SIZE} pixels, {EPOCHS} epochs in batches of {BATCH}, "
    f"recipe quick; {TESTS} test images; seeds {', '.join(map(str, SEEDS))}"
)


def depth() -> Row:
    """C6: depth alone, then depth against width, at four synonyms."""
    return {
        "setting": SETTING + "; synonyms 4",
        "equal_width": rows(4, EQUAL),
        "each_deeper_one_smaller": rows(4, SHRINKING),
        "wide": rows(4, [(3, 3.0)]),
    }


def synonyms() -> Row:
    """The same networks where less depth is needed; with one synonym, none at all."""
    return {
        "setting": SETTING,
        **{f"synonyms_{count}": rows(count, (EQUAL[0], EQUAL[-1])) for count in (1, 2, 3)},
    }


def controls() -> Row:
    """What no network can learn, and a network that has learned nothing."""
    untrained = [
        train_alike({"": partial(HierarchyStack, 6, width=0.5)}, world(4, seed), 0, seed=seed)[0]
        for seed in SEEDS
    ]
    return {
        "setting": SETTING + "; synonyms 4; labels are shuffled by label_noise=0.9 of 10 classes",
        "untrained": [row(untrained, 0.5)],
        "labels_shuffled": rows(4, [(6, 0.5)], label_noise=0.9),
        "fresh_images_every_epoch": rows(4, [(3, 1.0), (6, 0.5)], fresh=True),
    }


CURVE = {2: (125, 250, 500), 3: (500, 1000, 2000), 4: (2000, 4000, 8000)}
LEARNED = 0.1  # test error at which a world counts as learned


def sample_curve() -> Row:
    """How many images six layers need, beside the theory's number."""
    curves, needed = {}, {}
    for count, sizes in CURVE.items():
        runs = {n: [trained(count, 6, 0.5, seed, n) for seed in SEEDS] for n in sizes}
        curves[f"synonyms_{count}"] = [
            {
                "images": n,
                "test_error": interval([run.test_error for run in each]),
                "largest_train_error": round(max(run.train_error for run in each), 4),
            }
            for n, each in runs.items()
        ]
        theory = CLASSES * count**LEVELS
        found = crossing(
            sizes, [statistics.fmean(r.test_error for r in each) for each in runs.values()]
        )
        needed[f"synonyms_{count}"] = {
            "theory_classes_times_synonyms_to_the_levels": theory,
            "images_for_10_percent_error": found,
            "ratio": found and round(found / theory, 2),
        }
    return {
        "setting": f"HierarchyStack(6, width=0.5), {EPOCHS * IMAGES // BATCH} steps or a few more "
        f"whatever the number of images; {TESTS} test images; seeds {', '.join(map(str, SEEDS))}",
        "needed": needed,
        **curves,
    }


def crossing(sizes: Sequence[int], errors: Sequence[float]) -> int | None:
    """Where the error falls to `LEARNED`, between two sizes on a logarithmic scale."""
    for i in range(1, len(sizes)):
        high, low = errors[i - 1], errors[i]
        if low <= LEARNED < high:
            share = (high - LEARNED) / (high - low)
            return round(sizes[i - 1] * (sizes[i] / sizes[i - 1]) ** share)
    return None


def strokes() -> Row:
    """What strokes tell of the class without being put together, by ridge regression."""
    features: dict[str, Callable[[HierarchyWorld], Tensor]] = {
        "pixels": lambda split: split.images.flatten(1).double() / 255 - 0.5,
        "number_of_each_stroke": lambda split: one_hot(split).sum(1),
        "strokes_in_their_places": lambda split: one_hot(split).flatten(1),
    }
    return {
        "setting": f"ridge regression, {IMAGES} images of {SIZE} pixels, {TESTS} test images; "
        f"guessing is right in {1 / CLASSES:.0%}; seeds {', '.join(map(str, SEEDS))}",
        **{
            f"synonyms_{count}": {
                "best_single_stroke": interval([best_stroke(world(count, seed)) for seed in SEEDS]),
                **{
                    name: interval([ridge_accuracy(world(count, seed), of) for seed in SEEDS])
                    for name, of in features.items()
                },
            }
            for count in (1, 2, 3, 4)
        },
    }


def one_hot(split: HierarchyWorld) -> Tensor:
    return F.one_hot(split.truth["stroke"].flatten(1).long(), len(STROKES)).double()


def best_stroke(data: HierarchyWorldDataModule) -> float:
    """Accuracy of who sees one stroke only, at the place that tells most."""
    labels = F.one_hot(data.train_set.labels).double()
    counts = torch.einsum("nps,nc->psc", one_hot(data.train_set), labels)
    likeliest = torch.einsum("nps,psc->npc", one_hot(data.test_set), counts).argmax(2)
    right = likeliest == data.test_set.labels[:, None]
    return right.double().mean(0).max().item()


def ridge_accuracy(data: HierarchyWorldDataModule, of: Callable[[HierarchyWorld], Tensor]) -> float:
    """The penalty is chosen on a quarter of the training images."""
    x, test = (F.pad(of(split), (0, 1), value=1) for split in (data.train_set, data.test_set))
    labels, cut = data.train_set.labels, IMAGES * 3 // 4
    targets = F.one_hot(labels, CLASSES).double()

    def solve(images: int, penalty: float) -> Tensor:
        part = x[:images]
        gram = part.T @ part + penalty * images * torch.eye(x.shape[1], dtype=x.dtype)
        return torch.linalg.solve(gram, part.T @ targets[:images])

    def held_out(penalty: float) -> float:
        guesses = (x[cut:] @ solve(cut, penalty)).argmax(1)
        return (guesses == labels[cut:]).double().mean().item()

    best = max((1e-3, 1e-2, 0.1, 1.0), key=held_out)
    guesses = (test @ solve(IMAGES, best)).argmax(1)
    return (guesses == data.test_set.labels).double().mean().item()


PAIRS = (("conv_2", "stroke"), ("conv_3", "texture"), ("conv_4", "part"), ("conv_5", "class"))
READ_FROM = ((6, 1.0), (6, 0.5))


def layers() -> Row:
    """C10 to C14: which symbols each layer knows, trained and untrained."""
    report: Row = {
        "setting": SETTING + "; synonyms 4; linear probes on the test images, 0 guesses and 1 "
        "never fails"
    }
    for depth, width in READ_FROM:
        both = {
            "trained": [trained(4, depth, width, seed) for seed in SEEDS],
            "untrained": [
                train_alike(
                    {"": partial(HierarchyStack, depth, width=width)}, world(4, seed), 0, seed=seed
                )[0]
                for seed in SEEDS
            ],
        }
        report[f"width_{width:g}"] = {name: probes(runs) for name, runs in both.items()}
    return report


def probes(runs: Sequence[TrainedAlike]) -> Row:
    found = []
    for seed, run in zip(SEEDS, runs, strict=True):
        data = world(4, seed)
        images = data.normalize(data.test_set.images)
        found.append(probe_symbols(run.net, images, data.test_set.truth))
    table: dict[str, Row] = {}
    for same in zip(*found, strict=True):
        scores = interval([each.score for each in same])
        table.setdefault(same[0].question, {})[same[0].layer] = scores
    shuffled = [(x.shuffled - x.chance) / (1 - x.chance) for each in found for x in each]
    return {"scores": table, "largest_score_with_shuffled_answers": round(max(shuffled), 3)}


def reuse() -> Row:
    """C9: which classes lose when one symbol can no longer be told in a layer."""
    report: Row = {
        "setting": SETTING + "; synonyms 4; width 0.5; a symbol is erased from the layer that "
        "knows it; means over symbols, intervals over seeds; a class is hit if it loses over 5 "
        "points"
    }
    erased = {
        seed: [
            erase_symbols(
                trained(4, 6, 0.5, seed).net,
                (data := world(4, seed)).normalize(data.test_set.images),
                data.test_set.truth,
                layer,
                level,
            )
            for layer, level in PAIRS
        ]
        for seed in SEEDS
    }
    for i, (layer, level) in enumerate(PAIRS):
        each = [erased[seed][i] for seed in SEEDS]
        report[level] = {
            "layer": layer,
            **{
                name: interval([statistics.fmean(of(x) for x in symbols) for symbols in each])
                for name, of in QUANTITIES.items()
            },
            "correlation_of_loss_and_users": interval([correlation(x) for x in each]),
        }
    return report


QUANTITIES: dict[str, Callable[[Any], float]] = {
    "users": lambda x: statistics.fmean(x.users),
    "lost": lambda x: statistics.fmean(x.lost),
    "lost_at_random": lambda x: statistics.fmean(x.random),
    "classes_hit": lambda x: x.hit,
    "classes_hit_at_random": lambda x: x.hit_at_random,
}


def correlation(symbols: Sequence[Any]) -> float:
    """Of what a class loses and how many of its images use the symbol, over both."""
    users = [share for each in symbols for share in each.users]
    lost = [loss for each in symbols for loss in each.lost]
    return statistics.correlation(users, lost) if len(set(users)) > 1 else 0.0


def svm() -> Row:
    """The shallow row of the lecture, on larger images, which its descriptors need."""
    found: Row = {
        "setting": f"ShallowSVM, {IMAGES} images of 96 pixels, 12 epochs, recipe quick; "
        f"{TESTS} test images; seed 0"
    }
    for count in (2, 4):
        data = HierarchyWorldDataModule(96, 32, IMAGES, 10, TESTS, synonyms=count)
        torch.manual_seed(0)
        (rung,) = ladder([ShallowSVMModule(recipe="quick")], data, 12)
        found[f"synonyms_{count}"] = {"test_error": rung.test_error, "seconds": rung.seconds}
    return found


def speed() -> Row:
    """Milliseconds that an image takes, the best of five rounds: others can only slow it down."""
    report = {}
    for size in (32, 64, 128, 224):
        rounds = []
        for seed in range(5):
            start = time.perf_counter()
            HierarchyWorld("train", 200, size, seed).images  # noqa: B018
            rounds.append((time.perf_counter() - start) / 200 * 1000)
        report[f"{size}_px"] = round(min(rounds), 3)
    return {"milliseconds_per_image_one_core": report}


def points(rows: Sequence[Row]) -> list[DepthPoint]:
    return [
        DepthPoint(each["depth"], each["parameters"], Interval(**each["test_error"]))
        for each in rows
    ]


def pictures(report: Row) -> None:
    """Everything that docs/hierarchy_world.md shows, from the record; the images are drawn."""
    shown = HierarchyWorld("train", 30, 64, synonyms=3)
    drawn = {"images": draw_world(shown), "derivation": draw_derivation(shown, 3)}
    if "depth" in report:
        depth_ = report["depth"]
        curves = {
            "equal width": depth_["equal_width"],
            "each deeper one is smaller": depth_["each_deeper_one_smaller"],
        }
        drawn["depth"] = draw_depth(
            {name: points(rows) for name, rows in curves.items()},
            guessing=1 - 1 / CLASSES,
            caption=depth_["setting"] + ". Whiskers: 95 % intervals over seeds.",
        )
    if "layers" in report:
        tables = report["layers"]["width_1"]
        drawn["staircase"] = draw_staircase(
            *(
                [
                    LevelScore(layer, level, score["mean"])
                    for level, row in tables[name]["scores"].items()
                    for layer, score in row.items()
                ]
                for name in ("trained", "untrained")
            ),
            HierarchyWorld("test", 10, 64, synonyms=4).images[4],
        )
    if "sample_curve" in report:
        curve = report["sample_curve"]
        drawn["sample_curve"] = draw_samples(
            {
                count: {
                    each["images"]: Interval(**each["test_error"])
                    for each in curve[f"synonyms_{count}"]
                }
                for count in CURVE
            },
            {count: CLASSES * count**LEVELS for count in CURVE},
            caption=curve["setting"] + ". Dotted: the theory's n_c · m^L. Whiskers: 95 %.",
        )
    for name, picture in drawn.items():
        path = picture.save(DOCS / "images" / f"hierarchy_world_{name}.png")
        shrink(path)
        print(f"{path.name}: {path.stat().st_size:,} bytes")


PARTS: dict[str, Callable[[], Row]] = {
    "speed": speed,
    "depth": depth,
    "layers": layers,
    "reuse": reuse,
    "controls": controls,
    "synonyms": synonyms,
    "sample_curve": sample_curve,
    "strokes": strokes,
    "svm": svm,
}


def main(asked: Sequence[str]) -> None:
    torch.set_num_threads(1)
    report = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    for name in asked or (*PARTS, "pictures"):
        if name == "pictures":
            pictures(report)
            continue
        start = time.perf_counter()
        report[name] = PARTS[name]()
        ordered = {part: report[part] for part in PARTS if part in report}
        RESULTS.write_text(json.dumps(ordered, indent=2) + "\n", "utf-8")
        print(f"{name}: {time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
