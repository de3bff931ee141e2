"""The loss that PyTorch does not have: the support vector machine's."""

import torch.nn.functional as F
from torch import Tensor, nn


class SquaredHinge(nn.Module):
    """One-vs-rest squared hinge loss: logits (N, K), labels (N,) -> scalar.

    ``mean_n Σ_k max(0, 1 - y_nk s_nk)²`` with ``y = 1`` for the label and ``-1`` for other classes.

    Raises:
        ValueError: the labels are soft.
    """

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        if labels.is_floating_point():
            raise ValueError(
                f"SquaredHinge: the labels are {labels.dtype} of shape {tuple(labels.shape)}; "
                "class indices of shape (N,) are needed: an image lies on one side of each plane. "
                "Leave mixup and CutMix out, or train a module whose criterion is a cross-entropy."
            )
        signs = 2 * F.one_hot(labels, logits.shape[1]) - 1
        return (1 - signs * logits).clamp_min(0).square().sum(dim=1).mean()
