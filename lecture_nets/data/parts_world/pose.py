"""Layout of an object: from blueprint to polygons, then stretched, turned and placed."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from lecture_nets.data.parts_world.objects import OBJECTS, Blueprint, Place
from lecture_nets.data.parts_world.parts import BODY, PARTS, SHAPES, cos_sin


class Polygon(NamedTuple):
    """Rows ``start`` to ``stop`` of a template's points, in the main tone (0) or the accent (1)."""

    owner: int
    tone: int
    start: int
    stop: int


class Template(NamedTuple):
    """A blueprint as arrays, so that one image needs a dozen array operations.

    Attributes:
        points: corners of all polygons, from the center of the part they belong to, ``(P, 2)``.
        centers: where that part's center is, ``(P, 2)``; the object's longer side is
            twice the blueprint's size.
        owners: which part the corner belongs to, ``(P,)``; 0 is the body.
        polygons: in painting order.
        part_ids: part id of every owner.
    """

    points: np.ndarray
    centers: np.ndarray
    owners: np.ndarray
    polygons: tuple[Polygon, ...]
    part_ids: tuple[int, ...]


class Pose(NamedTuple):
    """The pose of an object; lengths are fractions of the image's side."""

    x: float
    y: float
    half_width: float
    half_height: float
    tilt: float  # tangent of half the angle it is turned by
    taper: float  # how much wider its lower end is


def compile_blueprint(blueprint: Blueprint) -> Template:
    points: list[tuple[float, float]] = []
    centers: list[tuple[float, float]] = []
    polygons: list[Polygon] = []

    def add(owner: int, tone: int, outline: list[tuple[float, float]], x: float, y: float) -> None:
        polygons.append(Polygon(owner, tone, len(points), len(points) + len(outline)))
        points.extend(outline)
        centers.extend([(x, y)] * len(outline))

    def add_part(owner: int, place: Place) -> None:
        cos, sin = cos_sin(place.turn)
        shape = SHAPES[place.part]
        for tone, outlines in enumerate((shape.main, shape.accent)):
            for outline in outlines:
                scaled = [(x * place.w, y * place.h) for x, y in outline]
                turned = [(x * cos - y * sin, x * sin + y * cos) for x, y in scaled]
                add(owner, tone, turned, place.x, place.y)

    owned = list(enumerate(blueprint.parts, start=1))
    for owner, place in owned:
        if place.behind_body:
            add_part(owner, place)
    for outline in blueprint.body:
        add(0, 0, list(outline), 0, 0)
    for owner, place in owned:
        if not place.behind_body:
            add_part(owner, place)

    offsets, middles = np.array(points), np.array(centers)
    low, high = (offsets + middles).min(0), (offsets + middles).max(0)
    half = (high - low).max() / 2 / blueprint.size
    owners = np.zeros(len(points), dtype=np.intp)
    for polygon in polygons:
        owners[polygon.start : polygon.stop] = polygon.owner
    part_ids = (BODY, *(PARTS.index(place.part) + 1 for place in blueprint.parts))
    return Template(
        offsets / half, (middles - (low + high) / 2) / half, owners, tuple(polygons), part_ids
    )


@lru_cache
def object_template(class_name: str) -> Template:
    return compile_blueprint(OBJECTS[class_name])


@lru_cache
def loose_template(part: str) -> Template:
    w, h = SHAPES[part].loose_size
    return compile_blueprint(Blueprint((), (Place(part, 0, 0, w, h),)))


def jitter_parts(
    template: Template, uniforms: np.ndarray, shift: float, growth: float
) -> np.ndarray:
    """Corners ``(P, 2)`` with every part moved and resized a little.

    Args:
        template: the object.
        uniforms: numbers in 0…1, ``(3, owners)``.
        shift: the farthest a part moves along x and y.
        growth: a part is up to this much larger or smaller.
    """
    moves = (uniforms - 0.5) * 2
    moves[:, 0] = 0  # the body stays
    size = 1 + growth * moves[2]
    moved = template.centers + shift * moves[:2].T[template.owners]
    return moved + template.points * size[template.owners, None]


def place_corners(corners: np.ndarray, pose: Pose, canvas: int) -> np.ndarray:
    """Corners in object units ``(P, 2)`` -> whole pixels of a square canvas, ``(P, 2)``.

    Sums, products and quotients only: they round alike on every machine, a sine does not.
    """
    x, y = corners[:, 0], corners[:, 1]
    square = pose.tilt * pose.tilt
    cos, sin = (1 - square) / (1 + square), 2 * pose.tilt / (1 + square)
    x = x * (1 + pose.taper * y) * pose.half_width
    y = y * pose.half_height
    turned = np.stack((x * cos - y * sin + pose.x, x * sin + y * cos + pose.y), axis=1)
    return np.rint(turned * canvas).astype(np.int64)
