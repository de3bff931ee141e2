"""How hard PartsWorld is for classifiers that see no arrangement, and how fast it is drawn.

``python tests/benchmarks/parts_world_difficulty.py`` trains on 4000 images, tests on 1000, prints
the accuracies and writes them to ``docs/results/parts_world.json``. About a minute on one core.
"""

import json
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from lecture_nets.data.parts_world import BODY, PARTS, PartsWorld
from lecture_nets.data.parts_world.chance import DIFFICULTIES
from lecture_nets.data.parts_world.scene import draw_scene

RESULTS = Path(__file__).parents[2] / "docs" / "results" / "parts_world.json"
TRAIN, TEST, SIZE, CLASSES = 4000, 1000, 64, 10
PENALTIES = (1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0)


def pixels_16(split: PartsWorld) -> Tensor:
    """Images shrunk to 16x16: ``(N, 768)``."""
    return F.adaptive_avg_pool2d(split.images.float(), 16).flatten(1)


def color_histogram(split: PartsWorld) -> Tensor:
    """Share of the pixels in each of 4x4x4 colors: ``(N, 64)``."""
    bins = (split.images >> 6).long()
    codes = (bins[:, 0] * 16 + bins[:, 1] * 4 + bins[:, 2]).flatten(1)
    return count(codes, 64) / codes.shape[1]


def count(codes: Tensor, values: int) -> Tensor:
    """How often each value occurs in each row: ``(N, M)`` -> ``(N, values)``."""
    return torch.stack([torch.bincount(row, minlength=values) for row in codes]).float()


def own_areas(split: PartsWorld) -> Tensor:
    """True visible area of the body and of each part of the object itself: ``(N, 13)``."""
    own = split.maps[:, 0] * (split.maps[:, 1] == 0)
    return count(own.flatten(1).long(), BODY + 2)[:, 1 : BODY + 1]


def presence(split: PartsWorld) -> Tensor:
    """Which parts are in sight: ``(N, 12)``."""
    return (own_areas(split)[:, : len(PARTS)] > 0).float()


def area_features(areas: Tensor) -> Tensor:
    """Roots of areas and of their shares (roots are nearer to normal), and presence."""
    shares = areas / areas.sum(1, keepdim=True).clamp_min(1)
    return torch.cat((areas.sqrt(), shares.sqrt(), (areas > 0).float()), 1)


def part_areas(split: PartsWorld) -> Tensor:
    return area_features(own_areas(split)[:, : len(PARTS)])


def part_and_body_areas(split: PartsWorld) -> Tensor:
    return area_features(own_areas(split))


def standardize(train: Tensor, test: Tensor) -> tuple[Tensor, Tensor]:
    mean, std = train.mean(0), train.std(0).clamp_min(1e-6)
    return (train - mean) / std, (test - mean) / std


def ridge_accuracy(train: Tensor, labels: Tensor, test: Tensor, truth: Tensor) -> float:
    """Ridge regression on the classes; a quarter of the training images picks the penalty."""
    train, test = (F.pad(x, (0, 1), value=1) for x in standardize(train.double(), test.double()))
    targets = F.one_hot(labels, CLASSES).double()
    fit_on = len(train) * 3 // 4

    def solve(images: int, penalty: float) -> Tensor:
        x, y = train[:images], targets[:images]
        gram = x.T @ x + penalty * images * torch.eye(x.shape[1], dtype=x.dtype)
        return torch.linalg.solve(gram, x.T @ y)

    def held_out(penalty: float) -> float:
        guesses = (train[fit_on:] @ solve(fit_on, penalty)).argmax(1)
        return (guesses == labels[fit_on:]).double().mean().item()

    best = max(PENALTIES, key=held_out)
    return ((test @ solve(len(train), best)).argmax(1) == truth).double().mean().item()


def mlp_accuracy(train: Tensor, labels: Tensor, test: Tensor, truth: Tensor) -> float:
    """A network with two hidden layers of 64, for features that no straight line separates."""
    torch.manual_seed(0)
    train, test = standardize(train, test)
    widths = (train.shape[1], 64, 64, CLASSES)
    first, second, last = (torch.nn.Linear(*pair) for pair in pairwise(widths))
    net = torch.nn.Sequential(first, torch.nn.ReLU(), second, torch.nn.ReLU(), last)
    epochs, batch = 40, 128
    optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=1e-2)
    steps = epochs * -(-len(train) // batch)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(epochs):
        for chosen in torch.randperm(len(train)).split(batch):
            loss = F.cross_entropy(net(train[chosen]), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return (net(test).argmax(1) == truth).double().mean().item()


BASELINES: dict[str, tuple[Callable[[PartsWorld], Tensor], Callable[..., float]]] = {
    "ridge on 16x16 pixels": (pixels_16, ridge_accuracy),
    "ridge on a 4x4x4 color histogram": (color_histogram, ridge_accuracy),
    "ridge on roots of that histogram": (
        lambda split: color_histogram(split).sqrt(),
        ridge_accuracy,
    ),
    "ridge on presence of own parts": (presence, ridge_accuracy),
    "mlp on presence of own parts": (presence, mlp_accuracy),
    "ridge on areas of own parts": (part_areas, ridge_accuracy),
    "mlp on areas of own parts": (part_areas, mlp_accuracy),
    "mlp on areas of own parts and body": (part_and_body_areas, mlp_accuracy),
}


def milliseconds_per_image(difficulty: str, image_size: int, images: int = 300) -> float:
    """Best of three rounds, texture tiles made before: other processes can only slow it down."""
    rounds = []
    for _ in range(4):
        start = time.perf_counter()
        for index in range(images):
            draw_scene((1, 0, index), index % CLASSES, image_size, DIFFICULTIES[difficulty], 0.0)
        rounds.append((time.perf_counter() - start) / images * 1000)
    return round(min(rounds[1:]), 2)


def measure(difficulty: str) -> dict[str, float]:
    train, test = (
        PartsWorld(split, size, SIZE, difficulty=difficulty, return_truth=True)
        for split, size in (("train", TRAIN), ("test", TEST))
    )
    majority = torch.bincount(test.labels, minlength=CLASSES).max().item() / TEST
    results = {"majority class": majority}
    for name, (features, accuracy) in BASELINES.items():
        score = accuracy(features(train), train.labels, features(test), test.labels)
        results[name] = round(score, 3)
        print(f"{difficulty}: {name}: {score:.1%}", flush=True)
    return results


if __name__ == "__main__":
    torch.set_num_threads(1)
    report = {
        "images": {"train": TRAIN, "test": TEST, "size": SIZE, "seed": 0},
        "test_accuracy": {difficulty: measure(difficulty) for difficulty in DIFFICULTIES},
        "milliseconds_per_image_one_core": {
            difficulty: {
                f"{size} px": milliseconds_per_image(difficulty, size) for size in (64, 96, 128)
            }
            for difficulty in DIFFICULTIES
        },
    }
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(report, indent=2) + "\n")
    print(f"written: {RESULTS}")
