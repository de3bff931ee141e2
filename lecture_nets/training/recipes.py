"""How does each network learn? Recipes: plain data, each with its source."""

from dataclasses import dataclass, field, replace
from typing import Any, Literal


@dataclass(frozen=True)
class Recipe:
    """Optimizer, schedule and what else belongs to one way of training.

    Attributes:
        source: where the numbers come from.
        optimizer: ``"sgd"``, ``"adamw"``, or ``"rmsprop_tf"``: RMSprop in TensorFlow's form, with ε
            inside the root and an accumulator that starts at 1 (timm's ``RMSpropTF``).
        lr: learning rate at the start, or at the peak of ``"one_cycle"``.
        options: further arguments of the optimizer.
        schedule: ``"one_cycle"`` rises for a fifth of all steps and falls to nothing at the last;
            ``"plateau"`` multiplies by ``gamma`` when ``val_loss`` has not fallen for ``every``
            epochs; ``"step"`` multiplies by ``gamma`` each ``every`` epochs.
        every: epochs between two changes of the learning rate.
        gamma: factor of a change.
        batch_size: images in a batch.
        epochs: passes over the training images.
        gradient_clip: largest norm of the gradient, or ``None``.
        ema_decay: decay of the running average of the weights that is evaluated, or ``None``.
    """

    source: str
    optimizer: Literal["sgd", "adamw", "rmsprop_tf"]
    lr: float
    options: dict[str, Any] = field(default_factory=dict)
    schedule: Literal["one_cycle", "plateau", "step"] = "one_cycle"
    every: int = 1
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
    every=5,
    batch_size=128,
    epochs=90,
)
INCEPTION_V2 = Recipe(
    source="arXiv 1512.00567, section 8, before RMSprop; weight decay from the released code",
    optimizer="sgd",
    lr=0.045,
    options={"momentum": 0.9, "weight_decay": 4e-5},
    schedule="step",
    every=2,
    gamma=0.94,
    batch_size=32,
    epochs=100,
    gradient_clip=2.0,
    ema_decay=0.9999,
)

RECIPES: dict[str, dict[str, Recipe]] = {
    "ShallowSVM": {
        "paper": Recipe(
            source="a linear SVM by stochastic gradient descent (Perronnin et al., ECCV 2010); "
            "rate and weight decay measured here, since the paper's are for other encodings",
            optimizer="sgd",
            lr=0.3,
            options={"momentum": 0.9, "weight_decay": 1e-4},
            epochs=30,
        ),
    },
    "AlexNet": {"paper": ALEXNET, "quick": QUICK_WITHOUT_NORM},
    "ZFNet": {
        "paper": replace(
            ALEXNET,
            source="arXiv 1311.2901, section 3 (the cap on filter norms is a callback)",
            options={"momentum": 0.9},
            epochs=70,
        ),
        "quick": QUICK_WITHOUT_NORM,
    },
    "VGG19": {
        "paper": replace(ALEXNET, source="arXiv 1409.1556, section 3.1", batch_size=256, epochs=74),
        "quick": QUICK_WITHOUT_NORM,
    },
    "GoogLeNet": {
        "paper": Recipe(
            source="arXiv 1409.4842, section 6; rate, weight decay and batch from the Caffe model, "
            "the decay of the average from Inception V3, since the paper gives none",
            optimizer="sgd",
            lr=0.01,
            options={"momentum": 0.9, "weight_decay": 2e-4},
            schedule="step",
            every=8,
            gamma=0.96,
            batch_size=32,
            epochs=250,
            ema_decay=0.9999,
        ),
        "quick": replace(QUICK, lr=1e-3),
    },
    "InceptionV2": {"paper": INCEPTION_V2, "quick": QUICK},
    "InceptionV3": {
        "paper": replace(
            INCEPTION_V2,
            source="arXiv 1512.00567, section 8; momentum and weight decay from the released code",
            optimizer="rmsprop_tf",
            options={"alpha": 0.9, "eps": 1.0, "momentum": 0.9, "weight_decay": 4e-5},
        ),
        "quick": QUICK,
    },
}
RECIPES["ShallowSVM"]["quick"] = replace(RECIPES["ShallowSVM"]["paper"], epochs=12)
