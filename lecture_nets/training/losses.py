"""Which loss is not PyTorch's own? The support vector machine's."""

import torch.nn.functional as F
from torch import Tensor, nn


class SquaredHinge(nn.Module):
    """One-vs-rest squared hinge loss: logits (N, K), labels (N,) -> scalar.

    ``mean_n Σ_k max(0, 1 - y_nk s_nk)²`` with ``y = 1`` for the label and ``-1`` for other classes.
    """

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        signs = 2 * F.one_hot(labels, logits.shape[1]) - 1
        return (1 - signs * logits).clamp_min(0).square().sum(dim=1).mean()
