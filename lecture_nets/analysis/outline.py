"""Outline of a module: its layers, in the order in which an image passes them.

    outline(net.trunk.inception_a1)
    # (1×1 64 | 1×1 48 → 3×3 64 | 1×1 64 → 3×3 96 → 3×3 96 | average 3×3 → 1×1 64)

The same, with pictures: `lecture_nets.visualize.modules`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from torch import nn

from lecture_nets.analysis.factorization import as_shape, written
from lecture_nets.nets.layers import GridPool
from lecture_nets.nets.tree import Add, fold

NORMS = (nn.modules.batchnorm._BatchNorm,)


@dataclass(frozen=True)
class Step:
    """One layer that an image passes: a convolution, a pool or a linear layer.

    Attributes:
        kind: ``"convolution"``, ``"max"``, ``"average"`` or ``"linear"``.
        kernel: (rows, columns) of the window; ``None`` where it is as large as it needs to be.
        stride: of the window.
        channels: that come out, or units; ``None`` for pools, which keep them.
        batch_norm: whether batch norm follows.
    """

    kind: str
    kernel: tuple[int, int] | None = None
    stride: int = 1
    channels: int | None = None
    batch_norm: bool = False

    @property
    def window(self) -> str:
        """Kind and window: "3×3/2" for a convolution of stride 2, "max 3×3", "linear"."""
        kind = "" if self.kind == "convolution" else self.kind
        kernel = "" if self.kernel is None else written(self.kernel)
        stride = "" if self.stride == 1 else f"/{self.stride}"
        return f"{kind} {kernel}{stride}".strip()

    def __str__(self) -> str:
        return self.window if self.channels is None else f"{self.window} {self.channels}"


@dataclass(frozen=True)
class Fork:
    """Branches side by side: lanes that are added up, or joined along channels."""

    lanes: tuple["Lane", ...]
    add: bool = False


Lane = list[Step | Fork]  # one after another


def lane_through(layer: nn.Module) -> Lane:
    """The steps through ``layer``; norms are noted at their step, ReLU and dropout left out."""
    return fold(
        layer,
        leaf=lambda part: [step] if (step := step_of(part)) else [],
        chain=chain_lanes,
        branches=lambda fork, lanes: [Fork(tuple(lanes.values()), isinstance(fork, Add))],
    )


def chain_lanes(chain: nn.Sequential, lanes: Mapping[str, Lane]) -> Lane:
    joined: Lane = []
    for name, lane in lanes.items():
        step = joined[-1] if joined else None
        if isinstance(chain.get_submodule(name), NORMS) and isinstance(step, Step):
            joined[-1] = replace(step, batch_norm=True)
        joined += lane
    return joined


def step_of(layer: nn.Module) -> Step | None:
    if isinstance(layer, nn.Conv2d):
        rows, columns = layer.kernel_size
        return Step("convolution", (rows, columns), layer.stride[0], layer.out_channels)
    if isinstance(layer, nn.Linear):
        return Step("linear", channels=layer.out_features)
    if isinstance(layer, nn.MaxPool2d | nn.AvgPool2d):
        kind = "max" if isinstance(layer, nn.MaxPool2d) else "average"
        return Step(kind, as_shape(layer.kernel_size), as_shape(layer.stride)[0])
    if isinstance(layer, nn.AdaptiveAvgPool2d | GridPool):
        return Step("average")
    return None


def outline(module: nn.Module, *, norms: bool = False) -> str:
    """One line that says what an image passes in ``module``: "1×1 64 → 3×3/2 96".

    Convolutions are window, /stride and channels, pools their kind and window, linear layers their
    units; ReLU and dropout are left out. Branches side by side stand in parentheses, with ``|``
    where their channels are joined and ``+`` where they are added.

    Args:
        module: a row of a network, or any chain of layers.
        norms: write BN behind each layer that batch norm follows.

    Raises:
        TypeError: as in `lecture_nets.nets.tree.fold`.
    """
    return in_words(lane_through(module), norms=norms)


def kernel_sizes(module: nn.Module) -> list[tuple[int, ...]]:
    """(rows, columns) of every convolution in ``module``, branch by branch."""
    return [conv.kernel_size for conv in module.modules() if isinstance(conv, nn.Conv2d)]


def in_words(lane: Lane, *, norms: bool) -> str:
    def word(item: Step | Fork) -> str:
        if isinstance(item, Step):
            return f"{item} BN" if norms and item.batch_norm else str(item)
        words = [in_words(lane, norms=norms) or "identity" for lane in item.lanes]
        return f"({(' + ' if item.add else ' | ').join(words)})"

    return " → ".join(map(word, lane))
