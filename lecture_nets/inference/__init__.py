"""How does a trained network run fastest, and how does it leave the house?"""

from lecture_nets.inference.compiled import compile as compile
from lecture_nets.inference.export import Exported as Exported
from lecture_nets.inference.export import export as export
from lecture_nets.inference.optimize import optimize as optimize
