"""Drawing of one image: clutter, object and occluder on a map of ids, then the surfaces."""

from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from lecture_nets.data.parts_world.chance import Difficulty, Draws
from lecture_nets.data.parts_world.objects import CLASS_NAMES
from lecture_nets.data.parts_world.parts import OCCLUDER, PARTS
from lecture_nets.data.parts_world.pose import (
    Pose,
    Template,
    jitter_parts,
    loose_template,
    object_template,
    place_corners,
)
from lecture_nets.data.parts_world.surface import HORIZON_LEVELS, OUTLINE, paint_palette, shade
from lecture_nets.data.parts_world.textures import ANGLES, LEVELS, TEXTURES, texture_tile


class Scene(NamedTuple):
    """One drawn image and what is in it.

    Attributes:
        image: ``(3, S, S)`` ``uint8``.
        parts: part id of every pixel, ``(S, S)`` ``uint8``.
        loose: which pixels show clutter parts that are not the object's, ``(S, S)`` bool.
        textures: texture ids of background, body and parts.
    """

    image: np.ndarray
    parts: np.ndarray
    loose: np.ndarray
    textures: tuple[int, int, int]


class IdMap:
    """A canvas of ids: twice the number of a group, plus one where the group's accent is."""

    def __init__(self, canvas: int) -> None:
        self.canvas = canvas
        self.image = Image.new("L", (canvas, canvas))
        self.pen = ImageDraw.Draw(self.image)
        self.part_ids = [0]
        self.loose = [False]
        self.object_group = 0

    def add(
        self, template: Template, corners: np.ndarray, pose: Pose, *, loose: bool = False
    ) -> None:
        first = len(self.part_ids)
        if not loose:
            self.object_group = first
        flat = place_corners(corners, pose, self.canvas).ravel().tolist()
        for owner, tone, start, stop in template.polygons:
            self.pen.polygon(flat[2 * start : 2 * stop], fill=2 * (first + owner) + tone)
        self.part_ids += template.part_ids
        self.loose += [loose] * len(template.part_ids)

    def add_occluder(self, corners: np.ndarray, pose: Pose) -> None:
        flat = place_corners(corners, pose, self.canvas).ravel().tolist()
        self.pen.polygon(flat, fill=2 * len(self.part_ids))
        self.part_ids.append(OCCLUDER)
        self.loose.append(False)


def draw_layout(draws: Draws, label: int, difficulty: Difficulty, canvas: int) -> IdMap:
    """Clutter parts, then the object, then perhaps something in front of it."""
    ids = IdMap(canvas)
    for _ in range(draws.below(difficulty.loose_parts + 1)):
        template = loose_template(PARTS[draws.below(len(PARTS))])
        size = draws.between(0.06, 0.11)
        where = draws.between(0.08, 0.92), draws.between(0.08, 0.92)
        pose = Pose(*where, size * draws.sign(), size, draws.between(-0.3, 0.3), 0)
        ids.add(template, template.centers + template.points, pose, loose=True)

    template = object_template(CLASS_NAMES[label])
    half = 0.46 * draws.between(*difficulty.scale)
    squeeze = draws.between(0.82, 1)
    width, height = (half * squeeze, half) if draws.chance(0.5) else (half, half * squeeze)
    room = 0.48 - half
    x, y = 0.5 + draws.between(-room, room), 0.5 + draws.between(-room, room)
    tilt = draws.between(-difficulty.tilt, difficulty.tilt)
    pose = Pose(x, y, width * draws.sign(), height, tilt, draws.between(-0.08, 0.08))
    corners = jitter_parts(
        template, draws.array(3, len(template.part_ids)), shift=0.025, growth=0.2
    )
    ids.add(template, corners, pose)

    if draws.chance(difficulty.occluder):
        # Around the rim of the object, so that most of it stays in sight.
        x += draws.sign() * half * draws.between(0.35, 1)
        y += draws.sign() * half * draws.between(0.1, 0.9)
        square = np.array([(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)])
        corners = square * (1 + 0.5 * (draws.array(4, 2) - 0.5))
        size = half * draws.between(0.2, 0.38)
        pose = Pose(x, y, size, size * draws.between(0.6, 1.6), draws.between(-0.4, 0.4), 0)
        ids.add_occluder(corners, pose)
    return ids


def find_edges(groups: np.ndarray, width: int) -> np.ndarray:
    """The places where the group of an id map changes, ``width`` pixels wide, ``(H, W)`` bool."""
    edges = np.zeros(groups.shape, dtype=bool)
    before, after = width // 2, width - width // 2
    edges[:, before:-after] = groups[:, width:] != groups[:, :-width]
    edges[before:-after] |= groups[width:] != groups[:-width]
    return edges


def draw_scene(
    key: tuple[int, int, int],
    label: int,
    image_size: int,
    difficulty: Difficulty,
    texture_bias: float,
) -> Scene:
    """One image, the same on every machine.

    Args:
        key: seed, number of the split, index in it: all that an image's chance depends on.
        label: class of the object.
        image_size: side ``S`` of the image; the scene is the same for every size.
        difficulty: ranges to draw from.
        texture_bias: probability that texture and hue are those tied to the class.
    """
    draws = Draws(*key)
    tied = draws.chance(texture_bias)
    background, body, parts = (draws.below(len(TEXTURES)) for _ in range(3))
    if tied:
        body = parts = label % len(TEXTURES)
    tied_hue = label / len(CLASS_NAMES) if tied else None

    canvas = 2 * image_size
    margin = canvas // 4
    tiles = []
    for texture in (background, body, parts):
        tile = texture_tile(texture, draws.below(len(ANGLES)), canvas)
        top, left = int(draws.between(0, margin)), int(draws.between(0, margin))
        tiles.append(tile[top : top + canvas, left : left + canvas])
    horizon = int(draws.between(0.4, 0.9) * canvas)

    ids = draw_layout(draws, label, difficulty, canvas)
    id_map = np.asarray(ids.image)
    groups = id_map >> 1
    body_group = ids.object_group

    level = tiles[2].copy()
    np.copyto(level, tiles[0], where=groups == 0)
    np.copyto(level, tiles[1], where=groups == body_group)
    level[horizon:] += LEVELS
    pixel = id_map.astype(np.uint16)
    pixel *= HORIZON_LEVELS
    pixel += level
    np.copyto(pixel, OUTLINE, where=find_edges(groups, max(1, round(canvas / 85))))

    palette = paint_palette(draws, ids.part_ids, tied_hue, difficulty)
    packed = palette.take(pixel)
    reduced = Image.frombuffer("RGBX", (canvas, canvas), packed, "raw", "RGBX", 0, 1).reduce(2)
    image = np.asarray(reduced)[:, :, :3].transpose(2, 0, 1)

    small = groups[1::2, 1::2]
    return Scene(
        shade(draws, image, difficulty),
        np.array(ids.part_ids, dtype=np.uint8)[small],
        np.array(ids.loose)[small],
        (background, body, parts),
    )
