"""PartsWorld, the embedded images: scenes whose class is the arrangement of their parts."""

from lecture_nets.data.parts_world.datamodule import PartsWorldDataModule
from lecture_nets.data.parts_world.dataset import PartsWorld
from lecture_nets.data.parts_world.objects import CLASS_NAMES, OBJECTS
from lecture_nets.data.parts_world.parts import BODY, OCCLUDER, PARTS
from lecture_nets.data.parts_world.textures import TEXTURES

__all__ = [
    "BODY",
    "CLASS_NAMES",
    "OBJECTS",
    "OCCLUDER",
    "PARTS",
    "TEXTURES",
    "PartsWorld",
    "PartsWorldDataModule",
]
