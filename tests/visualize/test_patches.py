"""Does the picture show the patches, and beside them what was answered?"""

import pytest
import torch

from lecture_nets.analysis.deconvnet import project_patches
from lecture_nets.analysis.patches import Patch, top_patches_of
from lecture_nets.nets import AlexNet
from lecture_nets.visualize.patches import draw_top_patches


def shown(axes):
    return torch.tensor(axes.images[0].get_array()).permute(2, 0, 1)


def test_patches_stand_beside_their_projections():
    images = torch.randint(0, 256, (2, 3, 12, 12), dtype=torch.uint8)
    # The second is cut off at the left edge.
    found = {3: (Patch(1, 0, 0, 2.0, (4, 2, 9, 7)), Patch(0, 0, 0, 1.5, (0, 5, 3, 10)))}
    projections = {3: torch.zeros(2, 3, 12, 12)}
    projections[3][0, 0, 3, 6] = -0.5
    picture = draw_top_patches(images, "conv_1", found, projections)
    left, right = (shown(axes) for axes in picture.figure.axes[:2])
    torch.testing.assert_close(right[:, 1:6, 1:6], images[1, :, 2:7, 4:9] / 255)
    torch.testing.assert_close(right[:, 1:6, 8:11], images[0, :, 5:10, 0:3] / 255)
    assert (right[:, 1:6, [7, 11]] == 0.5).all()
    assert left[0, 2, 3] < 0.5
    assert (left[1:, 1:6, 1:6] == 0.5).all()
    assert "Channel 3: 2 patches of up to 5 pixels a side, 2 to 1.5." in picture.alt


def test_a_whole_layer_is_drawn_from_a_network():
    net = AlexNet(5, width=0.1)
    torch.nn.init.constant_(net.trunk.conv_1.conv.bias[4:5], -100)
    images = torch.randint(0, 256, (12, 3, 64, 64), dtype=torch.uint8)
    inputs = images / 255 - 0.5
    found = top_patches_of(net, inputs, "conv_1", range(5))
    picture = draw_top_patches(
        images, "conv_1", found, project_patches(net, inputs, "conv_1", found)
    )
    assert len(picture.figure.axes) == 2 * 4 * 3
    assert "Channel 4: 9 patches of up to 9 pixels a side, silent." in picture.alt
    assert picture.png


def test_a_picture_of_nothing_is_refused():
    with pytest.raises(ValueError, match="found no channels"):
        draw_top_patches(torch.zeros(1, 3, 8, 8, dtype=torch.uint8), "conv_1", {}, {})
