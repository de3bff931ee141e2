"""Recipes: how each network learns, as plain data with its source."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from torch import nn

from lecture_nets.nets import (
    VGG19,
    AlexNet,
    GoogLeNet,
    InceptionV2,
    InceptionV3,
    ResNet50,
    ShallowSVM,
    ZFNet,
)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Optimizer, schedule and what else belongs to one way of training.

    Example::

        AlexNetModule(recipe=Recipe(optimizer="sgd", lr=0.1, schedule="step", step_size=30))

    Attributes:
        source: where the numbers come from.
        optimizer: ``"sgd"``, ``"adamw"``, or ``"rmsprop_tf"``: RMSprop in TensorFlow's form, with ε
            inside the root and an accumulator that starts at 1 (timm's ``RMSpropTF``).
        lr: learning rate at the start, or at the peak of ``"one_cycle"``.
        options: further arguments of the optimizer, such as ``{"weight_decay": 1e-4}``.
        schedule: ``"one_cycle"`` rises for a fifth of all steps and falls to nothing at the last;
            ``"plateau"`` multiplies by ``gamma`` when the loss (``val_loss``, or ``train_loss``
            without validation) has not fallen for more than ``patience`` epochs; ``"step"``
            multiplies by ``gamma`` every ``step_size`` epochs.
        step_size: of ``"step"``, in epochs.
        patience: of ``"plateau"``, in epochs.
        gamma: factor of a change of the learning rate.
        batch_size: images in a batch, of the embedded images.
        epochs: passes over the training images.
        gradient_clip: largest Euclidean norm of the gradient, or ``None``.
        ema_decay: decay per step of the running average of the weights that is evaluated, or
            ``None``.
    """

    source: str = "given by the caller"
    optimizer: Literal["sgd", "adamw", "rmsprop_tf"]
    lr: float
    options: dict[str, Any] = field(default_factory=dict)
    schedule: Literal["one_cycle", "plateau", "step"] = "one_cycle"
    step_size: int = 1
    patience: int = 5
    gamma: float = 0.1
    batch_size: int = 32
    epochs: int = 12
    gradient_clip: float | None = None
    ema_decay: float | None = None


QUICK = Recipe(
    source="measured here, for minutes on two cores: docs/results/training.json",
    optimizer="adamw",
    lr=3e-3,
    options={"weight_decay": 0.05},
    gradient_clip=1.0,
)
# Without batch norm a high rate kills the ReLUs of the large fully connected layers.
QUICK_WITHOUT_NORM = replace(QUICK, lr=5e-4)

ALEXNET = Recipe(
    source="Krizhevsky et al., NIPS 2012, section 5",
    optimizer="sgd",
    lr=0.01,
    options={"momentum": 0.9, "weight_decay": 5e-4},
    schedule="plateau",
    patience=5,
    batch_size=128,
    epochs=90,
)
INCEPTION_V2 = Recipe(
    source="arXiv 1512.00567, section 8, before RMSprop; weight decay from the released code",
    optimizer="sgd",
    lr=0.045,
    options={"momentum": 0.9, "weight_decay": 4e-5},
    schedule="step",
    step_size=2,
    gamma=0.94,
    batch_size=32,
    epochs=100,
    gradient_clip=2.0,
    ema_decay=0.9999,
)

RECIPES: dict[type[nn.Module], dict[str, Recipe]] = {
    ShallowSVM: {
        "paper": Recipe(
            source="a linear SVM by stochastic gradient descent (Perronnin et al., ECCV 2010); "
            "rate and weight decay measured here, since the paper's are for other encodings",
            optimizer="sgd",
            lr=0.3,
            options={"momentum": 0.9, "weight_decay": 1e-4},
            epochs=30,
        ),
    },
    AlexNet: {"paper": ALEXNET, "quick": QUICK_WITHOUT_NORM},
    ZFNet: {
        "paper": replace(
            ALEXNET,
            source="arXiv 1311.2901, section 3 (the cap on filter norms is a callback)",
            options={"momentum": 0.9},
            epochs=70,
        ),
        "quick": QUICK_WITHOUT_NORM,
    },
    VGG19: {
        "paper": replace(ALEXNET, source="arXiv 1409.1556, section 3.1", batch_size=256, epochs=74),
        "quick": QUICK_WITHOUT_NORM,
    },
    GoogLeNet: {
        "paper": Recipe(
            source="arXiv 1409.4842, section 6; rate, weight decay and batch from the Caffe model, "
            "the decay of the average from Inception V3, since the paper gives none",
            optimizer="sgd",
            lr=0.01,
            options={"momentum": 0.9, "weight_decay": 2e-4},
            schedule="step",
            step_size=8,
            gamma=0.96,
            batch_size=32,
            epochs=250,
            ema_decay=0.9999,
        ),
        "quick": replace(QUICK, lr=1e-3),
    },
    InceptionV2: {"paper": INCEPTION_V2, "quick": QUICK},
    InceptionV3: {
        "paper": replace(
            INCEPTION_V2,
            source="arXiv 1512.00567, section 8; momentum and weight decay from the released code",
            optimizer="rmsprop_tf",
            options={"alpha": 0.9, "eps": 1.0, "momentum": 0.9, "weight_decay": 4e-5},
        ),
        "quick": QUICK,
    },
    ResNet50: {
        "paper": replace(
            ALEXNET,
            source="arXiv 1512.03385, section 3.4: 600,000 steps of 256 images are 120 epochs; "
            "the patience is ours, since the paper gives none",
            lr=0.1,
            options={"momentum": 0.9, "weight_decay": 1e-4},
            batch_size=256,
            epochs=120,
        ),
        "quick": QUICK,
    },
}
RECIPES[ShallowSVM]["quick"] = replace(RECIPES[ShallowSVM]["paper"], epochs=12)


def recipes_of(net: nn.Module) -> dict[str, Recipe]:
    """Recipes by name: those of the network's class or an ancestor, and its own ``recipes``.

    A network of which nothing is known has ``"quick"`` alone.
    """
    listed = (RECIPES[kind] for kind in type(net).__mro__ if kind in RECIPES)
    own: Mapping[str, Recipe] = getattr(net, "recipes", {})
    return next(listed, {"quick": QUICK}) | dict(own)
