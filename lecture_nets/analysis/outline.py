"""What is inside a module, in the order in which an image passes it?

    outline(net.trunk.inception_a1)
    # (1×1 64 | 1×1 48 → 3×3 64 | 1×1 64 → 3×3 96 → 3×3 96 | average 3×3 → 1×1 64)

The same, with pictures: `lecture_nets.visualize.modules`.
"""

from dataclasses import dataclass, replace

from torch import nn

from lecture_nets.analysis.factorization import as_shape, written
from lecture_nets.nets.layers import Concat, GridPool

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


# One after another; a tuple stands for branches side by side.
Lane = list[Step | tuple["Lane", ...]]


def lane_through(layer: nn.Module) -> Lane:
    """The steps through ``layer``; norms are noted at their step, ReLU and dropout left out."""
    if (step := step_of(layer)) is not None:
        return [step]
    if isinstance(layer, Concat):
        return [tuple(lane_through(branch) for branch in layer.children())]
    lane: Lane = []
    for part in layer.children():
        if isinstance(part, NORMS) and lane and isinstance(step := lane[-1], Step):
            lane[-1] = replace(step, batch_norm=True)
        else:
            lane += lane_through(part)
    return lane


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
    units; ReLU and dropout are left out. Branches side by side stand in parentheses.

    Args:
        module: a row of a network, or any chain of layers.
        norms: write BN behind each layer that batch norm follows.
    """
    return in_words(lane_through(module), norms=norms)


def kernel_sizes(module: nn.Module) -> list[tuple[int, ...]]:
    """(rows, columns) of every convolution in ``module``, branch by branch."""
    return [conv.kernel_size for conv in module.modules() if isinstance(conv, nn.Conv2d)]


def in_words(lane: Lane, *, norms: bool) -> str:
    def word(item: Step | tuple[Lane, ...]) -> str:
        if isinstance(item, Step):
            return f"{item} BN" if norms and item.batch_norm else str(item)
        return f"({' | '.join(in_words(branch, norms=norms) for branch in item)})"

    return " → ".join(map(word, lane))
