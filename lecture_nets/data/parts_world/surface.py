"""Rendering of a scene's surfaces: the color of every id, then light, blur and noise on top."""

import numpy as np

from lecture_nets.data.parts_world.chance import Difficulty, Draws
from lecture_nets.data.parts_world.parts import BODY, OCCLUDER, PARTS
from lecture_nets.data.parts_world.textures import LEVELS, NOISE_MARGIN, noise_tile

GROUPS = 32  # one each for background, body, every part, every loose part and the occluder
HORIZON_LEVELS = 2 * LEVELS  # levels of the sky, then levels of the ground
OUTLINE = 2 * GROUPS * HORIZON_LEVELS


def color(brightness: float, hue: float, chroma: float) -> np.ndarray:
    """A color ``(3,)`` of the brightness asked for, whatever its hue (0…1)."""
    wheel = np.abs((hue * 6 + np.array([0.0, 4.0, 2.0])) % 6 - 3) - 1
    rgb = np.clip(wheel, 0, 1)
    rgb = rgb - (0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2])
    # The brighter or darker, the less room there is for color before a channel clips.
    return brightness + rgb * (chroma * (0.35 + 2.6 * brightness * (1 - brightness)))


def brightness_apart(body: float, background: float, distance: float) -> float:
    """Brightness ``distance`` from the body's, on the side that also stands off the background."""
    sides = (min(body + distance, 0.97), max(body - distance, 0.04))
    return max(sides, key=lambda side: min(abs(side - body), abs(side - background)))


def paint_palette(
    draws: Draws, part_ids: list[int], tied_hue: float | None, difficulty: Difficulty
) -> np.ndarray:
    """Color of every (id, level) and of the outline, as packed pixels ``(OUTLINE + 1,)``."""
    dark = draws.chance(0.5)
    background = draws.between(0.12, 0.38) if dark else draws.between(0.62, 0.9)
    contrast = draws.between(*difficulty.contrast)
    body = min(max(background + (contrast if dark else -contrast), 0.06), 0.95)
    ground = draws.between(0.03, 0.08) * draws.sign()
    strength = np.array([draws.between(0.02, 0.05), draws.between(0.06, 0.13)])
    body_hue = draws.between(0, 1)
    hues = draws.array(1, len(PARTS) + 3)[0].tolist()
    distances = (0.2 + 0.25 * draws.array(1, len(PARTS) + 1)[0]).tolist()
    chromas = (0.35 + 0.65 * draws.array(1, len(PARTS) + 3)[0]).tolist()
    if tied_hue is not None:
        body_hue = tied_hue
        hues[1 : len(PARTS) + 1] = [tied_hue] * len(PARTS)

    base = np.zeros((2 * GROUPS, 1, 4))
    spread = np.full((2 * GROUPS, 1, 1), float(strength[1]) * 0.6)
    base[0, 0, :3] = color(background, hues[0], 0.6 * chromas[0])
    for group, part in enumerate(part_ids[1:], start=1):
        if part == BODY:
            tone, hue = body, body_hue
        elif part == OCCLUDER:
            tone, hue = brightness_apart(background, body, 0.2), hues[-1]
        else:
            tone, hue = brightness_apart(body, background, distances[part - 1]), hues[part]
        chroma = chromas[part]
        base[2 * group, 0, :3] = color(tone, hue, chroma)
        accent = tone - 0.25 if tone > 0.5 else tone + 0.25
        base[2 * group + 1, 0, :3] = color(accent, hue, 0.7 * chroma)
        spread[2 * group + 1] = 0
        if part == BODY:
            spread[2 * group] = strength[1]
    spread[0] = strength[0]
    steps = (np.arange(LEVELS) * 2 - (LEVELS - 1)) / (LEVELS - 1)
    colors = base + spread * np.concatenate((steps, steps))[None, :, None]
    colors[0, LEVELS:] += ground

    palette = np.zeros((OUTLINE + 1, 4), dtype=np.uint8)
    palette[:OUTLINE] = np.rint(np.clip(colors, 0, 1) * 255).astype(np.uint8).reshape(-1, 4)
    palette[OUTLINE] = draws.between(4, 26)
    return palette.view(np.uint32)[:, 0]


def shade(draws: Draws, image: np.ndarray, difficulty: Difficulty) -> np.ndarray:
    """Light from one side, a little blur and noise: ``uint8`` ``(3, S, S)`` -> the same."""
    size = image.shape[1]
    light = np.arange(size) * 2 - size
    across, down = draws.between(-24, 24), draws.between(-24, 24)
    ramp = (light[None, :] * round(across) + light[:, None] * round(down)) // size
    pixels = image.astype(np.int16)
    sigma = draws.between(0, difficulty.blur) * size / 128
    passes = 1 if sigma <= 0.7 else 2
    outer = round(32 * sigma * sigma / passes)
    if outer:
        for _ in range(passes):
            blur_once(pixels, outer)
    pixels += (ramp + round(draws.between(-12, 12))).astype(np.int16)
    amplitude = round(8 * draws.between(*difficulty.noise))
    top, left = draws.below(NOISE_MARGIN), draws.below(NOISE_MARGIN)
    noise = noise_tile(size)[:, top : top + size, left : left + size]
    pixels += (noise * np.int16(amplitude)) >> 8
    return np.clip(pixels, 0, 255).astype(np.uint8)


def blur_once(pixels: np.ndarray, outer: int) -> None:
    """Leave each pixel ``64 - 2 outer`` parts in 64 of itself, the rest from its neighbors."""
    inner = 64 - 2 * outer
    for view in (pixels, pixels.transpose(0, 2, 1)):
        middle = view[:, :, 1:-1] * np.int16(inner)
        middle += (view[:, :, :-2] + view[:, :, 2:]) * np.int16(outer)
        view[:, :, 1:-1] = (middle + 32) >> 6
