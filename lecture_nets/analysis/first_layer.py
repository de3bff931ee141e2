"""Filters of a first layer by kind: edges, blobs of color, and neither."""

from typing import Literal

import torch
from torch import Tensor

# Between the waves that fit a filter exactly lie two more: spots in a spectrum are round, and its
# peak is found to a third of a period.
FINER = 3
Kind = Literal["neither", "edge", "blob"]
KINDS: tuple[Kind, ...] = ("neither", "edge", "blob")


def spectra(filters: Tensor) -> Tensor:
    """Responses of filters to waves: (filters, channels, h, w) -> (filters, 3h, 3w).

    Power, summed over channels. The flat pattern is at [0, 0]; `torch.fft.fftshift` over the last
    two axes puts it in the middle.

    Raises:
        ValueError: not four axes.
    """
    if filters.ndim != 4:
        raise ValueError(
            f"spectra: found shape {tuple(filters.shape)}, allowed is (filters, channels, height, "
            "width); pass the weight of a convolution."
        )
    size = [FINER * side for side in filters.shape[2:]]
    return torch.fft.fft2(filters.detach(), s=size).abs().square().sum(1)


def edges_and_blobs(filters: Tensor) -> list[Kind]:
    """Name each filter: (filters, channels, h, w) -> one name per filter.

    A filter is smooth if more than 1/5 of its power lies in waves of fewer than 2 periods per
    filter. A smooth filter is an edge if this power p prefers one direction θ of waves,
    |Σ p·exp(2iθ)| / Σ p > 1/3, and a blob if it answers to a flat patch at least half as strongly
    (in power) as to any wave. The thresholds are ours. Of white noise about 1/10 is in those waves.

    Raises:
        ValueError: not four axes.
    """
    power = spectra(filters)
    height, width = filters.shape[2:]
    rows = height * torch.fft.fftfreq(FINER * height)[:, None]  # periods per filter
    columns = width * torch.fft.fftfreq(FINER * width)
    coarse = power * (torch.hypot(rows, columns) < 2)
    share = coarse.sum((1, 2)) / power.sum((1, 2))
    turned = coarse * torch.exp(2j * torch.atan2(rows, columns))
    direction = turned.sum((1, 2)).abs() / coarse.sum((1, 2))
    flat = power[:, 0, 0] / power.amax((1, 2))
    kinds = torch.where(direction > 1 / 3, 1, torch.where(flat > 1 / 2, 2, 0)) * (share > 1 / 5)
    return [KINDS[kind] for kind in kinds.tolist()]
