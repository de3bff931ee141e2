"""Calibration: how confident a network is, and how often it is right at that confidence.

    found = calibrate(predictions.probabilities, predictions.labels)
    found.error                # 0.12: it is surer, or less sure, than right by 12 points on average
    found.share_above(0.99)    # 0.3: of the images it names without a doubt

Drawn by `lecture_nets.visualize.training_curves.draw_reliability`.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Bin:
    """The images of one range of confidence.

    Attributes:
        low, high: the range, the upper end not included, but for 1.
        images: how many there are.
        confidence: their mean confidence, 0 where there are none.
        accuracy: the share classified correctly, 0 where there are none.
    """

    low: float
    high: float
    images: int
    confidence: float
    accuracy: float


@dataclass(frozen=True)
class Calibration:
    """Confidence compared with accuracy, bin by bin.

    Attributes:
        confidence: probability of each guess, (N,).
        right: whether the guess is right, (N,).
        bins: ranges of confidence, from 0 to 1.
        error: expected calibration error: ``Σ share of images · |confidence − accuracy|`` over the
            bins (Guo et al., arXiv 1706.04599, section 2).
    """

    confidence: Tensor
    right: Tensor
    bins: tuple[Bin, ...]
    error: float

    @property
    def accuracy(self) -> float:
        return self.right.double().mean().item()

    @property
    def mean_confidence(self) -> float:
        return self.confidence.double().mean().item()

    def share_above(self, confidence: float) -> float:
        """Share of the images whose guess is surer than ``confidence``."""
        return (self.confidence > confidence).double().mean().item()


def calibrate(probabilities: Tensor, labels: Tensor, bins: int = 15) -> Calibration:
    """Compare confidence and accuracy: (N, K), (N,) -> one `Calibration`.

    Args:
        probabilities: of the classes; rows sum to 1.
        labels: class indices.
        bins: ranges of equal width that confidence is sorted into; 15 in the paper.

    Raises:
        ValueError: no images, other numbers of rows and labels, rows that are no distributions, or
            fewer than one bin.
    """
    check(probabilities, labels, bins)
    from torchmetrics.functional.classification import multiclass_calibration_error

    probabilities, labels = probabilities.detach().cpu().double(), labels.cpu().long()
    # torchmetrics would give a certainty of 1 a bin of its own, behind the last.
    below_1 = probabilities.clamp_max(1 - 1e-6)
    error = multiclass_calibration_error(below_1, labels, probabilities.shape[1], bins)
    confidence, guesses = probabilities.max(dim=1)
    right = guesses == labels
    edges = torch.linspace(0, 1, bins + 1, dtype=torch.float64)
    which = (torch.bucketize(confidence, edges, right=True) - 1).clamp_max(bins - 1)
    sorted_in = []
    for i in range(bins):
        inside = which == i
        images = int(inside.sum())
        sure = confidence[inside].sum().item() / max(1, images)
        share = int(right[inside].sum()) / max(1, images)
        sorted_in.append(Bin(edges[i].item(), edges[i + 1].item(), images, sure, share))
    return Calibration(confidence, right, tuple(sorted_in), error.item())


def check(probabilities: Tensor, labels: Tensor, bins: int) -> None:
    if bins < 1:
        raise ValueError(f"calibrate(bins={bins}): at least 1 is needed; 15 is usual.")
    if probabilities.ndim != 2 or not len(probabilities) or len(labels) != len(probabilities):
        raise ValueError(
            f"calibrate: found probabilities of shape {tuple(probabilities.shape)} and "
            f"{len(labels)} labels, allowed are (N, K) and N of them, N at least 1."
        )
    off = (probabilities.double().sum(dim=1) - 1).abs().max().item()
    if probabilities.min() < 0 or not off < 1e-3:  # NaN fails this too
        raise ValueError(
            f"calibrate: rows of probabilities must sum to 1, found one off by {off:.3g}. "
            "Are they logits? Pass logits.softmax(dim=1)."
        )
