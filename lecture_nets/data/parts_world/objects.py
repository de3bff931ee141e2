"""Blueprints of the ten classes: a body and where its parts sit, y pointing down.

Four pairs of classes have the same parts, as many of each and about as large, so that only the
arrangement tells them apart: car and bus, house and tower, fish and bird, flower and tree.
"""

from typing import NamedTuple

from lecture_nets.data.parts_world.parts import Outline, bar, box, rounded


class Place(NamedTuple):
    """One part of an object: center, half width, half height, turn in degrees clockwise.

    A negative width or height mirrors the part.
    """

    part: str
    x: float
    y: float
    w: float
    h: float
    turn: float = 0
    behind_body: bool = False


class Blueprint(NamedTuple):
    """A class: outlines of its body and its parts, both in the order in which they are painted.

    Full objects are drawn at a smaller ``size`` than slender ones, or area would tell the class.
    """

    body: tuple[Outline, ...]
    parts: tuple[Place, ...]
    size: float = 1


OBJECTS: dict[str, Blueprint] = {
    "car": Blueprint(
        body=(
            (
                (-1, 0.42), (-1, 0.05), (-0.93, -0.05), (-0.66, -0.1), (-0.46, -0.52),
                (0.38, -0.52), (0.62, -0.1), (0.93, -0.02), (1, 0.1), (1, 0.42),
            ),
        ),
        parts=(
            Place("window", -0.34, -0.27, 0.13, 0.15),
            Place("window", -0.03, -0.27, 0.13, 0.15),
            Place("window", 0.28, -0.27, 0.13, 0.15),
            Place("door", -0.03, 0.14, 0.14, 0.2),
            Place("band", -0.82, 0.3, 0.23, 0.055),
            Place("disc", 0.86, 0.12, 0.09, 0.09),
            Place("wheel", -0.54, 0.42, 0.25, 0.25),
            Place("wheel", 0.54, 0.42, 0.25, 0.25),
        ),
    ),
    "bus": Blueprint(
        body=(((-1, 0.5), (-1, -0.6), (-0.94, -0.68), (0.9, -0.68), (1, -0.58), (1, 0.5)),),
        parts=(
            Place("window", -0.72, -0.22, 0.145, 0.155),
            Place("window", -0.3, -0.22, 0.145, 0.155),
            Place("window", 0.12, -0.22, 0.145, 0.155),
            Place("door", 0.56, 0.04, 0.11, 0.29),
            Place("band", 0.7, -0.52, 0.21, 0.055),
            Place("disc", 0.87, 0.22, 0.1, 0.1),
            Place("wheel", -0.58, 0.5, 0.275, 0.275),
            Place("wheel", 0.28, 0.5, 0.275, 0.275),
        ),
        size=0.83,
    ),
    "bicycle": Blueprint(
        body=(
            bar(-0.58, 0.25, -0.26, -0.3, 0.045),
            bar(-0.58, 0.25, -0.06, 0.3, 0.045),
            bar(-0.06, 0.3, 0.38, -0.28, 0.045),
            bar(-0.28, -0.28, 0.38, -0.28, 0.045),
            bar(-0.06, 0.3, -0.28, -0.28, 0.045),
            bar(0.2, -0.58, 0.36, -0.53, 0.05),
        ),
        parts=(
            Place("wheel", -0.58, 0.25, 0.42, 0.42, behind_body=True),
            Place("wheel", 0.58, 0.25, 0.42, 0.42, behind_body=True),
            Place("pole", 0.455, -0.15, 0.045, 0.42, -16),
            Place("pole", -0.31, -0.38, 0.045, 0.14, -16),
            Place("band", -0.36, -0.52, 0.2, 0.055),
            Place("disc", 0.5, -0.4, 0.09, 0.09),
        ),
    ),
    "house": Blueprint(
        body=(box(-0.72, -0.2, 0.72, 0.8),),
        parts=(
            Place("pole", 0.5, -0.66, 0.04, 0.28, behind_body=True),
            Place("flag", 0.67, -0.82, 0.17, -0.12),
            Place("roof", 0, -0.45, 0.9, 0.27),
            Place("window", 0, -0.42, 0.13, 0.13),
            Place("window", -0.42, 0.18, 0.15, 0.15),
            Place("window", 0.42, 0.18, 0.15, 0.15),
            Place("door", 0, 0.48, 0.15, 0.3),
        ),
        size=0.83,
    ),
    "tower": Blueprint(
        body=(((-0.36, -0.3), (0.36, -0.3), (0.46, 1.05), (-0.46, 1.05)),),
        parts=(
            Place("pole", 0, -0.98, 0.045, 0.26, behind_body=True),
            Place("flag", 0.18, -1.12, 0.18, -0.12),
            Place("roof", 0, -0.5, 0.64, 0.38),
            Place("window", 0, -0.05, 0.18, 0.12),
            Place("window", 0, 0.24, 0.18, 0.12),
            Place("window", 0, 0.53, 0.18, 0.12),
            Place("door", 0, 0.86, 0.22, 0.19),
        ),
    ),
    "boat": Blueprint(
        body=(((-1, 0.35), (1, 0.35), (0.68, 0.85), (-0.62, 0.85)),),
        parts=(
            Place("pole", 0, -0.28, 0.04, 0.66, behind_body=True),
            Place("flag", 0.42, -0.32, 0.36, 0.52),
            Place("flag", -0.34, -0.22, -0.28, 0.42),
            Place("band", 0, 0.42, 0.88, 0.05),
            Place("window", -0.3, 0.63, 0.11, 0.1),
            Place("window", 0.28, 0.63, 0.11, 0.1),
        ),
        size=0.96,
    ),
    "fish": Blueprint(
        body=(
            rounded(
                (-0.92, 0.05), (-0.72, -0.24), (-0.3, -0.44), (0.2, -0.4), (0.66, -0.1),
                (0.66, 0.12), (0.2, 0.4), (-0.3, 0.46), (-0.72, 0.28),
            ),
        ),
        parts=(
            Place("fin", 0.76, 0, 0.26, 0.34, behind_body=True),
            Place("fin", -0.02, -0.43, 0.18, 0.22, -90, behind_body=True),
            Place("leaf", 0.1, 0.1, 0.32, 0.15, 15),
            Place("eye", -0.5, -0.08, 0.1, 0.1),
        ),
    ),
    "bird": Blueprint(
        body=(
            bar(-0.06, 0.3, -0.06, 0.74, 0.035),
            bar(-0.22, 0.74, -0.025, 0.74, 0.035),
            bar(0.16, 0.3, 0.16, 0.74, 0.035),
            bar(0, 0.74, 0.195, 0.74, 0.035),
            rounded(
                (-0.74, -0.42), (-0.66, -0.68), (-0.42, -0.78), (-0.2, -0.64), (-0.12, -0.34),
                (0.3, -0.2), (0.72, -0.04), (0.66, 0.12), (0.36, 0.36), (0.08, 0.46), (-0.22, 0.42),
                (-0.5, 0.2), (-0.56, -0.12),
            ),
        ),
        parts=(
            Place("fin", 0.78, 0.04, 0.3, 0.27, 8, behind_body=True),
            Place("fin", -0.78, -0.44, 0.21, 0.2, -4, behind_body=True),
            Place("leaf", 0.14, 0.07, 0.34, 0.17, 12),
            Place("eye", -0.45, -0.5, 0.1, 0.1),
        ),
    ),
    "flower": Blueprint(
        body=(
            ((-0.34, 0.62), (0.34, 0.62), (0.24, 1.1), (-0.24, 1.1)),
            box(-0.4, 0.54, 0.4, 0.68),
        ),
        parts=(
            Place("pole", 0, 0.2, 0.05, 0.45, behind_body=True),
            Place("leaf", -0.3, 0.3, 0.29, 0.12, 35),
            Place("leaf", 0.3, 0.22, 0.29, 0.12, -35),
            Place("lobe", 0, -1.02, 0.36, 0.23, -90),
            Place("lobe", 0.46, -0.69, 0.36, 0.23, -18),
            Place("lobe", 0.28, -0.15, 0.36, 0.23, 54),
            Place("lobe", -0.28, -0.15, 0.36, 0.23, 126),
            Place("lobe", -0.46, -0.69, 0.36, 0.23, 198),
            Place("disc", 0, -0.54, 0.22, 0.22),
        ),
    ),
    "tree": Blueprint(
        body=(
            (
                (-0.3, 1), (-0.14, 0.8), (-0.11, -0.1), (0.11, -0.1), (0.14, 0.8), (0.3, 1),
            ),
        ),
        parts=(
            Place("pole", 0.3, 0.32, 0.05, 0.27, 62, behind_body=True),
            Place("leaf", 0.66, 0.14, 0.24, 0.11, -30),
            Place("leaf", 0.64, 0.36, 0.24, 0.11, 25),
            Place("lobe", -0.44, -0.16, 0.33, 0.25),
            Place("lobe", 0.44, -0.16, 0.33, 0.25),
            Place("lobe", -0.28, -0.5, 0.33, 0.25),
            Place("lobe", 0.28, -0.5, 0.33, 0.25),
            Place("lobe", 0, -0.18, 0.34, 0.27),
            Place("disc", 0.36, -0.26, 0.17, 0.17),
        ),
        size=0.89,
    ),
}  # fmt: skip

CLASS_NAMES = tuple(OBJECTS)
