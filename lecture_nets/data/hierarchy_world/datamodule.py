"""HierarchyWorld as a data module: three splits, their loaders, and new images in every epoch."""

from collections.abc import Iterator

from torch.utils.data import DataLoader

from lecture_nets.data.base import ImageDataModule
from lecture_nets.data.hierarchy_world.dataset import HierarchyWorld, check_arguments
from lecture_nets.data.hierarchy_world.grammar import check_grammar, check_range
from lecture_nets.data.order import Draw, EpochOrder


class FreshEpochs(EpochOrder):
    """An order whose indices go on from epoch to epoch: ``epoch · size + i``.

    The epoch travels in the index, so that loader processes know it, and a resumed run too.
    """

    def __iter__(self) -> Iterator[Draw]:
        start = self.epoch * len(self.dataset)  # pyright: ignore[reportArgumentType]
        return (Draw(start + draw, draw.seed) for draw in super().__iter__())


class HierarchyWorldDataModule(ImageDataModule):
    """Drawn images of ten classes whose strokes tell nothing until they are read level by level.

    Strokes (bars, blobs) make textures, 2x2 each, textures make parts, parts make the class: a
    visual Random Hierarchy Model. Every symbol has ``synonyms``, arrangements that mean the same,
    and no arrangement means two symbols. A network that learns the synonyms level by level needs
    about ``num_classes · synonyms**levels`` images; a shallow one needs many times more. Nothing
    is downloaded: a split is drawn when first needed and kept in memory.

    Args:
        image_size: side ``S`` of the images, a multiple of ``2**levels``, at least four times it.
        batch_size: images per batch.
        train_size: number of training images.
        val_size: number of validation images.
        test_size: number of test images.
        seed: another seed draws other rules and other images.
        synonyms: arrangements of every symbol: the more, the more images and depth are needed.
        levels: how many times a symbol is made of four others, 1 to 5.
        symbols: of each level below the class, 2 to 8.
        num_classes: number of classes.
        label_noise: probability that a training label is replaced by one of the others;
            ``train_set.true_labels`` keeps the right ones.
        fresh: every epoch sees new training images, a function of seed, epoch and index.
        return_truth: batches also hold the symbols of every level; see ``HierarchyWorld``.
        num_workers: loader processes.

    Raises:
        ValueError: an option is out of range, or the symbols make too few arrangements.

    Example:
        >>> data = HierarchyWorldDataModule(train_size=100, return_truth=True)
        >>> data.setup("fit")
        >>> images, labels, truth = next(iter(data.train_dataloader()))
        >>> images.shape, truth["texture"].shape
        (torch.Size([32, 3, 64, 64]), torch.Size([32, 4, 4]))
    """

    # Channel by channel over 200 training images of each of 20 seeds at 64 px, 0…1.
    mean = (0.499, 0.499, 0.497)
    std = (0.147, 0.137, 0.148)
    citation = (
        "HierarchyWorld: images drawn by the Python package lecture-nets after the Random "
        "Hierarchy Model of Cagnetta, Petrini, Tomasini, Favero and Wyart, Phys. Rev. X 14, "
        "031001 (2024)."
    )
    license = "MIT"

    def __init__(
        self,
        image_size: int = 64,
        batch_size: int = 32,
        train_size: int = 4000,
        val_size: int = 1000,
        test_size: int = 1000,
        seed: int = 0,
        *,
        synonyms: int = 3,
        levels: int = 3,
        symbols: int = 8,
        num_classes: int = 10,
        label_noise: float = 0.0,
        fresh: bool = False,
        return_truth: bool = False,
        num_workers: int = 0,
    ) -> None:
        self.sizes = {"train": train_size, "val": val_size, "test": test_size}
        for split, size in self.sizes.items():
            check_range(f"{split}_size", size, range(1, 2**40))
        check_range("batch_size", batch_size, range(1, 2**40))
        check_grammar(num_classes, symbols, synonyms, levels)
        check_arguments(train_size, image_size, seed, levels, label_noise)
        super().__init__(image_size, batch_size, num_workers)
        self.class_names = tuple(f"class {label}" for label in range(num_classes))
        self.seed, self.label_noise = seed, label_noise
        self.fresh, self.return_truth = fresh, return_truth
        self.world = dict(
            synonyms=synonyms, levels=levels, symbols=symbols, num_classes=num_classes
        )

    def setup(self, stage: str | None = None) -> None:
        if stage in (None, "fit"):
            self.train_set = self.split("train")
        if stage in (None, "fit", "validate"):
            self.val_set = self.split("val")
        if stage in (None, "test", "predict"):
            self.test_set = self.split("test")

    def split(self, split: str) -> HierarchyWorld:
        """The split's images; label noise and fresh images are for training alone."""
        train = split == "train"
        return HierarchyWorld(
            split,
            self.sizes[split],
            self.image_size,
            self.seed,
            **self.world,
            label_noise=self.label_noise if train else 0.0,
            fresh=self.fresh and train,
            return_truth=self.return_truth,
        )

    def train_dataloader(self) -> DataLoader:
        sampler = FreshEpochs(self.train_set) if self.fresh else None
        return self.loader(self.train_set, train=True, sampler=sampler)
