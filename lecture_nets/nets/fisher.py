"""Many local descriptors become one vector: the codebook of `ShallowSVM`.

A Gaussian mixture, fitted once without labels, and the Fisher vector over it: "Improving the Fisher
Kernel for Large-Scale Image Classification" (Perronnin et al., ECCV 2010).
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def posteriors(x: Tensor, weights: Tensor, means: Tensor, variances: Tensor) -> Tensor:
    """Probabilities of K Gaussians for a descriptor: (…, D) -> (…, K) probabilities."""
    constant = weights.log() - 0.5 * (variances.log() + means.square() / variances).sum(dim=1)
    squares = x.square() @ (0.5 / variances).T
    return (constant + x @ (means / variances).T - squares).softmax(dim=-1)


def soft_histogram(x: Tensor, weights: Tensor, means: Tensor, variances: Tensor) -> Tensor:
    """Bag of visual words, softly assigned: (N, T, D) -> (N, K)."""
    return posteriors(x, weights, means, variances).mean(dim=1)


def fisher_vector(x: Tensor, weights: Tensor, means: Tensor, variances: Tensor) -> Tensor:
    """Fisher vectors, the change of the mixture that fits better: (N, T, D) -> (N, 2KD).

    ``mean_t γ_tk z_tk / √w_k``, then ``mean_t γ_tk (z_tk² - 1) / √(2 w_k)``, where γ are the
    `posteriors` and ``z_tk = (x_t - μ_k) / σ_k`` (Perronnin et al., 2010, section 2.1).
    """
    share = posteriors(x, weights, means, variances).mT / x.shape[1]
    mass, first, second = share.sum(dim=2, keepdim=True), share @ x, share @ x.square()
    by_mean = (first - means * mass) / (variances * weights[:, None]).sqrt()
    spread = (second - 2 * means * first + means.square() * mass) / variances
    by_deviation = (spread - mass) / (2 * weights[:, None]).sqrt()
    return torch.cat([by_mean, by_deviation], dim=1).flatten(1)


STATISTICS = {"fisher": fisher_vector, "histogram": soft_histogram}


@torch.fx.wrap
@torch.no_grad()
def encode(x: Tensor, encoding: str, fitted: Tensor, mean: Tensor, axes: Tensor, *mixture: Tensor):
    """Descriptors to one vector of length 1: (N, D, H, W) -> (N, 2KD) or (N, K).

    The signed square root tempers frequent descriptors; unit length makes images comparable
    however much of them is background (Perronnin et al., 2010, section 3).
    """
    if not (fitted.is_meta or torch.compiler.is_exporting() or fitted):
        raise RuntimeError("ShallowSVM has no codebook yet: call net.fit_codebook(images) first.")
    # Half precision is too coarse for likelihoods; autocast does not know the meta device.
    with torch.autocast("cpu" if x.is_meta else x.device.type, enabled=False):
        x = (x.to(mean.dtype).flatten(2).mT - mean) @ axes
        code = STATISTICS[encoding](x, *mixture)
    return F.normalize(code.sign() * code.abs().sqrt())


class Codebook(nn.Module):
    """Principal axes and a mixture of K Gaussians, fitted once: (N, C, H, W) -> (N, 2KD) or (N, K).

    ``channels`` C of a descriptor are reduced to ``axes`` D.
    """

    fitted: Tensor

    def __init__(self, channels: int, axes: int, gaussians: int, encoding: str) -> None:
        super().__init__()
        self.encoding = encoding
        self.register_buffer("fitted", torch.tensor(False))
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("axes", torch.zeros(channels, axes))
        self.register_buffer("weights", torch.zeros(gaussians))
        self.register_buffer("means", torch.zeros(gaussians, axes))
        self.register_buffer("variances", torch.ones(gaussians, axes))

    def forward(self, x: Tensor) -> Tensor:
        return encode(x, self.encoding, *self.buffers())

    @torch.no_grad()
    @torch.autocast("cpu", enabled=False)
    def fit(self, x: Tensor, draw: torch.Generator, steps: int = 20) -> None:
        """Principal axes of descriptors (M, C); seeds as in k-means++; expectation maximization."""
        fitted, *buffers = self.buffers()
        count = len(buffers[2])
        if len(x) <= count:
            raise ValueError(
                f"{count} Gaussians need more than {len(x)} patches: pass more images."
            )
        _, axes = torch.linalg.eigh(torch.cov(x.T))
        mean, axes = x.mean(dim=0), axes[:, -buffers[1].shape[1] :]
        x = (x - mean) @ axes
        means = x[torch.randint(len(x), (1,), generator=draw)]
        distance = torch.full((len(x),), torch.inf)
        for _ in range(count - 1):
            # Never quite zero, so that there is a next mean where patches are all alike.
            distance = torch.minimum(distance, (x - means[-1]).square().sum(dim=1) + 1e-12)
            means = torch.cat([means, x[torch.multinomial(distance, 1, generator=draw)]])
        spread = x.var(dim=0) + 1e-6
        weights, variances = torch.full((count,), 1 / count), spread.expand(count, -1)
        for _ in range(steps):
            share = posteriors(x, weights, means, variances)
            mass = share.sum(dim=0)[:, None].clamp_min(1e-3)
            weights, means = mass[:, 0] / mass.sum(), share.T @ x / mass
            variances = share.T @ x.square() / mass - means.square()
            # Without a floor, a Gaussian would shrink onto a few equal patches.
            variances = variances.clamp_min(0) + 0.01 * spread
        for buffer, value in zip(buffers, (mean, axes, weights, means, variances), strict=True):
            buffer.copy_(value)
        fitted.fill_(True)
