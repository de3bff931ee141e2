"""Does the picture of kernels and cascades show what was measured?"""

import pytest
import torch

from lecture_nets.analysis.kernels import named_kernels
from lecture_nets.visualize.kernels import draw_cascades


def test_columns_show_kernel_cascade_and_difference():
    kernels = named_kernels(5)
    picture = draw_cascades({name: kernels[name] for name in ("box", "edge 27°")})
    shown = [torch.tensor(axes.images[0].get_array()) for axes in picture.figure.axes]
    torch.testing.assert_close(shown[1], kernels["edge 27°"])
    torch.testing.assert_close(shown[3] + shown[5], kernels["edge 27°"])
    assert "box 0.0%, edge 27° 25.6%" in picture.alt
    assert picture.png


def test_a_picture_of_nothing_is_refused():
    with pytest.raises(ValueError, match="found no kernels"):
        draw_cascades({})
