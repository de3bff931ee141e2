"""The random choices of a scene, and their ranges."""

from typing import NamedTuple

import numpy as np


class Difficulty(NamedTuple):
    """Ranges that scenes are drawn from; lengths are fractions of the image's side."""

    scale: tuple[float, float]
    tilt: float
    occluder: float
    loose_parts: int
    noise: tuple[float, float]
    blur: float
    contrast: tuple[float, float]


DIFFICULTIES = {
    "easy": Difficulty(
        scale=(0.6, 1), tilt=0.06, occluder=0.2, loose_parts=1, noise=(2, 8), blur=0.7,
        contrast=(0.3, 0.5),
    ),
    "hard": Difficulty(
        scale=(0.4, 1), tilt=0.16, occluder=0.7, loose_parts=6, noise=(6, 22), blur=1,
        contrast=(0.22, 0.45),
    ),
}  # fmt: skip


def random_source(*key: int) -> np.random.Generator:
    """Random numbers that depend on ``key`` alone, on every machine."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(key)))


class Draws:
    """An image's random numbers, drawn at once and handed out in order."""

    def __init__(self, *key: int) -> None:
        self.uniforms = random_source(*key).random(320)
        self.used = 0

    def array(self, rows: int, columns: int) -> np.ndarray:
        start, self.used = self.used, self.used + rows * columns
        return self.uniforms[start : self.used].reshape(rows, columns)

    def between(self, low: float, high: float) -> float:
        self.used += 1
        return low + (high - low) * float(self.uniforms[self.used - 1])

    def below(self, count: int) -> int:
        return int(self.between(0, count))

    def chance(self, probability: float) -> bool:
        return self.between(0, 1) < probability

    def sign(self) -> int:
        return 1 if self.chance(0.5) else -1
