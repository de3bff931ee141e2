"""Shapes of the twelve parts: outlines in a square from -1 to 1, y pointing down."""

import math
from typing import NamedTuple

Point = tuple[float, float]
Outline = tuple[Point, ...]


class Shape(NamedTuple):
    """A part: ``main`` outlines in the part's color, ``accent`` outlines in a second tone."""

    main: tuple[Outline, ...]
    accent: tuple[Outline, ...] = ()
    loose_size: Point = (1, 1)  # half width and half height where it lies about as clutter


# Part i is called PARTS[i - 1]: 0 stands for the background in every mask.
PARTS = (
    "wheel", "window", "door", "roof", "pole", "flag", "disc", "band", "eye", "fin", "leaf", "lobe",
)  # fmt: skip
BODY = 13
OCCLUDER = 14


def cos_sin(degrees: float) -> Point:
    """Cosine and sine, rounded: the last bits of the C library's differ between machines."""
    angle = math.radians(degrees)
    return round(math.cos(angle), 4), round(math.sin(angle), 4)


def ellipse(x: float = 0, y: float = 0, w: float = 1, h: float = 1, corners: int = 20) -> Outline:
    """Ellipse around ``(x, y)`` of half width ``w`` and half height ``h``."""
    turns = [cos_sin(360 * corner / corners) for corner in range(corners)]
    return tuple((x + w * cos, y + h * sin) for cos, sin in turns)


def box(x0: float, y0: float, x1: float, y1: float) -> Outline:
    """Rectangle between two opposite corners."""
    return ((x0, y0), (x1, y0), (x1, y1), (x0, y1))


def bar(x0: float, y0: float, x1: float, y1: float, half_width: float) -> Outline:
    """Straight bar from ``(x0, y0)`` to ``(x1, y1)``."""
    length = math.hypot(x1 - x0, y1 - y0)
    dx = round((y0 - y1) / length * half_width, 4)
    dy = round((x1 - x0) / length * half_width, 4)
    return ((x0 + dx, y0 + dy), (x1 + dx, y1 + dy), (x1 - dx, y1 - dy), (x0 - dx, y0 - dy))


def ring(outer: float, inner: float, corners: int = 24) -> Outline:
    """Circle with a hole one can see through: outer edge and back along the inner one."""
    outside = ellipse(w=outer, h=outer, corners=corners)
    inside = ellipse(w=inner, h=inner, corners=corners)
    return (*outside, outside[0], inside[0], *reversed(inside))


def rounded(*outline: Point) -> Outline:
    """The outline with every corner cut off at a quarter of both its sides."""
    cut = []
    for (x0, y0), (x1, y1) in zip(outline, (*outline[1:], outline[0]), strict=True):
        cut.append((0.75 * x0 + 0.25 * x1, 0.75 * y0 + 0.25 * y1))
        cut.append((0.25 * x0 + 0.75 * x1, 0.25 * y0 + 0.75 * y1))
    return tuple(cut)


SPOKES = tuple(
    bar(-0.8 * c, -0.8 * s, 0.8 * c, 0.8 * s, 0.07) for c, s in map(cos_sin, (15, 75, 135))
)

SHAPES: dict[str, Shape] = {
    "wheel": Shape(main=(ring(1, 0.7), *SPOKES), accent=(ellipse(w=0.24, h=0.24, corners=12),)),
    "window": Shape(
        main=(box(-1, -1, 1, 1),),
        accent=(box(-0.12, -1, 0.12, 1), box(-1, -0.12, 1, 0.12)),
    ),
    "door": Shape(
        main=(box(-1, -1, 1, 1),),
        accent=(box(-0.6, -0.75, 0.6, -0.1), box(0.45, 0.15, 0.8, 0.35)),
        loose_size=(0.55, 1),
    ),
    "roof": Shape(
        main=(((-1, 1), (-0.12, -1), (0.12, -1), (1, 1)),),
        accent=(((-0.78, 0.5), (-0.65, 0.2), (0.65, 0.2), (0.78, 0.5)),),
        loose_size=(1, 0.5),
    ),
    "pole": Shape(main=(box(-1, -1, 1, 1),), loose_size=(0.16, 1)),
    "flag": Shape(
        main=(((-1, 1), (-1, -1), (1, 1)),),
        accent=(((-1, 0.55), (-1, 0.2), (0.2, 0.2), (0.55, 0.55)),),
    ),
    "disc": Shape(main=(ellipse(corners=16),), accent=(ellipse(w=0.5, h=0.5, corners=12),)),
    "band": Shape(main=(box(-1, -1, 1, 1),), loose_size=(1, 0.24)),
    "eye": Shape(main=(ellipse(corners=16),), accent=(ellipse(w=0.5, h=0.5, corners=12),)),
    "fin": Shape(
        main=(((-1, -0.2), (0, -0.7), (1, -1), (0.6, 0), (1, 1), (0, 0.7), (-1, 0.2)),),
        accent=(bar(-0.7, 0, 0.75, -0.6, 0.06), bar(-0.7, 0, 0.75, 0.6, 0.06)),
    ),
    "leaf": Shape(
        main=(
            rounded(
                (-1, 0),
                (-1, 0),
                (-0.6, -0.85),
                (0.1, -1.15),
                (1, -0.1),
                (1, 0.1),
                (0.1, 1.15),
                (-0.6, 0.85),
            ),
        ),
        accent=(bar(-0.8, 0, 0.8, 0, 0.12),),
        loose_size=(1, 0.45),
    ),
    "lobe": Shape(main=(ellipse(),), accent=(ellipse(0.2, -0.25, 0.35, 0.3, corners=12),)),
}
