"""The strongest patches of a channel: planted ones are found, in order, where they were planted."""

import pytest
import torch
from torch import nn

from lecture_nets.analysis.patches import Patch, top_patches, top_patches_of
from lecture_nets.nets import AlexNet

EDGE = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])


@pytest.fixture
def edges_net():
    """Channel 0 looks for bright to the right, channel 1 for bright below."""
    net = nn.Sequential(nn.Conv2d(3, 2, 3, bias=False), nn.ReLU())
    with torch.no_grad():
        net[0].weight.copy_(torch.stack([EDGE, EDGE.T])[:, None].expand(-1, 3, -1, -1))
    return net


@pytest.fixture
def planted():
    """Eight images of nothing, but for edges to the right in images 2 and 5, below in 6."""
    images = torch.zeros(8, 3, 12, 16)
    images[2, :, 4:7, 9:12] = EDGE
    images[5, :, 1:4, 2:5] = EDGE / 2
    images[6, :, 7:10, 0:3] = EDGE.T
    return images


def test_planted_edges_are_found_where_they_are(edges_net, planted):
    first, second = top_patches(edges_net, planted, "1", 0, k=2)
    strength = 3 * EDGE.square().sum().item()
    assert first == Patch(2, 4, 9, strength, (9, 4, 12, 7))
    assert second == Patch(5, 1, 2, strength / 2, (2, 1, 5, 4))


def test_many_channels_take_one_pass(edges_net, planted):
    found = top_patches_of(edges_net, planted, "1", [1, 0], k=1)
    assert [(channel, patch.image) for channel, (patch,) in found.items()] == [(1, 6), (0, 2)]
    assert found[1][0].box == (0, 7, 3, 10)


@pytest.mark.parametrize("size", [1, 3, 8])
def test_batches_with_labels_give_the_same(edges_net, planted, size):
    batches = ((part, torch.zeros(len(part))) for part in planted.split(size))
    assert top_patches(edges_net, batches, "1", 0) == top_patches(edges_net, planted, "1", 0)


def test_each_image_counts_once_and_equal_ones_keep_their_order(edges_net):
    images = torch.zeros(3, 3, 9, 9)
    images[..., 5:] = 1
    found = top_patches(edges_net, images, "1", 0, k=9)
    assert [patch.image for patch in found] == [0, 1, 2]
    assert len({patch.value for patch in found}) == 1


def test_values_are_what_the_unit_puts_out():
    net, images = AlexNet(5, width=0.1).eval(), torch.randn(6, 3, 80, 80)
    with torch.no_grad():
        maps = net.trunk[:8](images)
    for patch in top_patches(net, images, "conv_4", 3, k=4):
        assert maps[patch.image, 3, patch.row, patch.column].item() == pytest.approx(patch.value)
        assert maps[patch.image, 3].max().item() == pytest.approx(patch.value)


def test_a_unit_of_a_layer_without_a_map_sees_the_whole_image():
    (patch,) = top_patches(AlexNet(5, width=0.1), torch.randn(2, 3, 224, 224), "fc_8", 4, k=1)
    assert (patch.row, patch.column, patch.box) == (0, 0, (0, 0, 224, 224))


@pytest.mark.parametrize(
    ("images", "channel", "k", "match"),
    [
        (torch.zeros(2, 3, 9, 9), 2, 9, "layer '1' has the channels 0 to 1, got 2"),
        (torch.zeros(2, 3, 9, 9), -1, 9, "got -1"),
        (torch.zeros(2, 3, 9, 9), 0, 0, r"top_patches\(k=0\)"),
        (torch.zeros(0, 3, 9, 9), 0, 9, "got no images"),
        ([torch.zeros(1, 3, 9, 9), torch.zeros(1, 3, 9, 8)], 0, 9, r"\(3, 9, 9\) and \(3, 9, 8\)"),
    ],
    ids=["channel", "negative", "k", "nothing", "sizes"],
)
def test_what_cannot_be_answered_is_said(edges_net, images, channel, k, match):
    with pytest.raises(ValueError, match=match):
        top_patches(edges_net, images, "1", channel, k)
