"""How does each network learn? Recipes: plain data, each with its source."""

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Recipe:
    """Optimiser, schedule and what else belongs to a published way of training.

    Attributes:
        source: where the numbers come from.
        optimizer: ``"sgd"``, ``"adamw"``, or ``"rmsprop_tf"``: RMSprop in TensorFlow's form, with ε
            inside the root and an accumulator that starts at 1 (timm's ``RMSpropTF``).
        lr: learning rate at the start, or at the peak of ``"one_cycle"``.
        options: further arguments of the optimiser.
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
    source="measured here, docs/results/quick_recipe.json",
    optimizer="adamw",
    lr=3e-3,
    options={"weight_decay": 0.05},
    gradient_clip=1.0,
)
