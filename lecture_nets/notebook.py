"""Helpers for notebooks: the first cell, verdicts on claims, checks of exercises.

from lecture_nets import notebook

notebook.setup()                            # the same numbers everywhere, and no chatter
trainer = notebook.quiet_trainer(max_epochs=3)
runs = notebook.record("ladder")            # measured once, since it takes longer than a lesson
print("test error:", notebook.band(0.564, 0.05, 0.4, 0.7))   # 40 % to 70 %, on every machine
notebook.verdict("C15", kept == Fraction(18, 25), f"{kept} of the multiply-adds are left")
notebook.check(answer == 18, "Count both kernels. · 两个卷积核都要计入。")
"""

import re
from bisect import bisect
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Literal

from lecture_nets.names import choose

if TYPE_CHECKING:
    from lightning.pytorch import Trainer

AGREED = "Correct · 正确"
Verdict = Literal["holds", "in part", "contradicted", "not testable"]
SENTENCES = {
    "holds": "holds",
    "in part": "holds in part",
    "contradicted": "is contradicted on our data",
    "not testable": "is not testable here",
}
QUIET = ExitStack()  # open for as long as the notebook runs


class AnswerError(AssertionError):
    """A wrong answer to an exercise. Notebooks show its words alone, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def setup(seed: int = 0) -> None:
    """Make a notebook say the same on every machine: seeds, full precision, no advertisements.

    Torch computes on one thread unless the environment's ``OMP_NUM_THREADS`` says otherwise:
    networks as small as the notebooks' gain nothing from more, and on a busy machine threads that
    wait for each other make them ten times slower, measured. No accelerator is started: Lightning
    could not fork afterwards. Prints nothing.

    Args:
        seed: for Python, NumPy, torch and the workers of loaders.
    """
    import logging
    import os
    import warnings

    import torch
    from lightning.pytorch import seed_everything

    from lecture_nets.training.quiet import quiet_lightning

    QUIET.enter_context(quiet_lightning())
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # timm loads tqdm, which misses widgets for bars that nobody shows.
    warnings.filterwarnings("ignore", "IProgress not found")
    seed_everything(seed, workers=True, verbose=False)
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS") or 1))
    # An Ampere GPU or a later one would round to ten bits in convolutions.
    torch.backends.cudnn.allow_tf32 = False


def quiet_trainer(**options: Any) -> "Trainer":
    """A Trainer that prints and writes nothing, for one epoch unless told; options of `Trainer`."""
    from lecture_nets.training import quiet

    return quiet.quiet_trainer(**(dict(max_epochs=1, log_every_n_steps=1) | options))


def record(name: str) -> dict[str, Any]:
    """A record that was measured once because it takes longer than a notebook may.

    Args:
        name: of a file in ``docs/results``, which says itself by which command: "ladder".

    Raises:
        FileNotFoundError: no such record.
    """
    import json
    from pathlib import Path

    package = Path(__file__).parent
    # A wheel carries docs/results within the package; see pyproject.toml.
    folders = package / "results", package.parent / "docs" / "results"
    folder = next(filter(Path.exists, folders), folders[0])
    file = folder / f"{name}.json"
    if not file.exists():
        known = ", ".join(sorted(path.stem for path in folder.glob("*.json")))
        raise FileNotFoundError(f"record: found no {file}, allowed are {known or 'none'}.")
    return json.loads(file.read_text("utf-8"))


def band(share: float, *edges: float) -> str:
    """The band a share lies in, in words that are the same on every machine.

    Results of training differ in late digits by processor, so a notebook prints a band of them:
    ``band(0.564, 0.05, 0.4, 0.7)`` is ``"40 % to 70 %"``.

    Args:
        share: 0…1.
        edges: from low to high, far from what is measured.

    Raises:
        ValueError: no edges, or not from low to high.
    """
    if not edges or list(edges) != sorted(set(edges)):
        raise ValueError(
            f"band: found edges {edges}, allowed are one or more from low to high; sort them."
        )
    place = bisect(edges, share)
    if place == 0:
        return f"under {edges[0]:.0%}".replace("%", " %")
    if place == len(edges):
        return f"over {edges[-1]:.0%}".replace("%", " %")
    return f"{edges[place - 1]:.0%} to {edges[place]:.0%}".replace("%", " %")


def verdict(claim: str, holds: "bool | Verdict", evidence: str) -> None:
    """Print whether a claim of the lecture holds, and by which numbers.

    Args:
        claim: its number in ``notebooks/lecture.toml``: "C15".
        holds: measured, not typed in: whether it holds or is contradicted, or ``"holds"``,
            ``"in part"``, ``"contradicted"``, ``"not testable"`` (with these images and networks).
        evidence: exact numbers, in words. Not rounded results of training: they differ by machine.

    Raises:
        ValueError: no such claim, no such word, or no evidence.
        TypeError: ``holds`` is neither a word nor a truth value.
    """
    if not re.fullmatch("C[1-9][0-9]?", claim):
        raise ValueError(
            f"verdict: found claim {claim!r}, allowed are C1, C2, …; "
            "notebooks/lecture.toml lists them."
        )
    if not evidence.strip():
        raise ValueError(f"verdict {claim}: found no evidence; say in words what was measured.")
    if not isinstance(holds, str):
        holds = "holds" if truth(holds, f"verdict {claim}") else "contradicted"
    print(f"{claim} {choose('verdict', holds, SENTENCES)}: {evidence}")


def check(right: bool, hint: str) -> None:
    """Print praise for a right answer to an exercise, or stop with a hint.

    Args:
        right: whether the answer is right.
        hint: what to think of; English, then Chinese.

    Raises:
        AnswerError: the answer is wrong, or still missing.
        TypeError: ``right`` is no truth value.
    """
    if not truth(right, "check"):
        raise AnswerError(hint)
    print(AGREED)


def truth(value: Any, where: str) -> bool:
    """A Python, NumPy or one-element torch boolean as ``bool``.

    Raises:
        TypeError: something else, which Python would often take for true.
    """
    if hasattr(value, "item"):
        value = value.item()
    if not isinstance(value, bool):
        raise TypeError(f"{where}: found {value!r}, allowed are True and False; compare something.")
    return value
