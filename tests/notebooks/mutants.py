"""Plants faults in the package; each must turn its notebook red. `python mutants.py [NAME ...]`

A notebook that prints the same although its networks were never trained proves nothing. So each
kernel first runs a mutant's ``fault``, which breaks one part of the package, and then the notebook
as `make notebooks-test` runs it, up to the first output that differs. A table says which mutants
were met; those that stay green, and those that only raise, make the exit status.
"""

import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from robustness import Circumstance, run


@dataclass(frozen=True)
class Mutant:
    """One planted fault.

    Attributes:
        name: what is wrong.
        notebook: that must notice it.
        fault: Python that every kernel runs first; it replaces parts of the package by others.
    """

    name: str
    notebook: str
    fault: str


DEPTH = "01_deeper_is_better"
REUSE = "02_exponential_feature_reuse"
MUTANTS = [
    Mutant(
        "deep networks never trained",
        DEPTH,
        """
from lecture_nets.analysis import depth
honest = depth.train_alike
depth.train_alike = lambda builds, data, epochs, **options: honest(builds, data, 0, **options)
""",
    ),
    Mutant(
        "shallow networks trained for one epoch only",
        DEPTH,
        """
from lecture_nets.analysis import depth
honest = depth.train_one
depth.train_one = lambda name, build, data, epochs, seed: honest(
    name, build, data, min(epochs, 1) if name.startswith("3") else epochs, seed)
""",
    ),
    Mutant(
        "training labels shuffled",
        DEPTH,
        """
from lecture_nets.data import HierarchyWorldDataModule
honest = HierarchyWorldDataModule.setup
def shuffled(self, stage=None):
    self.label_noise = 0.9
    honest(self, stage)
HierarchyWorldDataModule.setup = shuffled
""",
    ),
    Mutant(
        "tested on the training images",
        DEPTH,
        """
from lecture_nets.data import HierarchyWorldDataModule
HierarchyWorldDataModule.test_dataloader = lambda self: self.loader(self.train_set)
""",
    ),
    Mutant(
        "a world of one synonym for one of four",
        DEPTH,
        """
from lecture_nets.data import HierarchyWorldDataModule
honest = HierarchyWorldDataModule.setup
def easy(self, stage=None):
    self.world["synonyms"] = 1
    honest(self, stage)
HierarchyWorldDataModule.setup = easy
""",
    ),
    Mutant(
        "support vector machine given the predictions of six layers",
        DEPTH,
        """
from dataclasses import replace
from lecture_nets.analysis import depth, ladder
train, climb = depth.train_alike, ladder.ladder
found = []
def remembering(*args, **options):
    runs = train(*args, **options)
    found.extend(run for run in runs if run.name == "6 layers")
    return runs
def cheating(modules, data, epochs, **options):
    rungs = climb(modules, data, epochs, **options)
    return tuple(replace(rung, wrong=found[0].wrong) for rung in rungs) if found else rungs
depth.train_alike, ladder.ladder = remembering, cheating
""",
    ),
    Mutant(
        "support vector machine never trained",
        DEPTH,
        """
from lecture_nets import ShallowSVMModule
ShallowSVMModule.training_step = lambda self, batch, index=0: None
""",
    ),
    Mutant(
        "the wide network is as narrow as the others",
        DEPTH,
        """
from lecture_nets.nets import hierarchy_stack
class Narrow(hierarchy_stack.HierarchyStack):
    def __init__(self, *args, width=1.0, **options):
        super().__init__(*args, width=min(width, 0.5), **options)
hierarchy_stack.HierarchyStack = Narrow
""",
    ),
    Mutant(
        "parameters of the wide and the deep network swapped",
        DEPTH,
        """
from dataclasses import replace
from lecture_nets.analysis import depth
honest = depth.train_alike
other = {67_250: 45_338, 45_338: 67_250}
depth.train_alike = lambda *args, **options: tuple(
    replace(run, parameters=other.get(run.parameters, run.parameters))
    for run in honest(*args, **options))
""",
    ),
    Mutant(
        "charts of depth drawn the other way round",
        DEPTH,
        """
from dataclasses import replace
from lecture_nets.visualize import depth
honest = depth.draw_depth
def reversed_(curves, **options):
    turned = {
        name: [replace(one, test_error=other.test_error)
               for one, other in zip(points, reversed(points), strict=True)]
        for name, points in curves.items()
    }
    return honest(turned, **options)
depth.draw_depth = reversed_
""",
    ),
    Mutant(
        "intervals of one standard deviation",
        DEPTH,
        """
from lecture_nets.analysis import depth
depth.Z_975 = 1.0
""",
    ),
    Mutant(
        "stack and its rivals never trained",
        REUSE,
        """
from lecture_nets.analysis import depth
honest = depth.train_alike
depth.train_alike = lambda builds, data, epochs, **options: honest(builds, data, 0, **options)
""",
    ),
    Mutant(
        "all channels silenced for one",
        REUSE,
        """
from lecture_nets.analysis import silencing
silencing.without = lambda output, units: output * 0
""",
    ),
    Mutant(
        "nothing erased",
        REUSE,
        """
from contextlib import nullcontext
from lecture_nets.analysis import hierarchy
hierarchy.erased = lambda *args: nullcontext()
""",
    ),
    Mutant(
        "symbols probed on shuffled truth",
        REUSE,
        """
from lecture_nets.analysis import hierarchy
honest = hierarchy.classify
hierarchy.classify = lambda features, answers, portions: honest(
    features, answers.roll(len(answers) // 3 + 1), portions)
""",
    ),
    Mutant(
        "noise in place of preferred images",
        REUSE,
        """
import torch
from lecture_nets.visualize import maximize
maximize.maximize_activations = lambda net, objectives, *, image_size=128, **options: torch.rand(
    len(objectives), 3, image_size, image_size, generator=torch.Generator().manual_seed(1))
""",
    ),
    Mutant(
        "projections are zero",
        REUSE,
        """
import torch
from lecture_nets.analysis import deconvnet
deconvnet.project = lambda net, images, layer, units: torch.zeros_like(images)
""",
    ),
    Mutant(
        "photographs never learned",
        REUSE,
        """
from timm import create_model
from lecture_nets.weights import imagenet
imagenet.imagenet_net = lambda: create_model(imagenet.ARCHITECTURE).eval()
""",
    ),
    Mutant(
        "texture truth is nonsense",
        REUSE,
        """
from lecture_nets.analysis import probes
honest = probes.truth_of
def nonsense(batch, reader):
    truth = dict(honest(batch, reader))
    truth["body_texture"] = truth["body_texture"].roll(1, 0)
    return truth
probes.truth_of = nonsense
""",
    ),
    Mutant(
        "probes trained on shuffled truth",
        REUSE,
        """
from lecture_nets.analysis import probes
honest = probes.predict
probes.predict = lambda features, answers, portions: honest(
    features, answers.roll(len(answers) // 3 + 1), portions)
""",
    ),
    Mutant(
        "every filter called an edge",
        REUSE,
        """
from lecture_nets.analysis import first_layer
first_layer.edges_and_blobs = lambda filters: ["edge"] * len(filters)
""",
    ),
]


def outcome(mutant: Mutant) -> tuple[str, str]:
    """What became of a mutant, and what pytest said.

    ``"red"``: an output differs. ``"GREEN"``: none does. ``"RAISES"``: the fault could not be
    planted, or a cell raised, which any notebook notices.
    """
    planted = Circumstance(mutant.name, "PLANTED", startup=f"{mutant.fault}\nPLANTED = True\n")
    with tempfile.TemporaryDirectory() as folder:
        passed, said = run(planted, [f"{mutant.notebook}.ipynb"], Path(folder), "-x")
    return "GREEN" if passed else "red" if "Cell outputs differ" in said else "RAISES", said


def main(names: list[str]) -> int:
    mutants = {mutant.name: mutant for mutant in MUTANTS}
    if unknown := set(names) - set(mutants):
        sys.exit(f"mutants.py: found {sorted(unknown)}, allowed are {list(mutants)}.")
    missed = {}
    print(f"{'mutant':62}{'notebook':30}{'':7}{'seconds':>8}")
    for name in names or mutants:
        start = time.perf_counter()
        word, said = outcome(mutants[name])
        seconds = time.perf_counter() - start
        print(f"{name:62}{mutants[name].notebook:30}{word:7}{seconds:8.0f}", flush=True)
        if word != "red":
            missed[name] = said
    for name, said in missed.items():
        print(f"\n{name}\n{said}")
    return len(missed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
