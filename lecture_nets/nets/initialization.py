"""Which values do the weights of a new network have?"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode


def init_weights(
    net: nn.Module,
    conv: Callable[[Tensor], object],
    linear: Callable[[Tensor], object] | None = None,
    bias: float = 0.0,
) -> None:
    """Fill the weights of ``net``: convolutions by ``conv``, linear layers by ``linear``.

    Biases become ``bias``; batch norms keep PyTorch's start (gamma 1, beta 0).
    """
    with torch._C.DisableTorchFunction():  # in a constructor, `skip_default_init` is still on
        for module in net.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                fill = conv if isinstance(module, nn.Conv2d) else linear or conv
                fill(module.weight)
                if module.bias is not None:
                    nn.init.constant_(module.bias, bias)


def truncated_normal(std: float) -> Callable[[Tensor], object]:
    """Normal draws cut at two standard deviations, as TensorFlow does (PyTorch: at -2 and 2).

    They are drawn 32 at a time from 2¹⁴ groups of independent values, which takes a fraction of the
    time of drawing them singly. Two weights are alike more often than by chance only where both
    stand at the same place of a group, once in 2¹⁴ pairs.
    """

    @cache
    def scaled_groups() -> Tensor:
        return std * _groups_of_normal_values()

    def fill(weight: Tensor) -> None:
        if weight.is_meta:
            return
        groups = scaled_groups().to(weight)
        values, size = weight.detach().view(-1), groups.shape[1]
        drawn = torch.randint(len(groups), (len(values) // size + 1,), device=weight.device)
        whole, rest = values.split([len(values) // size * size, len(values) % size])
        torch.index_select(groups, 0, drawn[:-1], out=whole.view(-1, size))
        rest.copy_(groups[drawn[-1], : len(rest)])

    return fill


@cache
def _groups_of_normal_values() -> Tensor:
    """(2¹⁴, 32): evenly spaced quantiles of the normal law between -2 and 2, well shuffled."""
    count = 2**14 * 32
    with torch.device("cpu"):  # the network may be built elsewhere
        low, high = torch.special.ndtr(torch.tensor([-2.0, 2.0], dtype=torch.float64))
        middles = (torch.arange(count, dtype=torch.float64) + 0.5) / count
        values = torch.special.ndtri(low + (high - low) * middles).float()
        return values[torch.randperm(count, generator=torch.Generator().manual_seed(0))].view(
            -1, 32
        )


@contextmanager
def skip_default_init() -> Iterator[None]:
    """Layers built inside get no start values from PyTorch, for `init_weights` gives them theirs.

    Also a decorator for a constructor. Batch norms start as ever (gamma 1, beta 0).
    """
    with _SkipInit():
        yield


class _SkipInit(TorchFunctionMode):
    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(func, "__module__", None) == "torch.nn.init":
            return args[0] if args else kwargs["tensor"]
        return func(*args, **(kwargs or {}))
