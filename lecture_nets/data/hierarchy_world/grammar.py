"""The rules that make a class of parts, parts of textures and textures of strokes.

Cagnetta, Petrini, Tomasini, Favero and Wyart, "How Deep Neural Networks Learn Compositional Data:
The Random Hierarchy Model", Phys. Rev. X 14, 031001 (2024), arXiv 2307.02129. Every symbol has
``synonyms``: different 2x2 arrangements of lower symbols that mean the same. No arrangement means
two symbols, so that the strokes of an image leave no doubt about its class.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from lecture_nets.data.hierarchy_world.chance import random_bytes
from lecture_nets.data.hierarchy_world.strokes import STROKES

LEVEL_NAMES = ("stroke", "texture", "part", "group", "scene")  # from below; a class is on top
RULES = 0xA11  # keeps the random numbers of the rules apart from those of the images
PATTERN = 4  # symbols in a 2x2 arrangement: top left, top right, bottom left, bottom right


@dataclass(frozen=True, eq=False)
class Grammar:
    """The rules that say what each symbol may be made of.

    Attributes:
        rules: from the class down, one array for each level, ``(symbols, synonyms, 4)``:
            ``rules[0][c, i]`` are the four symbols of the ``i``-th arrangement of class ``c``, in
            reading order.
        symbols: how many symbols each level below the class has.
    """

    rules: tuple[np.ndarray, ...]
    symbols: int

    @property
    def levels(self) -> tuple[str, ...]:
        """Names from the class down: ``("class", "part", "texture", "stroke")``."""
        return ("class", *reversed(LEVEL_NAMES[: len(self.rules)]))

    @property
    def side(self) -> int:
        """Strokes along a side of an image."""
        return 2 ** len(self.rules)

    @property
    def derivations(self) -> int:
        """The number of choices among synonyms that an image takes."""
        return sum(4**level for level in range(len(self.rules)))

    def derive(self, labels: np.ndarray, synonyms: np.ndarray) -> dict[str, np.ndarray]:
        """The symbols of images at every level.

        Args:
            labels: classes, ``(N,)``.
            synonyms: which arrangement each symbol gets, ``(N, derivations)``, the class's first,
                then level by level in reading order.

        Returns:
            For each of `levels` a grid of symbols, ``uint8`` ``(N, side, side)`` with sides
            1, 2, 4 …
        """
        grid = labels.astype(np.uint8).reshape(-1, 1, 1)
        grids, used = [grid], 0
        for rule in self.rules:
            count, side = grid.shape[:2]
            chosen = synonyms[:, used : used + side**2].reshape(grid.shape)
            used += side**2
            four = rule[grid, chosen].reshape(count, side, side, 2, 2)
            grid = four.transpose(0, 1, 3, 2, 4).reshape(count, 2 * side, 2 * side)
            grids.append(grid)
        return dict(zip(self.levels, grids, strict=True))

    def read(self, strokes: np.ndarray) -> np.ndarray:
        """The classes that strokes mean: ``(N, side, side)`` -> ``(N,)``.

        Raises:
            ValueError: four neighbors mean nothing.
        """
        grid = strokes
        for level, rule in reversed(list(enumerate(self.rules))):
            count, side = grid.shape[0], grid.shape[1] // 2
            four = grid.reshape(count, side, 2, side, 2).transpose(0, 1, 3, 2, 4)
            codes = pattern_codes(four.reshape(count, side, side, PATTERN), self.symbols)
            meaning = np.full(self.symbols**PATTERN, -1)
            meaning[pattern_codes(rule, self.symbols)] = np.arange(len(rule))[:, None]
            grid = meaning[codes]
            if (grid < 0).any():
                image, row, column = np.argwhere(grid < 0)[0].tolist()
                raise ValueError(
                    f"read: in image {image} the four symbols below {self.levels[level]} "
                    f"({row}, {column}) mean nothing; allowed are arrangements in rules[{level}]; "
                    "read strokes that this grammar derived."
                )
        return grid[:, 0, 0]


def pattern_codes(patterns: np.ndarray, symbols: int) -> np.ndarray:
    """A number for each arrangement: ``(…, 4)`` -> ``(…)``."""
    return patterns.astype(np.int64) @ symbols ** np.arange(PATTERN)


@lru_cache(maxsize=64)
def make_grammar(
    seed: int = 0, num_classes: int = 10, symbols: int = 8, synonyms: int = 3, levels: int = 3
) -> Grammar:
    """Draw the rules of one world.

    At every level the arrangements are dealt out at random without repetition, so that none has
    two meanings.

    Args:
        seed: another seed draws other rules.
        num_classes: how many classes there are.
        symbols: of each level below the class, 2 to 8.
        synonyms: arrangements of each symbol.
        levels: how many times a symbol is made of four others.

    Raises:
        ValueError: an option is out of range, or there are fewer arrangements than are asked for.
    """
    check_grammar(num_classes, symbols, synonyms, levels)
    rules = []
    for level in range(levels):
        count = num_classes if level == 0 else symbols
        draws = random_bytes((seed, RULES), np.array([level]), 8 * symbols**PATTERN)
        order = draws.view("<u8")[0].argsort(kind="stable")[: count * synonyms]
        patterns = order[:, None] // symbols ** np.arange(PATTERN) % symbols
        rules.append(patterns.astype(np.uint8).reshape(count, synonyms, PATTERN))
        rules[-1].flags.writeable = False  # the cache hands out the same arrays again
    return Grammar(tuple(rules), symbols)


def check_grammar(num_classes: int, symbols: int, synonyms: int, levels: int) -> None:
    check_range("num_classes", num_classes, range(2, 256))
    check_range("symbols", symbols, range(2, len(STROKES) + 1))
    check_range("levels", levels, range(1, len(LEVEL_NAMES) + 1))
    # The level with the most symbols needs the most arrangements.
    most = symbols**PATTERN // max(num_classes, symbols if levels > 1 else 0)
    if most < 1:
        raise ValueError(
            f"num_classes={num_classes}, but {symbols} symbols make {symbols**PATTERN} "
            "arrangements; give more symbols or fewer classes"
        )
    check_range("synonyms", synonyms, range(1, most + 1))


def check_range(name: str, value: int, allowed: Sequence[int]) -> None:
    if not isinstance(value, int) or value not in allowed:
        raise ValueError(
            f"{name}={value!r}, but allowed are whole numbers from {allowed[0]} to {allowed[-1]}; "
            "give one of these"
        )
