"""A grid shows all its images, in order, under their titles."""

import pytest
import torch

from lecture_nets.visualize.grid import draw_grid


@pytest.mark.parametrize("images", [torch.rand(5, 3, 8, 8), [torch.zeros(3, 8, 6)] * 5])
def test_images_stand_row_by_row_under_their_titles(images):
    names = [f"unit {i}" for i in range(5)]
    plots = draw_grid(images, names, title="Units", alt="Noise.").figure.axes
    assert len(plots) == 6  # two rows of three
    assert [axes.get_title() for axes in plots] == [*names, ""]
    for axes, image in zip(plots, images, strict=False):
        shown = torch.as_tensor(axes.images[0].get_array())
        torch.testing.assert_close(shown, image.permute(1, 2, 0))


def test_bytes_are_shown_as_they_are():
    image = torch.randint(256, (3, 8, 8), dtype=torch.uint8)
    (axes,) = draw_grid([image], ["noise"], title="Noise", alt="Noise.").figure.axes
    assert torch.equal(torch.as_tensor(axes.images[0].get_array()), image.permute(1, 2, 0))


def test_the_title_and_the_names_have_room():
    names = [f"inception_4{letter}:100" for letter in "abcd"]
    picture = draw_grid(
        torch.rand(4, 3, 8, 8), names, title="What drives each unit most", alt="Noise.", columns=2
    )
    assert picture.png  # lays the texts out
    width = picture.figure.bbox.width
    title = picture.figure._suptitle.get_window_extent()
    assert title.x0 >= 0
    assert title.x1 <= width
    left, right = (axes.title.get_window_extent() for axes in picture.figure.axes[:2])
    assert left.x1 < right.x0


@pytest.mark.parametrize("count", [0, 2])
def test_not_one_title_for_each_is_refused(count):
    with pytest.raises(ValueError, match=f"found {count} images and 0 titles"):
        draw_grid(torch.rand(count, 3, 8, 8), [], title="Noise", alt="Noise.")
