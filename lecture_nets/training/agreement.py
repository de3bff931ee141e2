"""Whether a checkpoint and the run that goes on from it agree: what is recorded, what is compared.

A checkpoint keeps its learning rate, momentum and place in the schedule, whatever the module that
resumes was built with; what differs is an error where it cannot work, and one line where it can.
"""

import inspect
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from lightning.pytorch.utilities import rank_zero_warn
from torch.utils.data import DataLoader

# Of the recipe: what the file's optimizer and schedule cannot be continued without, and the rest.
DECISIVE = ("optimizer", "schedule")
# Not in force, or compared by what the loader and the Trainer say.
ELSEWHERE = ("source", "batch_size", "epochs")


def facts_of(module: Any) -> dict[str, Any]:
    """The facts of how ``module`` is trained, in plain values."""
    trainer, recipe = module.trainer, asdict(module.recipe)
    recipe |= {} if module.lr is None else {"lr": module.lr}
    facts: dict[str, Any] = {"recipe": recipe, "devices": trainer.world_size}
    facts["accumulate_grad_batches"] = trainer.accumulate_grad_batches
    if recipe["schedule"] == "one_cycle":
        facts["end of one_cycle"] = [trainer.max_epochs, trainer.max_steps]
    facts["trained tensors"] = sum(
        len(group["params"]) for optimizer in trainer.optimizers for group in optimizer.param_groups
    )
    for callback in trainer.callbacks:
        if type(callback).__module__.startswith("lecture_nets.callbacks."):
            for option in inspect.signature(type(callback)).parameters:
                value = getattr(callback, option, None)
                if isinstance(value, int | float | str):
                    facts[f"{type(callback).__name__}.{option}"] = value
    loader = trainer.train_dataloader
    if isinstance(loader, DataLoader):
        facts["batch_size"] = loader.batch_size
        with suppress(TypeError):  # a stream has no length
            facts["training images"] = len(loader.dataset)  # pyright: ignore[reportArgumentType]
    return facts


def check_recipe(module: Any, before: Mapping[str, Any]) -> None:
    """The optimizer and schedule of a checkpoint can go on in ``module``.

    Raises:
        ValueError: they are of another kind; says both, and the cure.
    """
    recorded, now = before.get("recipe", {}), asdict(module.recipe)
    if any(recorded.get(key, now[key]) != now[key] for key in DECISIVE):
        old, new = ("{optimizer} with {schedule}".format(**recipe) for recipe in (recorded, now))
        name = type(module).__name__
        raise ValueError(
            f"The checkpoint was trained by {old}, and this {name} asks for {new} (recipe "
            f"{module.recipe_name!r}). Cure: build {name} with the recipe of the checkpoint "
            f"({recorded['source']}), or start a new run from its weights: lecture_nets.load(path)."
        )


def check_tensors(before: Mapping[str, Any], tensors: int) -> None:
    """The optimizer of a checkpoint has seen as many tensors as are trained now.

    Raises:
        ValueError: it has not; says both numbers, and the cure.
    """
    if tensors != before.get("trained tensors", tensors):
        raise ValueError(
            f"The checkpoint's optimizer trains {before['trained tensors']} tensors, this run "
            f"{tensors}: layers were frozen or freed in between. Cure: freeze the same layers, or "
            "start a new run from the weights: lecture_nets.load(path)."
        )


def tell_changes(module: Any, before: Mapping[str, Any]) -> None:
    """Warn in one line of all that differs between a checkpoint's run and this one.

    Raises:
        ValueError: the schedule of the checkpoint has ended at a learning rate of 0.
    """
    optimizers = module.trainer.optimizers
    if before and all(not group["lr"] for one in optimizers for group in one.param_groups):
        raise ValueError(
            f"The schedule of the checkpoint ({before['recipe']['schedule']}) has ended at a "
            "learning rate of 0, so nothing more would be learned. Cure: start a new run from the "
            "weights: lecture_nets.load(path)."
        )
    now = facts_of(module)
    old, new = (
        {key: x for key, x in facts.get("recipe", {}).items() if key not in ELSEWHERE}
        | {key: x for key, x in facts.items() if key != "recipe"}
        for facts in (before, now)
    )
    changed = [key for key in old if key in new and old[key] != new[key]]
    if not before or not changed:
        return
    was, asked = (", ".join(f"{key}={facts[key]}" for key in changed) for facts in (old, new))
    rank_zero_warn(
        f"Resuming with other options: the checkpoint has {was}; this run asks for {asked}. The "
        "learning rate and what else optimizer and schedule keep go on as in the checkpoint, a "
        "one-cycle schedule to the end it was planned for; the rest is as this run asks."
    )


def misfit(changed: str) -> ValueError:
    return ValueError(
        f"{changed[0].upper()}{changed[1:]}, so its weights do not fit. Cure: build the module "
        "with the options of the checkpoint; lecture_nets.load(path) does."
    )


def differences(recorded: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Options of a checkpoint's network that are others now, as one clause, or ``""``.

    Example::

        >>> differences({"width": 0.125, "lr": 1.0}, {"width": 0.25, "lr": 2.0})
        'the checkpoint has width=0.125, this module width=0.25'
    """
    changed = [
        key
        for key, value in recorded.items()
        if key in now
        and now[key] != value
        and key not in ("recipe", "lr", "aux_weight")
        and not key.startswith("_")
    ]
    if not changed:
        return ""
    was, has = (", ".join(f"{key}={of[key]!r}" for key in changed) for of in (recorded, now))
    return f"the checkpoint has {was}, this module {has}"
