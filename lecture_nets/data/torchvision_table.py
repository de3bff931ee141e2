"""Facts about the public image sets that torchvision downloads, known before a byte is there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lecture_nets.data.base import IMAGENET_MEAN, IMAGENET_STD

_UNKNOWN = "unknown: check with the authors"


@dataclass(frozen=True)
class TorchvisionSet:
    """One image set.

    Attributes:
        parts: which arguments of torchvision's class open which split, and its number of images.
        class_names: what label ``i`` is called; empty if torchvision's class says so itself.
        files: what torchvision looks for below the data folder, and downloads otherwise.
        citation: how to cite it.
        license: under which terms it may be used.
        mean: mean of each channel, for pixels in 0…1.
        std: standard deviation of each channel, for pixels in 0…1.
    """

    parts: Mapping[str, tuple[Mapping[str, Any], int]]
    class_names: tuple[str, ...]
    files: str
    citation: str
    license: str = _UNKNOWN
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD


def _train_test(train: int, test: int) -> dict[str, tuple[Mapping[str, Any], int]]:
    return {"train": ({"train": True}, train), "test": ({"train": False}, test)}


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


_KRIZHEVSKY = (
    "Krizhevsky: Learning Multiple Layers of Features from Tiny Images. "
    "Technical report, University of Toronto, 2009"
)

SETS: dict[str, TorchvisionSet] = {
    "CIFAR10": TorchvisionSet(
        parts=_train_test(50_000, 10_000),
        class_names=_names(
            "airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck",
        ),
        files="cifar-10-python.tar.gz",
        citation=_KRIZHEVSKY,
        mean=(0.4914, 0.4822, 0.4465),
        std=(0.2470, 0.2435, 0.2616),
    ),
    "CIFAR100": TorchvisionSet(
        parts=_train_test(50_000, 10_000),
        class_names=_names(
            "apple, aquarium_fish, baby, bear, beaver, bed, bee, beetle, bicycle, bottle, bowl, "
            "boy, bridge, bus, butterfly, camel, can, castle, caterpillar, cattle, chair, "
            "chimpanzee, clock, cloud, cockroach, couch, crab, crocodile, cup, dinosaur, dolphin, "
            "elephant, flatfish, forest, fox, girl, hamster, house, kangaroo, keyboard, lamp, "
            "lawn_mower, leopard, lion, lizard, lobster, man, maple_tree, motorcycle, mountain, "
            "mouse, mushroom, oak_tree, orange, orchid, otter, palm_tree, pear, pickup_truck, "
            "pine_tree, plain, plate, poppy, porcupine, possum, rabbit, raccoon, ray, road, "
            "rocket, rose, sea, seal, shark, shrew, skunk, skyscraper, snail, snake, spider, "
            "squirrel, streetcar, sunflower, sweet_pepper, table, tank, telephone, television, "
            "tiger, tractor, train, trout, tulip, turtle, wardrobe, whale, willow_tree, wolf, "
            "woman, worm"
        ),
        files="cifar-100-python.tar.gz",
        citation=_KRIZHEVSKY,
        mean=(0.5071, 0.4865, 0.4409),
        std=(0.2673, 0.2564, 0.2762),
    ),
    "EuroSAT": TorchvisionSet(
        parts={"train": ({}, 27_000)},
        class_names=_names(
            "AnnualCrop, Forest, HerbaceousVegetation, Highway, Industrial, Pasture, "
            "PermanentCrop, Residential, River, SeaLake"
        ),
        files="eurosat/2750/<class>/*.jpg",
        citation="Helber, Bischke, Dengel, Borth: EuroSAT: A Novel Dataset and Deep Learning "
        "Benchmark for Land Use and Land Cover Classification. arXiv:1709.00029",
        license="MIT",
    ),
    "FashionMNIST": TorchvisionSet(
        parts=_train_test(60_000, 10_000),
        class_names=_names(
            "T-shirt/top, Trouser, Pullover, Dress, Coat, Sandal, Shirt, Sneaker, Bag, Ankle boot"
        ),
        files="FashionMNIST/raw/{train,t10k}-{images-idx3,labels-idx1}-ubyte.gz",
        citation="Xiao, Rasul, Vollgraf: Fashion-MNIST: a Novel Image Dataset for Benchmarking "
        "Machine Learning Algorithms. arXiv:1708.07747",
        license="MIT",
        mean=(0.2860, 0.2860, 0.2860),
        std=(0.3530, 0.3530, 0.3530),
    ),
    "Flowers102": TorchvisionSet(
        parts={
            "train": ({"split": "train"}, 1_020),
            "val": ({"split": "val"}, 1_020),
            "test": ({"split": "test"}, 6_149),
        },
        class_names=(),
        files="flowers-102/{jpg/*.jpg,imagelabels.mat,setid.mat}",
        citation="Nilsback, Zisserman: Automated Flower Classification over a Large Number of "
        "Classes. ICVGIP 2008",
    ),
    "Imagenette": TorchvisionSet(
        # Published figures are for its val images, so those are the test images here.
        parts={
            "train": ({"split": "train", "size": "320px"}, 9_469),
            "test": ({"split": "val", "size": "320px"}, 3_925),
        },
        class_names=_names(
            "tench, English springer, cassette player, chain saw, church, French horn, "
            "garbage truck, gas pump, golf ball, parachute"
        ),
        files="imagenette2-320/{train,val}/<class>/*.JPEG",
        citation="Howard: Imagenette. https://github.com/fastai/imagenette",
        license="the photos are ImageNet's: its terms of access apply (non-commercial research)",
    ),
    "OxfordIIITPet": TorchvisionSet(
        parts={
            "train": ({"split": "trainval"}, 3_680),
            "test": ({"split": "test"}, 3_669),
        },
        class_names=_names(
            "Abyssinian, American Bulldog, American Pit Bull Terrier, Basset Hound, Beagle, "
            "Bengal, Birman, Bombay, Boxer, British Shorthair, Chihuahua, Egyptian Mau, "
            "English Cocker Spaniel, English Setter, German Shorthaired, Great Pyrenees, "
            "Havanese, Japanese Chin, Keeshond, Leonberger, Maine Coon, Miniature Pinscher, "
            "Newfoundland, Persian, Pomeranian, Pug, Ragdoll, Russian Blue, Saint Bernard, "
            "Samoyed, Scottish Terrier, Shiba Inu, Siamese, Sphynx, Staffordshire Bull Terrier, "
            "Wheaten Terrier, Yorkshire Terrier"
        ),
        files="oxford-iiit-pet/{images/*.jpg,annotations/*.txt}",
        citation="Parkhi, Vedaldi, Zisserman, Jawahar: Cats and Dogs. CVPR 2012",
        license="CC BY-SA 4.0",
    ),
}
