"""The eight textures, each a large tile of gray levels that scenes cut their surfaces from."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from lecture_nets.data.parts_world.chance import random_source
from lecture_nets.data.parts_world.parts import cos_sin

LEVELS = 16
ANGLES = (0, 30, 60, 90, 120, 150)
UNIT = 16  # a scene is 256 units wide whatever its size; tiles count sixteenths of a unit
NOISE_MARGIN = 64

Coordinates = np.ndarray


def triangle(x: Coordinates, period: int) -> np.ndarray:
    """Zigzag between 0 and 15: a sine's job without its platform-dependent last bits."""
    phase = x % period
    return np.minimum(phase, period - phase) * 31 // period


def stripes(x: Coordinates, y: Coordinates) -> np.ndarray:
    return triangle(x, 13 * UNIT)


def waves(x: Coordinates, y: Coordinates) -> np.ndarray:
    return triangle(y + triangle(x, 34 * UNIT) * 8, 15 * UNIT)


def checks(x: Coordinates, y: Coordinates) -> np.ndarray:
    return ((x // (9 * UNIT) + y // (9 * UNIT)) % 2) * 15


def mesh(x: Coordinates, y: Coordinates) -> np.ndarray:
    return np.where((x % (14 * UNIT) < 4 * UNIT) | (y % (14 * UNIT) < 4 * UNIT), 15, 3)


def dots(x: Coordinates, y: Coordinates) -> np.ndarray:
    dx, dy = x % (14 * UNIT) - 7 * UNIT, y % (14 * UNIT) - 7 * UNIT
    return np.where(dx * dx + dy * dy < (4 * UNIT) ** 2, 15, 3)


def bricks(x: Coordinates, y: Coordinates) -> np.ndarray:
    row = y // (11 * UNIT)
    x = x + (row % 2) * 11 * UNIT
    brick = 9 + (row * 5 + x // (22 * UNIT) * 3) % 7
    return np.where((y % (11 * UNIT) < 3 * UNIT) | (x % (22 * UNIT) < 3 * UNIT), 0, brick)


def scales(x: Coordinates, y: Coordinates) -> np.ndarray:
    row = y // (9 * UNIT)
    dx = (x + (row % 2) * 9 * UNIT) % (18 * UNIT) - 9 * UNIT
    dy = y % (9 * UNIT)
    distance = dx * dx + dy * dy
    return np.where(distance > (9 * UNIT) ** 2, 0, 4 + distance * 12 // (9 * UNIT) ** 2)


def grain(x: Coordinates, y: Coordinates) -> np.ndarray:
    raw = np.frombuffer(random_source(0).bytes(256 * 256), np.uint8).reshape(256, 256)
    soft = (
        raw + np.roll(raw, 1, 0).astype(int) + np.roll(raw, 1, 1) + np.roll(raw, 1, (0, 1))
    ) // 4
    levels = np.clip((soft - 128) // 8 + 8, 0, 15)
    return levels[(y // (4 * UNIT)) % 256, (x // (4 * UNIT)) % 256]


PATTERNS: dict[str, Callable[[Coordinates, Coordinates], np.ndarray]] = {
    "stripes": stripes,
    "waves": waves,
    "checks": checks,
    "mesh": mesh,
    "dots": dots,
    "bricks": bricks,
    "scales": scales,
    "grain": grain,
}
TEXTURES = tuple(PATTERNS)


@lru_cache(maxsize=128)
def texture_tile(texture: int, angle: int, canvas: int) -> np.ndarray:
    """Levels 0…15 of one turned texture, a quarter larger than the canvas it will be cut for."""
    cells = np.arange(canvas * 5 // 4) * (256 * UNIT) // canvas
    x, y = cells[None, :], cells[:, None]
    cos, sin = (round(1024 * value) for value in cos_sin(ANGLES[angle]))
    turned_x, turned_y = (x * cos + y * sin) >> 10, (y * cos - x * sin) >> 10
    return PATTERNS[TEXTURES[texture]](turned_x, turned_y).astype(np.uint8)


@lru_cache(maxsize=4)
def noise_tile(image_size: int) -> np.ndarray:
    """``int8`` noise of deviation 32, nearly normal: each value is a sum of four random bytes."""
    side = image_size + NOISE_MARGIN
    raw = np.frombuffer(random_source(1).bytes(4 * 3 * side * side), np.uint8)
    total = raw.reshape(4, 3, side, side).astype(np.int32).sum(0)
    return ((total - 510) * 111 >> 9).astype(np.int8)
