"""Temperature scaling: one number, found afterwards, that makes a network as sure as it is right.

    T = best_temperature(validation.probabilities, validation.labels)
    calibrate(at_temperature(test.probabilities, T), test.labels).error

Guo et al., "On Calibration of Modern Neural Networks" (arXiv 1706.04599), section 4.2. Müller et
al., "When Does Label Smoothing Help?" (arXiv 1906.02629), compare it with label smoothing.
"""

import math

from torch import Tensor
from torch.nn import functional as F

LOWEST, HIGHEST = 1 / 64, 64.0
HALVINGS = 60


def at_temperature(probabilities: Tensor, temperature: float) -> Tensor:
    """Softmax of the logits divided by ``temperature``: (N, K) -> (N, K), float64.

    Above 1 it makes less sure, below 1 surer; which class is likeliest stays. Logits are needed up
    to a constant for each image, so the logarithm of probabilities will do.

    Raises:
        ValueError: the temperature is not positive.
    """
    if not 0 < temperature < math.inf:
        raise ValueError(f"at_temperature(temperature={temperature}): allowed are numbers above 0.")
    return (log(probabilities) / temperature).softmax(dim=1)


def best_temperature(probabilities: Tensor, labels: Tensor) -> float:
    """The temperature, 1/64 to 64, with the least cross-entropy: (N, K), (N,) -> T.

    Cross-entropy is convex in 1/T, so its slope is followed by bisection. Use images that neither
    the network learned from nor the result is measured on.
    """
    logits, labels = log(probabilities), labels.long()
    own = logits.gather(1, labels[:, None])[:, 0]
    low, high = 1 / HIGHEST, 1 / LOWEST
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        expected = ((logits * middle).softmax(dim=1) * logits).sum(dim=1)
        # The slope of the cross-entropy in 1/T, mean over images.
        if (expected - own).mean() > 0:
            high = middle
        else:
            low = middle
    return 2 / (low + high)


def entropy(probabilities: Tensor) -> float:
    """Entropy of distributions, mean over images, in nats: (N, K) -> 0 … ln K."""
    return float(-(probabilities.double() * log(probabilities)).sum(dim=1).mean())


def log(probabilities: Tensor) -> Tensor:
    # Softmax in float32 can round to 0; the smallest number stands in for it.
    return F.threshold(probabilities.detach().cpu().double(), 1e-45, 1e-45).log()
