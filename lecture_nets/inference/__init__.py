"""Inference: speed-up, compilation, export and timing of trained networks."""

from lecture_nets.inference.compiled import compile as compile
from lecture_nets.inference.export import Exported as Exported
from lecture_nets.inference.export import export as export
from lecture_nets.inference.optimize import optimize as optimize
