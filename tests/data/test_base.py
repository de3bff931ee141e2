import pytest
import torch
from torch.utils.data import TensorDataset

from lecture_nets import AlexNetModule
from lecture_nets.data.base import ImageDataModule


class Plain(ImageDataModule):
    class_names = ("a", "b", "c")

    def __init__(self, size: int = 10, batch_size: int = 4, truth: bool = False) -> None:
        super().__init__(image_size=5, batch_size=batch_size)
        images = torch.arange(size, dtype=torch.uint8).view(-1, 1, 1, 1).expand(size, 3, 5, 5)
        columns = [images, torch.arange(size) % 3, *([torch.ones(size, 7)] if truth else [])]
        self.train_set = self.val_set = self.test_set = TensorDataset(*columns)


def labels(loader) -> list[int]:
    return [int(label) for batch in loader for label in batch[1]]


def test_the_number_of_classes_is_that_of_their_names():
    assert Plain().num_classes == 3


def test_normalized_pixels_have_zero_mean_and_unit_variance():
    data = Plain()
    data.mean, data.std = (0.5, 0.25, 0.0), (0.5, 0.25, 1.0)
    white = torch.full((2, 3, 4, 4), 255, dtype=torch.uint8)
    assert torch.allclose(data.normalize(white)[0, :, 0, 0], torch.tensor([1.0, 3.0, 1.0]))
    assert (white == 255).all()


@pytest.mark.parametrize("channels", [1, 4])
def test_any_number_of_channels_is_normalized(channels):
    data = Plain()
    data.mean, data.std = (0.5,) * channels, (0.25,) * channels
    white = torch.full((2, channels, 4, 4), 255, dtype=torch.uint8)
    assert torch.equal(data.normalize(white), torch.full((2, channels, 4, 4), 2.0))


@pytest.mark.parametrize(
    ("mean", "std"), [((0.5,), (0.5,)), ((0.5,) * 3, (0.5,)), ((0.5,) * 4, (0.5,) * 4)]
)
def test_statistics_of_another_number_of_channels_are_refused(mean, std):
    data = Plain()
    data.mean, data.std = mean, std
    with pytest.raises(
        ValueError, match=r"mean \(0\.5.* 3 channels .*mean and std of the data mod"
    ):
        next(iter(data.val_dataloader()))


class Gray(ImageDataModule):
    """Bright images are of class 1; one channel."""

    class_names = ("dark", "bright")
    mean, std = (0.5,), (0.25,)

    def __init__(self) -> None:
        super().__init__(image_size=64, batch_size=8)
        labels = torch.arange(16) % 2
        images = (100 + 100 * labels).to(torch.uint8).view(-1, 1, 1, 1).expand(-1, 1, 64, 64)
        self.train_set = self.val_set = self.test_set = TensorDataset(images, labels)


def test_a_network_of_one_channel_learns_from_gray_images(quiet_trainer):
    module = AlexNetModule(2, in_channels=1, width=0.05, recipe="quick")
    trainer = quiet_trainer(max_epochs=1)
    trainer.fit(module, datamodule=Gray())
    assert trainer.global_step == 2
    assert module.data_facts["mean"] == [0.5]
    assert trainer.test(module, datamodule=Gray(), verbose=False)[0]["test_loss"] > 0


def test_a_batch_is_normalized_images_labels_and_truth():
    images, wanted, truth = next(iter(Plain(truth=True).val_dataloader()))
    assert (images.dtype, images.shape) == (torch.float32, (4, 3, 5, 5))
    assert (wanted.dtype, wanted.tolist()) == (torch.int64, [0, 1, 2, 0])
    assert truth.shape == (4, 7)


def test_only_training_is_shuffled():
    data = Plain(size=60)
    in_order = [i % 3 for i in range(60)]
    assert labels(data.val_dataloader()) == in_order
    assert labels(data.test_dataloader()) == in_order
    assert labels(data.predict_dataloader()) == in_order
    assert labels(data.train_dataloader()) != in_order


@pytest.mark.parametrize(("size", "seen"), [(9, 8), (10, 10), (8, 8), (3, 3)])
def test_a_last_training_batch_of_one_is_dropped(size, seen):
    assert len(labels(Plain(size).train_dataloader())) == seen


def test_no_image_is_dropped_elsewhere():
    assert len(labels(Plain(9).val_dataloader())) == 9


def test_batches_of_one_are_possible():
    assert len(labels(Plain(5, batch_size=1).train_dataloader())) == 5


@pytest.mark.parametrize("size", [0, 1])
def test_training_on_nothing_is_an_error(size):
    with pytest.raises(ValueError, match=f"two images or more, the training set has {size}"):
        Plain(size).train_dataloader()


@pytest.mark.parametrize(
    "sizes", [{"image_size": 0, "batch_size": 1}, {"image_size": 1, "batch_size": 0}]
)
def test_sizes_are_positive(sizes):
    with pytest.raises(ValueError, match=r"_size must be 1 or more, got 0"):
        ImageDataModule(**sizes)
