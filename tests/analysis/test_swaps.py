"""Networks that differ in the part they are named after, and in nothing else."""

import pytest
import torch

from lecture_nets.analysis import cost, kernel_sizes
from lecture_nets.analysis.swaps import (
    FLATTENED,
    REDUCTIONS,
    WINDOWS,
    flattened_net,
    reduction_net,
    window_net,
)

NETS = [
    *[(window_net, name) for name in WINDOWS],
    *[(flattened_net, name) for name in FLATTENED],
    *[(reduction_net, name) for name in REDUCTIONS],
]


@pytest.mark.parametrize(("build", "name"), NETS)
def test_it_takes_its_smallest_images_and_every_weight_learns(build, name):
    net = build(name, 7, width=0.5)
    logits = net(torch.randn(2, 3, net.min_size, net.min_size))
    assert logits.shape == (2, 7)
    logits.sum().backward()
    assert all(weight.grad is not None for weight in net.parameters())


@pytest.mark.parametrize("build_and_ways", [(window_net, WINDOWS), (flattened_net, FLATTENED)])
def test_all_but_the_window_is_the_same(build_and_ways):
    build, ways = build_and_ways
    shapes = []
    for name in ways:
        rows = cost(build(name), 32).rows
        shapes.append([(row.name, row.output) for row in rows])
    assert all(each == shapes[0] for each in shapes)


def test_windows_are_what_they_are_called():
    def sizes(build, name):
        return kernel_sizes(build(name).trunk)

    for name, found in {"5×5": (5, 5), "1×1": (1, 1)}.items():
        assert sizes(window_net, name) == [(3, 3), *[found] * 3]
    for name in ("two 3×3", "two 3×3, no ReLU between"):
        assert sizes(window_net, name) == [(3, 3)] * 7
    assert sizes(flattened_net, "1×7 and 7×1").count((1, 7)) == 2
    assert sizes(flattened_net, "1×7 and 7×1").count((7, 1)) == 2
    assert (7, 1) not in sizes(flattened_net, "1×7 alone")
    assert sizes(flattened_net, "7×7").count((7, 7)) == 2


def test_only_the_relus_between_are_missing():
    def relus(name):
        return sum(isinstance(part, torch.nn.ReLU) for part in window_net(name).modules())

    assert relus("two 3×3") - relus("two 3×3, no ReLU between") == 3
    with_relu, without = (
        [weight.shape for weight in window_net(name).parameters()]
        for name in ("two 3×3", "two 3×3, no ReLU between")
    )
    assert with_relu == without


def test_without_a_relu_between_the_window_is_linear_up_to_its_end():
    torch.manual_seed(0)
    window = window_net("two 3×3, no ReLU between").trunk.window_1.double().eval()
    inner = torch.nn.Sequential(*window[:-1], *window[-1][:-1])  # all but the last ReLU
    a, b = torch.randn(2, 1, 16, 9, 9, dtype=torch.float64)
    base = inner(torch.zeros_like(a))
    assert torch.allclose(inner(a + b) - base, inner(a) + inner(b) - 2 * base)


def test_reductions_give_the_same_shape_at_different_cost():
    found = {
        name: next(row for row in cost(reduction_net(name), 33).rows if row.name == "reduction")
        for name in REDUCTIONS
    }
    assert len({row.output for row in found.values()}) == 1
    macs = {name: row.macs for name, row in found.items()}
    assert macs["every second pixel"] < macs["side by side"] < macs["convolution first"]
    # A pool in front leaves (8 / 17)² of the positions, the padded convolution behind it all 8².
    assert macs["pool first"] * 17**2 == macs["convolution first"] * 8**2


def test_unknown_names_get_the_list():
    with pytest.raises(ValueError, match="5×5"):
        window_net("4×4")
