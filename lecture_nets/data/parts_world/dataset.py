"""The scenes as a dataset: drawn once, kept in memory, shared within the process."""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from lecture_nets.data.parts_world.chance import DIFFICULTIES, random_source
from lecture_nets.data.parts_world.objects import CLASS_NAMES
from lecture_nets.data.parts_world.parts import BODY, OCCLUDER
from lecture_nets.data.parts_world.scene import draw_scene
from lecture_nets.names import choose
from lecture_nets.progress import progress

SPLITS = ("train", "val", "test")
LABEL_NOISE = len(SPLITS)  # the number that keeps label noise apart from the splits' scenes
MIN_IMAGE_SIZE = 32
SLOW = 500  # images that take about a second, from which on a bar is shown


class Drawn(NamedTuple):
    """All images of one split, and with ``truth`` three maps each, all ``uint8``.

    Attributes:
        images: ``(N, 3, S, S)``.
        maps: part id, whether the part is loose, texture id, ``(N, 3, S, S)``; else empty.
        textures: texture ids of background, body and parts, ``(N, 3)``.
    """

    images: Tensor
    maps: Tensor
    textures: Tensor


@lru_cache(maxsize=8)
def draw_split(
    split: str,
    size: int,
    image_size: int,
    seed: int,
    texture_bias: float,
    difficulty: str,
    truth: bool,
) -> Drawn:
    """Draw the first ``size`` images of a split; a second call with the same settings is free."""
    images = torch.empty((size, 3, image_size, image_size), dtype=torch.uint8)
    maps = torch.empty((size if truth else 0, 3, image_size, image_size), dtype=torch.uint8)
    textures = torch.empty((size, 3), dtype=torch.uint8)
    for index in progress(range(size), f"Drawing {size} {split} images", bar_from=SLOW):
        scene = draw_scene(
            (seed, SPLITS.index(split), index),
            index % len(CLASS_NAMES),
            image_size,
            DIFFICULTIES[difficulty],
            texture_bias,
        )
        images[index] = torch.from_numpy(scene.image)
        textures[index] = torch.tensor(scene.textures)
        if truth:
            surface = np.minimum(scene.parts, 1) + (scene.parts != 0) * (scene.parts != BODY)
            texture_map = np.array(scene.textures, dtype=np.uint8)[surface]
            maps[index] = torch.from_numpy(np.stack((scene.parts, scene.loose, texture_map)))
    return Drawn(images, maps, textures)


def visible_box(own: Tensor) -> Tensor:
    """Smallest box around the true pixels of a mask ``(S, S)``: x0, y0, x1, y1.

    Like a slice it ends before x1 and y1; zeros where nothing is in sight.
    """
    columns, rows = own.any(0).nonzero()[:, 0], own.any(1).nonzero()[:, 0]
    if not len(columns):
        return torch.zeros(4, dtype=torch.long)
    return torch.stack((columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))


def flip_and_shift(maps: Tensor) -> Tensor:
    """Mirror half of all samples ``(C, S, S)``, shift all by up to a sixteenth, reflect edges."""
    size = maps.shape[-1]
    reach = size // 16
    down, right = torch.randint(-reach, reach + 1, (2,)).tolist()
    rows, columns = shifted_indices(size, down), shifted_indices(size, right)
    if torch.rand(()) < 0.5:
        columns = columns.flip(0)
    return maps.index_select(1, rows).index_select(2, columns)


def shifted_indices(size: int, by: int) -> Tensor:
    """The source of each pixel when a line of ``size`` moves by ``by``, reflected at both ends."""
    indices = (torch.arange(size) - by).abs()
    return torch.minimum(indices, 2 * (size - 1) - indices)


class PartsWorld(Dataset):
    """One split of the drawn scenes. Image = f(seed, split, index), on every machine.

    Sample ``i`` is ``(image, label)``, the image ``uint8`` ``(3, S, S)``, the label an ``int``.
    Classes take turns, so every ten images in a row hold each class once. With ``return_truth`` a
    sample is ``(image, label, truth)``, where ``truth`` holds

    - ``parts``: part ids ``(S, S)`` ``uint8``, 0 the background, 1 to 12 the parts in the order of
      ``PARTS``, then ``BODY`` and ``OCCLUDER``;
    - ``loose``: ``(S, S)`` bool, where a part is clutter and not the object's;
    - ``texture``: ``(S, S)`` ``uint8``, ids in the order of ``TEXTURES``; background and body each
      have their own, all parts and the occluder share one;
    - ``body_texture``: the id of the body's texture, in sight or not;
    - ``box``: x0, y0, x1, y1 around the visible pixels of the object, body and own parts, as in a
      slice: x1 and y1 lie just outside.

    Args:
        split: ``"train"``, ``"val"`` or ``"test"``.
        size: number of images; a larger set starts with the same images.
        image_size: side ``S``.
        seed: another seed draws other scenes.
        label_noise: probability that a label is replaced by one of the other nine.
        texture_bias: probability that an object has the texture and hue tied to its class.
        difficulty: ``"easy"`` or ``"hard"``.
        return_truth: also yield what is where.
        augment: mirror and shift samples by chance, the truth along with them.

    Attributes:
        images: all images, ``(N, 3, S, S)`` ``uint8``.
        labels: the labels that samples carry, ``(N,)``.
        true_labels: the labels before label noise, ``(N,)``.
    """

    def __init__(
        self,
        split: str = "train",
        size: int = 4000,
        image_size: int = 128,
        seed: int = 0,
        label_noise: float = 0.0,
        texture_bias: float = 0.0,
        difficulty: str = "easy",
        *,
        return_truth: bool = False,
        augment: bool = False,
    ) -> None:
        choose("split", split, dict.fromkeys(SPLITS))
        check_arguments(size, image_size, seed, label_noise, texture_bias, difficulty)
        self.return_truth = return_truth
        self.augment = augment
        self.images, self.maps, self.textures = draw_split(
            split, size, image_size, seed, float(texture_bias), difficulty, return_truth
        )
        self.true_labels = torch.arange(size) % len(CLASS_NAMES)
        chances = torch.from_numpy(
            random_source(seed, SPLITS.index(split), LABEL_NOISE).random((size, 2))
        )
        others = 1 + (chances[:, 1] * (len(CLASS_NAMES) - 1)).long()
        noisy = (self.true_labels + others) % len(CLASS_NAMES)
        self.labels = torch.where(chances[:, 0] < label_noise, noisy, self.true_labels)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        image, label = self.images[index], int(self.labels[index])
        if not self.return_truth:
            return (flip_and_shift(image) if self.augment else image), label
        stack = torch.cat((image, self.maps[index]))
        if self.augment:
            stack = flip_and_shift(stack)
        parts, loose = stack[3], stack[4].bool()
        truth = {
            "parts": parts,
            "loose": loose,
            "texture": stack[5],
            "body_texture": int(self.textures[index, 1]),
            "box": visible_box((parts != 0) & (parts != OCCLUDER) & ~loose),
        }
        return stack[:3], label, truth


def check_positive(name: str, size: int) -> None:
    if size < 1:
        raise ValueError(f"{name}={size}, but it must be at least 1; give a positive number")


def check_arguments(
    size: int,
    image_size: int,
    seed: int,
    label_noise: float,
    texture_bias: float,
    difficulty: str,
) -> None:
    check_positive("size", size)
    if image_size < MIN_IMAGE_SIZE:
        raise ValueError(
            f"image_size={image_size}, but parts cannot be told apart below {MIN_IMAGE_SIZE}; "
            f"give at least {MIN_IMAGE_SIZE}"
        )
    if seed < 0:
        raise ValueError(
            f"seed={seed}, but seeds are 0 or more; give a number that is not negative"
        )
    for name, probability in (("label_noise", label_noise), ("texture_bias", texture_bias)):
        if not 0 <= probability <= 1:
            raise ValueError(
                f"{name}={probability}, but it is a probability; give a number from 0 to 1"
            )
    choose("difficulty", difficulty, DIFFICULTIES)
