"""The values that the weights of a new network have."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
    """Independent normal draws cut at two standard deviations, as TensorFlow does.

    By the inverse of the normal law's distribution: since torch 2.14, ``nn.init.trunc_normal_``
    draws the whole tensor again until no value lies outside, in ten times the time.
    """
    # The share of a normal law within two deviations, and no more where its inverse is rounded.
    edge = math.erf(math.sqrt(2)) - 1e-6

    def fill(weight: Tensor) -> None:
        target = weight.detach()
        # In 16 bits, uniform draws are too coarse to be turned into normal ones.
        values = target.float() if target.dtype.itemsize < 4 else target
        values.uniform_(-edge, edge).erfinv_().mul_(math.sqrt(2) * std)
        target.copy_(values)  # nothing to do where they are one

    return fill


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
