import pytest
import torch
from PIL import Image

from lecture_nets.data.image_files import to_tensor
from lecture_nets.data.transforms import eval_transform, train_transform, vary_colors


def gradient(width: int = 60, height: int = 40) -> torch.Tensor:
    row = torch.linspace(0, 255, width).to(torch.uint8)
    return row.expand(3, height, width).contiguous()


def test_evaluation_keeps_the_middle():
    image = torch.zeros(3, 115, 300, dtype=torch.uint8)
    image[:, 7:-8, 100:200] = 200
    assert (eval_transform(50)(image) == 200).all()


def test_evaluation_takes_images_and_tensors_alike():
    image = Image.radial_gradient("L").convert("RGB")
    assert torch.equal(eval_transform(30)(image), eval_transform(30)(to_tensor(image)))


def test_evaluation_takes_any_number_of_channels():
    image = to_tensor(Image.radial_gradient("L").convert("RGB"))
    square = eval_transform(30)(image)
    assert torch.equal(eval_transform(30)(image[:1]), square[:1])
    assert torch.equal(eval_transform(30)(torch.cat([image, image])), torch.cat([square, square]))


@pytest.mark.parametrize(
    "image",
    [torch.zeros(3, 9, 9), torch.zeros(9, 9).byte()],
    ids=["float", "no channels"],
)
def test_evaluation_refuses_other_tensors(image):
    with pytest.raises(ValueError, match=r"expected a uint8 image \(C, H, W\), got .*load_image"):
        eval_transform(8)(image)


def test_training_squares_differ_and_repeat_with_the_seed():
    transform = train_transform(16)
    torch.manual_seed(0)
    first, second = transform(gradient()), transform(gradient())
    torch.manual_seed(0)
    assert torch.equal(transform(gradient()), first)
    assert not torch.equal(first, second)


def test_training_mirrors_about_half():
    torch.manual_seed(0)
    squares = [train_transform(16)(gradient()).float() for _ in range(200)]
    mirrored = sum(bool(square[0, 0, 0] > square[0, 0, -1]) for square in squares)
    assert 70 <= mirrored <= 130


def test_varied_colors_stay_near():
    torch.manual_seed(0)
    shifts = [vary_colors(gradient()).float().mean() - 127 for _ in range(100)]
    assert 10 < max(shifts) < 50
    assert -50 < min(shifts) < -10


def test_colors_without_variation_are_the_same():
    image = torch.randint(0, 256, (3, 9, 7), dtype=torch.uint8)
    assert (vary_colors(image, strength=0.0).int() - image.int()).abs().max() <= 1


def test_gray_stays_gray():
    varied = vary_colors(gradient()).int()
    assert (varied - varied[:1]).abs().max() <= 1
