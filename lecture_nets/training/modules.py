"""The networks of the lecture, each with its loss, its recipes and what else it needs."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback
from torch import nn

from lecture_nets.callbacks.label_smoothing import LabelSmoothing
from lecture_nets.checkpoints import CheckpointError, read_checkpoint
from lecture_nets.names import unknown
from lecture_nets.nets import (
    VGG19,
    AlexNet,
    GoogLeNet,
    InceptionV2,
    InceptionV3,
    Network,
    ResNet50,
    ShallowSVM,
    ZFNet,
)
from lecture_nets.training.classifier import ImageClassifier
from lecture_nets.training.losses import SquaredHinge
from lecture_nets.training.pretrained import is_saved_folder, read_card
from lecture_nets.training.recipes import Recipe


class LectureModule(ImageClassifier):
    """One of the networks as a module, with the options of both.

    Args:
        num_classes: number of classes.
        aux_weight: weight of each auxiliary head's loss; the paper's if left out.
        recipe: ``"paper"``, ``"quick"`` or a `Recipe`; left out, ``"quick"`` on the embedded
            images, else ``"paper"``.
        lr: in place of the recipe's learning rate.
        net: options of the network. Checkpoints record them all, those left out too.

    Raises:
        TypeError: the network has no such option.

    Attributes:
        network: class of the network. Static, as the shell reads its options from there.
        loss: class of the criterion.
        paper_aux_weight: weight of each auxiliary head's loss in the paper.
    """

    network: Callable[..., Network]
    loss: type[nn.Module] = nn.CrossEntropyLoss
    paper_aux_weight: float = 0.0

    def __init__(
        self,
        num_classes: int = 10,
        *,
        aux_weight: float | None = None,
        recipe: str | Recipe | None = None,
        lr: float | None = None,
        **net: Any,
    ) -> None:
        # The names stay, since `save_hyperparameters` reads them from here.
        net = self.all_options(net)
        aux_weight = self.paper_aux_weight if aux_weight is None else aux_weight
        super().__init__(
            self.network(num_classes, **net),
            aux_weight=aux_weight,
            recipe=recipe,
            lr=lr,
            criterion=self.loss(),
        )

    @classmethod
    def all_options(cls, given: dict[str, Any]) -> dict[str, Any]:
        """The keyword options of the network: those ``given``, and defaults."""
        options = {
            name: option.default
            for name, option in inspect.signature(cls.network).parameters.items()
            if option.kind is option.KEYWORD_ONLY
        }
        for name in [name for name in given if name not in options]:
            own = [name for name in inspect.signature(cls).parameters if name != "net"]
            raise TypeError(unknown(f"option of {cls.__name__}", name, [*own, *options]))
        return options | given


class ShallowSVMModule(LectureModule):
    """The 2011 row: fixed descriptors, Fisher vectors, a linear support vector machine.

    Its codebook is fitted, without labels, to the first training images when a fit starts. Learning
    rates below 0.5 are stable.
    """

    network = staticmethod(ShallowSVM)
    loss = SquaredHinge

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


class AlexNetModule(LectureModule):
    """AlexNet (2012), trained as in its paper or quickly."""

    network = staticmethod(AlexNet)


class ZFNetModule(LectureModule):
    """ZFNet (2013), trained as in its paper or quickly."""

    network = staticmethod(ZFNet)


class VGG19Module(LectureModule):
    """VGG-19 (2014), trained as in its paper or quickly."""

    network = staticmethod(VGG19)


class GoogLeNetModule(LectureModule):
    """GoogLeNet (2014) with its two auxiliary heads, trained as in its paper or quickly."""

    network = staticmethod(GoogLeNet)
    paper_aux_weight = 0.3  # section 5


class InceptionV2Module(LectureModule):
    """Inception V2 (2015) with its auxiliary head, trained as in its paper or quickly."""

    network = staticmethod(InceptionV2)
    paper_aux_weight = 0.4  # in the released code


class InceptionV3Module(LectureModule):
    """Inception V3: V2's ideas, RMSprop, batch norm in the auxiliary head, and label smoothing.

    It brings `LabelSmoothing` (0.1) to the Trainer itself, unless you pass one.
    """

    network = staticmethod(InceptionV3)
    paper_aux_weight = 0.4  # in the released code

    def own_callbacks(self) -> list[Callback]:
        return [*super().own_callbacks(), LabelSmoothing(0.1)]


class ResNet50Module(LectureModule):
    """ResNet-50 (2015), the answer to the lecture's last question."""

    network = staticmethod(ResNet50)


MODULES: dict[str, type[LectureModule]] = {
    module.__name__: module for module in LectureModule.__subclasses__()
}


def load(path: str | Path) -> Any:
    """The module that wrote a checkpoint or a `save_pretrained` folder, with its weights.

    Raises:
        CheckpointError: the file is no whole checkpoint, or none of this package's.
    """
    is_folder = is_saved_folder(path)
    card = read_card(Path(path)) if is_folder else read_checkpoint(path, map_location="meta")
    writer = card.get("lecture_nets", {}).get("module")
    if writer not in MODULES:
        raise CheckpointError(
            f"{path} was not written by a module of lecture_nets (found: {writer}). "
            f"Known are {', '.join(MODULES)}; load others with their own load_from_checkpoint."
        )
    module = MODULES[writer]
    return module.from_pretrained(path) if is_folder else module.load_from_checkpoint(path)
