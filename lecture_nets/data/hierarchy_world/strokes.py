"""Drawings of the lowest level's symbols: bars of six directions, a warm blob and a cold one.

Phase, contrast, polarity, tint and noise vary, so that no pixel tells which stroke it belongs to.
"""

from functools import lru_cache

import numpy as np

from lecture_nets.data.hierarchy_world.chance import random_bytes

STROKES = (
    *(f"bar {angle}°" for angle in range(0, 180, 30)),
    "warm blob",
    "cold blob",
)
BARS = 6
MIN_CELL = 4  # pixels of a stroke's side, below which its direction is lost
PHASES = 16
LOOKS, NOISE = 1, 2  # keep the random numbers of strokes and of pixels apart
GRAY = 128
AMPLITUDE = 102  # gray levels of a stroke at full contrast
NOISE_SCALE = 33  # 256ths; the noise has a deviation of 19 gray levels
NOISE_BYTES = 4  # that are added up for each pixel, which makes it nearly normal
PIXELS_AT_ONCE = 2**19  # of all channels; more would not fit into the cache


@lru_cache(maxsize=16)
def tiles(cell: int) -> np.ndarray:
    """Every stroke in every phase: ``int16`` ``(8, 16, 3, cell, cell)``, in gray levels.

    Floats are rounded to whole gray levels here, and none is near a half (a test holds it), so the
    last bits of a machine's cosine do not matter.
    """
    line = np.arange(cell) - (cell - 1) / 2
    y, x = np.meshgrid(line, line, indexing="ij")
    shift = np.linspace(-0.15, 0.15, PHASES)[:, None, None] * cell
    shapes = np.zeros((len(STROKES), PHASES, 3, cell, cell))
    envelope = np.exp(-(x**2 + y**2) / (2 * (0.33 * cell) ** 2))
    for bar in range(BARS):
        angle = bar * np.pi / BARS
        along = x * np.sin(angle) + y * np.cos(angle) + shift
        shapes[bar] = (np.cos(2 * np.pi * along / (0.66 * cell)) * envelope)[:, None]
    blob = np.exp(-((x + shift) ** 2 + y**2) / (0.28 * cell) ** 2)
    for channel, tint in ((0, 1), (2, -1)):
        shapes[BARS, :, channel] = tint * blob
        shapes[BARS + 1, :, channel] = -tint * blob
    return np.rint(shapes * AMPLITUDE).astype(np.int16)


def draw(strokes: np.ndarray, key: tuple[int, ...], indices: np.ndarray, cell: int) -> np.ndarray:
    """Images of grids of strokes: ``(N, g, g)`` -> ``uint8`` ``(N, 3, g · cell, g · cell)``.

    Args:
        strokes: indices into `STROKES`.
        key: what the random numbers depend on.
        indices: of the images, ``(N,)``.
        cell: pixels of a stroke's side.
    """
    side = strokes.shape[1] * cell
    images = np.empty((len(strokes), 3, side, side), np.uint8)
    step = max(1, PIXELS_AT_ONCE // (3 * side**2))
    for start in range(0, len(strokes), step):
        some = slice(start, start + step)
        images[some] = draw_some(strokes[some], key, indices[some], cell)
    return images


def draw_some(
    strokes: np.ndarray, key: tuple[int, ...], indices: np.ndarray, cell: int
) -> np.ndarray:
    count, grid = strokes.shape[:2]
    side = grid * cell
    looks = random_bytes((*key, LOOKS), indices, 3 * grid**2 + 3)
    phase, contrast, polarity = looks[:, :-3].reshape(count, 3, grid, grid).transpose(1, 0, 2, 3)
    strength = 128 + (contrast >> 1).astype(np.int16)  # half to full, in 256ths
    # A blob keeps its tint; of a bar, light and dark may change places.
    strength[(strokes < BARS) & (polarity > 127)] *= -1
    shapes = tiles(cell)[strokes, phase // (256 // PHASES)]
    shapes *= strength[..., None, None, None]
    shapes >>= 8
    pixels = shapes.transpose(0, 3, 1, 4, 2, 5).reshape(count, 3, side, side)

    random = random_bytes((*key, NOISE), indices, NOISE_BYTES * 3 * side**2)
    parts = random.reshape(count, NOISE_BYTES, 3, side, side)
    noise = parts[:, 0].astype(np.int16)
    for part in range(1, NOISE_BYTES):
        noise += parts[:, part]
    noise -= NOISE_BYTES * 255 // 2
    noise *= NOISE_SCALE * min(cell, 8) // 8  # where strokes have fewer pixels to show themselves
    noise >>= 8
    tint = (looks[:, -3:].astype(np.int16) * 41 >> 8) - 20  # light and color of the whole image
    pixels += noise
    pixels += GRAY + tint[:, :, None, None]
    return np.clip(pixels, 0, 255).astype(np.uint8)
