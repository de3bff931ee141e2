"""Weights that are not finite numbers, by name."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor


def non_finite_keys(tensors: Mapping[str, Any]) -> list[str]:
    """Names of the tensors that hold a NaN or an infinity, found with one wait for the device.

    Example::

        >>> non_finite_keys({"a": torch.ones(2), "b": torch.tensor([1.0, float("nan")])})
        ['b']
    """
    floats = {
        name: tensor.detach()
        for name, tensor in tensors.items()
        if isinstance(tensor, Tensor)
        and not tensor.is_meta
        and (tensor.is_floating_point() or tensor.is_complex())
    }
    if not floats:
        return []
    device = next(iter(floats.values())).device
    finite = torch.stack([tensor.isfinite().all().to(device) for tensor in floats.values()])
    return [name for name, good in zip(floats, finite.tolist(), strict=True) if not good]
