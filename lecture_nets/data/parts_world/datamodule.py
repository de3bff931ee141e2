"""PartsWorld as a data module: three splits, their loaders, and the statistics of the pixels."""

from lecture_nets.data.base import ImageDataModule
from lecture_nets.data.parts_world.dataset import PartsWorld, check_arguments, check_positive
from lecture_nets.data.parts_world.objects import CLASS_NAMES


class PartsWorldDataModule(ImageDataModule):
    """Drawn scenes of ten classes that differ in how their parts are arranged.

    Oriented edges and colors make eight textures, these cover twelve parts, and the arrangement of
    parts makes car, bus, bicycle, house, tower, boat, fish, bird, flower or tree. Every part occurs
    in several classes; texture and hue say nothing about the class unless ``texture_bias`` ties
    them. Nothing is downloaded: a split is drawn when first needed and kept in memory for the whole
    process.

    Args:
        image_size: side ``S`` of the images, at least 32; the scenes are the same for every size.
        batch_size: images per batch.
        train_size: number of training images.
        val_size: number of validation images.
        test_size: number of test images.
        seed: another seed draws other scenes.
        label_noise: probability that a training label is replaced by one of the other nine;
            ``train_set.true_labels`` keeps the right ones.
        texture_bias: probability that an object has the texture and hue tied to its class, in all
            three splits; test a biased network on a second module with 0.
        difficulty: ``"easy"``, or ``"hard"``: smaller, more clutter, occlusion and noise.
        num_workers: loader processes.
        return_truth: batches also hold part masks, textures and the object's box; see
            ``PartsWorld``.
        augment: mirror and shift training images by chance.

    Example:
        >>> data = PartsWorldDataModule(image_size=64, train_size=100, val_size=20)
        >>> data.setup("fit")
        >>> images, labels = next(iter(data.train_dataloader()))
        >>> images.shape, data.class_names[3]
        (torch.Size([32, 3, 64, 64]), 'house')
    """

    class_names = CLASS_NAMES
    # Channel by channel over all pixels of the 4000 easy training images of seed 0 at 128 px, 0…1.
    mean = (0.477, 0.480, 0.478)
    std = (0.313, 0.297, 0.319)
    citation = "PartsWorld: procedural scenes drawn by the Python package lecture-nets."
    license = "MIT"

    def __init__(
        self,
        image_size: int = 128,
        batch_size: int = 32,
        train_size: int = 4000,
        val_size: int = 1000,
        test_size: int = 1000,
        seed: int = 0,
        label_noise: float = 0.0,
        texture_bias: float = 0.0,
        difficulty: str = "easy",
        *,
        num_workers: int = 0,
        return_truth: bool = False,
        augment: bool = True,
    ) -> None:
        for name, size in (
            ("train_size", train_size),
            ("val_size", val_size),
            ("test_size", test_size),
            ("batch_size", batch_size),
        ):
            check_positive(name, size)
        check_arguments(train_size, image_size, seed, label_noise, texture_bias, difficulty)
        super().__init__(image_size, batch_size, num_workers)
        self.sizes = {"train": train_size, "val": val_size, "test": test_size}
        self.seed = seed
        self.label_noise = label_noise
        self.texture_bias = texture_bias
        self.difficulty = difficulty
        self.return_truth = return_truth
        self.augment = augment
        self.augmentation = "shift" if augment else None

    def setup(self, stage: str | None = None) -> None:
        if stage in (None, "fit"):
            self.train_set = self.split("train")
        if stage in (None, "fit", "validate"):
            self.val_set = self.split("val")
        if stage in (None, "test", "predict"):
            self.test_set = self.split("test")

    def unaugmented(self) -> PartsWorld:
        return self.split("train", augment=False)

    def split(self, split: str, augment: bool = True) -> PartsWorld:
        """The split's images, with the noise and augmentation that training alone gets."""
        train = split == "train"
        return PartsWorld(
            split,
            self.sizes[split],
            self.image_size,
            self.seed,
            self.label_noise if train else 0.0,
            self.texture_bias,
            self.difficulty,
            return_truth=self.return_truth,
            augment=self.augment and train and augment,
        )
