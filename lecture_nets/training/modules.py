"""The seven networks of the lecture, each with its loss, its recipe and what else it needs."""

from pathlib import Path
from typing import Any, Literal

import torch
from lightning.pytorch import Callback

from lecture_nets.callbacks.label_smoothing import LabelSmoothing
from lecture_nets.checkpoints import CheckpointError, read_checkpoint
from lecture_nets.nets import (
    VGG19,
    AlexNet,
    GoogLeNet,
    InceptionV2,
    InceptionV3,
    ShallowSVM,
    ZFNet,
)
from lecture_nets.training.classifier import ImageClassifier
from lecture_nets.training.losses import SquaredHinge
from lecture_nets.training.pretrained import CARD, read_card


class ShallowSVMModule(ImageClassifier):
    """The 2011 row: fixed descriptors, Fisher vectors, a linear support vector machine.

    Its codebook is fitted, without labels, to the first training images when a fit starts.

    Args:
        num_classes: classes to tell apart.
        width: scales the number of Gaussians of the codebook.
        in_channels: channels of the images.
        encoding: ``"fisher"``, or ``"histogram"`` for a bag of words.
        recipe: ``"paper"`` or ``"quick"``.
        lr: in place of the recipe's learning rate; stable below 0.5.
    """

    def __init__(
        self,
        num_classes: int = 10,
        *,
        width: float = 1.0,
        in_channels: int = 3,
        encoding: Literal["fisher", "histogram"] = "fisher",
        recipe: str | None = None,
        lr: float | None = None,
    ) -> None:
        net = ShallowSVM(num_classes, width=width, in_channels=in_channels, encoding=encoding)
        super().__init__(net, recipe=recipe, lr=lr, criterion=SquaredHinge())

    def example_images(self) -> None:
        """None: the summary looks at the network before there is a codebook."""

    def on_fit_start(self) -> None:
        assert isinstance(self.net, ShallowSVM)
        if self.net.codebook.fitted:
            return
        self.trainer.fit_loop.setup_data()
        images: list[torch.Tensor] = []
        for batch in self.trainer.train_dataloader or []:
            images.append(batch[0])
            if sum(map(len, images)) >= 256:
                break
        self.net.fit_codebook(torch.cat(images).to(self.device))


class AlexNetModule(ImageClassifier):
    """AlexNet (2012), trained as in its paper or quickly.

    Args:
        num_classes: classes to tell apart.
        width: scales every channel count.
        in_channels: channels of the images.
        variant: ``"2012"``, or ``"2014"`` as in torchvision.
        recipe: ``"paper"`` or ``"quick"``.
        lr: in place of the recipe's learning rate.
    """

    def __init__(
        self,
        num_classes: int = 10,
        *,
        width: float = 1.0,
        in_channels: int = 3,
        variant: Literal["2012", "2014"] = "2012",
        recipe: str | None = None,
        lr: float | None = None,
    ) -> None:
        net = AlexNet(num_classes, width=width, in_channels=in_channels, variant=variant)
        super().__init__(net, recipe=recipe, lr=lr)


class ZFNetModule(ImageClassifier):
    """ZFNet (2013), trained as in its paper or quickly.

    Args:
        num_classes: classes to tell apart.
        width: scales every channel count.
        in_channels: channels of the images.
        recipe: ``"paper"`` or ``"quick"``.
        lr: in place of the recipe's learning rate.
    """

    def __init__(
        self,
        num_classes: int = 10,
        *,
        width: float = 1.0,
        in_channels: int = 3,
        recipe: str | None = None,
        lr: float | None = None,
    ) -> None:
        net = ZFNet(num_classes, width=width, in_channels=in_channels)
        super().__init__(net, recipe=recipe, lr=lr)


class VGG19Module(ImageClassifier):
    """VGG-19 (2014), trained as in its paper or quickly.

    Args:
        num_classes: classes to tell apart.
        width: scales every channel count.
        in_channels: channels of the images.
        batch_norm: normalize every convolution (not in the paper).
        recipe: ``"paper"`` or ``"quick"``.
        lr: in place of the recipe's learning rate.
    """

    def __init__(
        self,
        num_classes: int = 10,
        *,
        width: float = 1.0,
        in_channels: int = 3,
        batch_norm: bool = False,
        recipe: str | None = None,
        lr: float | None = None,
    ) -> None:
        net = VGG19(num_classes, width=width, in_channels=in_channels, batch_norm=batch_norm)
        super().__init__(net, recipe=recipe, lr=lr)


class GoogLeNetModule(ImageClassifier):
    """GoogLeNet (2014) with its two auxiliary heads, trained as in its paper or quickly.

    Args:
        num_classes: classes to tell apart.
        width: scales every channel count.
        in_channels: channels of the images.
        variant: ``"paper"`` or ``"torchvision"``.
        batch_norm: normalize every convolution.
        aux_weight: weight of each auxiliary head's loss; 0.3 in section 5 of the paper.
        aux_batch_norm: batch norm in both hidden layers of the auxiliary heads.
        recipe: ``"paper"`` or ``"quick"``.
        lr: in place of the recipe's learning rate.
    """

    def __init__(
        self,
        num_classes: int = 10,
        *,
        width: float = 1.0,
        in_channels: int = 3,
        variant: Literal["paper", "torchvision"] = "paper",
        batch_norm: bool = False,
        aux_weight: float = 0.3,
        aux_batch_norm: bool = False,
        recipe: str | None = None,
        lr: float | None = None,
    ) -> None:
        net = GoogLeNet(
            num_classes,
            width=width,
            in_channels=in_channels,
            variant=variant,
            batch_norm=batch_norm,
            aux_batch_norm=aux_batch_norm,
        )
        super().__init__(net, aux_weight=aux_weight, recipe=recipe, lr=lr)


class InceptionV2Module(ImageClassifier):
    """Inception V2 (2015) with its auxiliary head, trained as in its paper or quickly.

    Args:
        num_classes: classes to tell apart.
        width: scales every channel count.
        in_channels: channels of the images.
        stem: ``"3x3"`` or ``"7x7"``.
        num_factorized: flattened modules on the 17 x 17 grid.
        resolution: ``299``; ``151`` or ``79`` for small images.
        aux_weight: weight of the auxiliary head's loss; 0.4 in the released code.
        aux_batch_norm: batch norm in the auxiliary head's fully connected layer too.
        recipe: ``"paper"`` or ``"quick"``.
        lr: in place of the recipe's learning rate.
    """

    def __init__(
        self,
        num_classes: int = 10,
        *,
        width: float = 1.0,
        in_channels: int = 3,
        stem: Literal["3x3", "7x7"] = "3x3",
        num_factorized: int = 5,
        resolution: Literal[299, 151, 79] = 299,
        aux_weight: float = 0.4,
        aux_batch_norm: bool = False,
        recipe: str | None = None,
        lr: float | None = None,
    ) -> None:
        net = InceptionV2(
            num_classes,
            width=width,
            in_channels=in_channels,
            stem=stem,
            num_factorized=num_factorized,
            resolution=resolution,
            aux_batch_norm=aux_batch_norm,
        )
        super().__init__(net, aux_weight=aux_weight, recipe=recipe, lr=lr)


class InceptionV3Module(ImageClassifier):
    """Inception V3: V2's ideas, RMSprop, batch norm in the auxiliary head, and label smoothing.

    It brings `LabelSmoothing` (0.1) to the Trainer itself, unless you pass one.

    Args:
        num_classes: classes to tell apart.
        width: scales every channel count.
        in_channels: channels of the images.
        resolution: ``299``; ``151`` or ``79`` for small images.
        aux_weight: weight of the auxiliary head's loss; 0.4 in the released code.
        aux_batch_norm: batch norm in the auxiliary head's fully connected layer too.
        count_include_pad: ``False`` averages as TensorFlow and Keras do.
        recipe: ``"paper"`` or ``"quick"``.
        lr: in place of the recipe's learning rate.
    """

    def __init__(
        self,
        num_classes: int = 10,
        *,
        width: float = 1.0,
        in_channels: int = 3,
        resolution: Literal[299, 151, 79] = 299,
        aux_weight: float = 0.4,
        aux_batch_norm: bool = True,
        count_include_pad: bool = True,
        recipe: str | None = None,
        lr: float | None = None,
    ) -> None:
        net = InceptionV3(
            num_classes,
            width=width,
            in_channels=in_channels,
            resolution=resolution,
            aux_batch_norm=aux_batch_norm,
            count_include_pad=count_include_pad,
        )
        super().__init__(net, aux_weight=aux_weight, recipe=recipe, lr=lr)

    def own_callbacks(self) -> list[Callback]:
        return [*super().own_callbacks(), LabelSmoothing(0.1)]


MODULES: dict[str, type[ImageClassifier]] = {
    module.__name__: module
    for module in (
        ShallowSVMModule,
        AlexNetModule,
        ZFNetModule,
        VGG19Module,
        GoogLeNetModule,
        InceptionV2Module,
        InceptionV3Module,
    )
}


def load(path: str | Path) -> Any:
    """The module that wrote a checkpoint or a `save_pretrained` folder, with its weights.

    Raises:
        CheckpointError: the file is no whole checkpoint, or none of this package's.
    """
    is_folder = Path(path, CARD).is_file()
    card = read_card(Path(path)) if is_folder else read_checkpoint(path, map_location="meta")
    writer = card.get("lecture_nets", {}).get("module")
    if writer not in MODULES:
        raise CheckpointError(
            f"{path} was not written by a module of lecture_nets (found: {writer}). "
            f"Known are {', '.join(MODULES)}; load others with their own load_from_checkpoint."
        )
    module = MODULES[writer]
    return module.from_pretrained(path) if is_folder else module.load_from_checkpoint(path)
