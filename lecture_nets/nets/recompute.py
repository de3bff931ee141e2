"""Rows train in less memory: the backward pass computes their inside again."""

from contextlib import nullcontext

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint


def recompute(row: nn.Module, x: Tensor) -> Tensor:
    """``row(x)``, of which only ``x`` is kept for the backward pass."""
    if torch.compiler.is_compiling():  # a compiled graph never repeats a side effect
        return checkpoint(row, x, use_reentrant=False)
    contexts = nullcontext(), KeepStatistics(row)
    return checkpoint(row, x, use_reentrant=False, context_fn=lambda: contexts)


class KeepStatistics:
    """Inside, the norms in ``layer`` compute what they always do, but learn no moving statistics.

    Momentum 0 leaves the moving mean and variance bit for bit. Switching the tracking off would
    save other tensors than the first pass did, which PyTorch refuses. It can be entered again and
    again, once for each backward pass through one graph.
    """

    def __init__(self, layer: nn.Module) -> None:
        self.norms = [part for part in layer.modules() if isinstance(part, _BatchNorm)]

    def __enter__(self) -> None:
        self.before = [(norm.momentum, norm.num_batches_tracked) for norm in self.norms]
        for norm in self.norms:
            norm.momentum, norm.num_batches_tracked = 0.0, None

    def __exit__(self, *_: object) -> None:
        for norm, (momentum, batches) in zip(self.norms, self.before, strict=True):
            norm.momentum, norm.num_batches_tracked = momentum, batches
