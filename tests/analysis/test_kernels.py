"""Are the named kernels what their names say, and the savings exact?"""

from fractions import Fraction

import pytest
import torch
from torch import nn

from lecture_nets.analysis.kernels import learned_kernels, named_kernels, savings
from lecture_nets.nets import AlexNet

SIZES = [3, 5, 7, 9]


@pytest.mark.parametrize(
    ("kernel", "sizes", "kept"),
    [
        (5, (3, 3), Fraction(18, 25)),
        (7, (3, 3, 3), Fraction(27, 49)),
        *((n, ((1, n), (n, 1)), Fraction(2, n)) for n in range(2, 10)),
        ((1, 7), ((1, 3), (1, 5)), Fraction(8, 7)),
    ],
)
def test_share_of_the_parameters(kernel, sizes, kept):
    assert savings(kernel, sizes) == (kept, 1 - kept)


def test_savings_refuse_sizes_that_do_not_fit():
    with pytest.raises(ValueError, match=r"found 3×3 then 3×3, which reaches 5×5.*reach 7×7"):
        savings(7, (3, 3))


@pytest.mark.parametrize("size", SIZES)
def test_every_kernel_has_the_size_asked_for(size):
    assert {tuple(kernel.shape) for kernel in named_kernels(size).values()} == {(size, size)}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("name", "total"),
    [
        *((blur, 1) for blur in ("Gaussian", "box", "motion blur 0°", "motion blur 45°")),
        *((edge, 0) for edge in ("Sobel", "Prewitt", "edge 0°", "edge 27°", "edge 45°")),
        ("Laplacian of Gaussian", 0),
    ],
)
def test_sum_of_a_kernel(name, total, size):
    assert float(named_kernels(size)[name].sum()) == pytest.approx(total, abs=1e-12)


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("Sobel", [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]),
        ("Prewitt", [[-1, 0, 1]] * 3),
        ("edge 45°", [[-1, -1, 0], [-1, 0, 1], [0, 1, 1]]),
    ],
)
def test_3x3_kernels_from_the_textbook(name, rows):
    assert named_kernels(3)[name].tolist() == rows


def test_5x5_sobel_from_the_textbook():
    assert named_kernels(5)["Sobel"][2].tolist() == [-6, -12, 0, 12, 6]


def test_only_the_random_kernel_depends_on_the_seed():
    one, two = named_kernels(seed=1), named_kernels(seed=2)
    assert [name for name in one if not torch.equal(one[name], two[name])] == ["random"]


@pytest.mark.parametrize("size", [-3, 0, 1, 4])
def test_sizes_without_a_middle_are_refused(size):
    with pytest.raises(ValueError, match=rf"found size {size}, allowed are 3, 5, 7"):
        named_kernels(size)


def test_learned_kernels_are_the_strongest_each_of_another_channel():
    net = nn.Sequential(nn.Conv2d(2, 3, 5))
    with torch.no_grad():
        net[0].weight.fill_(0.01)
        net[0].weight[2, 1] = 1.0
        net[0].weight[0, 0] = 0.5
    found = learned_kernels(net, "0", count=2)
    assert list(found) == ["0 2←1", "0 0←0"]
    torch.testing.assert_close(found["0 2←1"], torch.ones(5, 5, dtype=torch.float64))


def test_a_layer_without_convolutions_has_no_kernels():
    with pytest.raises(ValueError, match="'pool_1' of AlexNet holds no convolution"):
        learned_kernels(AlexNet(num_classes=2, width=0.1), "pool_1")
