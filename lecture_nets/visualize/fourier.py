"""Images parametrized by colors and frequencies, so that gradients draw something readable.

Gradients on pixels end in noise of high frequency. From "Feature Visualization" (Olah, Mordvintsev
and Schubert, Distill 2017, https://distill.pub/2017/feature-visualization) come three cures:

- a picture is a sum of waves, and coarse ones grow faster (`to_pixels`);
- its colors are mixed as those of photographs are (`COLORS`);
- the network never sees it twice in the same place (`random_view`).
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

# How red, green and blue of ImageNet's pixels go together: a square root of their covariance, as
# published with Lucid, the code of the article. The first column is brightness, by far the
# strongest; then red against blue, then green against both.
COLORS = ((0.26, 0.09, 0.02), (0.27, 0.00, -0.05), (0.27, -0.09, 0.03))
CONTRAST = 0.25  # of the waves, before they are mixed to colors; Lucid's
START = 0.01  # deviation of the first waves: nearly gray; Lucid's

# How far a view may differ, either way: about Lucid's turns, zooms and steps.
TURN = 10 / 180 * math.pi
ZOOM = 0.1
STEP = 1 / 16  # of the picture's side


def random_spectrum(size: int, generator: torch.Generator) -> Tensor:
    """The waves of a nearly gray picture of ``size`` x ``size``: (3, size, size // 2 + 1, 2)."""
    return START * torch.randn(3, size, size // 2 + 1, 2, generator=generator)


def to_pixels(spectrum: Tensor) -> Tensor:
    """Waves to pixels: (N, 3, S, S // 2 + 1, 2) -> (N, 3, S, S), 0…1.

    A wave counts by its length, up to the picture's side, as in photographs, whose amplitudes fall
    like 1/f. So equal steps on all of them change coarse things most.

    Args:
        spectrum: real and imaginary parts, of brightness and the two other mixtures of colors.
    """
    size = spectrum.shape[2]
    rows = torch.fft.fftfreq(size, device=spectrum.device)[:, None]
    frequency = torch.hypot(rows, torch.fft.rfftfreq(size, device=spectrum.device))
    waves = torch.view_as_complex(spectrum) / frequency.clamp_min(1 / size)
    mixtures = CONTRAST * torch.fft.irfft2(waves, s=(size, size), norm="ortho")
    colors = torch.tensor(COLORS, device=spectrum.device)
    colors = colors / colors.norm(dim=0).max()
    return torch.einsum("rm,nmhw->nrhw", colors, mixtures).sigmoid()


def random_view(pixels: Tensor, generator: torch.Generator) -> Tensor:
    """All pictures a little turned, scaled and moved, edges mirrored: (N, 3, S, S) -> the same."""
    turn, zoom, right, down = (torch.rand(4, generator=generator) * 2 - 1).tolist()
    cosine, sine = ((1 + zoom * ZOOM) * function(turn * TURN) for function in (math.cos, math.sin))
    # The grid's sides go from -1 to 1.
    view = [[cosine, -sine, 2 * STEP * right], [sine, cosine, 2 * STEP * down]]
    views = pixels.new_tensor(view).expand(len(pixels), -1, -1)
    grid = F.affine_grid(views, list(pixels.shape), align_corners=False)
    return F.grid_sample(pixels, grid, padding_mode="reflection", align_corners=False)
