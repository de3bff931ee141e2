"""HierarchyWorld, embedded images in which depth is needed: a visual Random Hierarchy Model."""

from lecture_nets.data.hierarchy_world.datamodule import HierarchyWorldDataModule
from lecture_nets.data.hierarchy_world.dataset import HierarchyWorld
from lecture_nets.data.hierarchy_world.grammar import Grammar, make_grammar
from lecture_nets.data.hierarchy_world.strokes import STROKES

__all__ = ["STROKES", "Grammar", "HierarchyWorld", "HierarchyWorldDataModule", "make_grammar"]
