import pytest
import torch

from lecture_nets.analysis import cost
from lecture_nets.nets.hierarchy_stack import HierarchyStack


@pytest.mark.parametrize("depth", [3, 4, 5, 6])
@pytest.mark.parametrize("cell", [4, 8, 12])
def test_its_depth_is_what_was_asked_for(depth, cell):
    net = HierarchyStack(depth, 7, cell=cell, width=0.25)
    assert cost(net, 8 * cell).depth == depth
    assert net(torch.zeros(2, 3, 8 * cell, 8 * cell)).shape == (2, 7)


def test_its_maps_have_the_places_of_the_levels():
    net = HierarchyStack(6, width=0.25).eval()
    x, sides = torch.zeros(1, 3, 32, 32), {}
    for name, row in net.trunk.named_children():
        x = row(x)
        sides[name] = x.shape[-1]
    assert sides == {"conv_1": 16, "conv_2": 8, "conv_3": 4, "conv_4": 2, "conv_5": 1}


def test_from_the_second_layer_on_windows_do_not_overlap():
    """A change within one texture reaches one place of conv_3 and no other."""
    net = HierarchyStack(6, width=0.25).eval()
    image = torch.randn(1, 3, 32, 32)
    changed = image.clone()
    changed[..., 10:14, 18:22] += 1  # within texture (1, 2), away from its rim
    before, after = (net.trunk[:3](x) for x in (image, changed))
    differs = (before != after).any(1)[0]
    assert differs.nonzero().tolist() == [[1, 2]]


def test_a_deeper_network_can_be_the_smaller_one():
    assert cost(HierarchyStack(6, width=0.5), 32).parameters == 45_338
    assert cost(HierarchyStack(3, width=1.5), 32).parameters == 83_770


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"depth": 2}, "found 2 layers, allowed are 3 to 6 for 3 levels"),
        ({"depth": 7}, "found 7 layers, allowed are 3 to 6"),
        ({"depth": 6, "levels": 2}, "allowed are 3 to 5 for 2 levels"),
        ({"depth": 4, "cell": 5}, "cell=5.*even numbers from 4"),
        ({"depth": 4, "cell": 2}, "cell=2"),
    ],
)
def test_what_it_cannot_be_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        HierarchyStack(**options)
