"""Whether a checkpoint and the run that goes on from it agree: what is recorded, what is compared.

A checkpoint keeps its learning rate, momentum and place in the schedule, whatever the module that
resumes was built with; what differs is an error where it cannot work, and one line where it can.
"""

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
    """How ``module`` is being trained, in plain values."""
    trainer, recipe = module.trainer, asdict(module.recipe)
    recipe |= {} if module.lr is None else {"lr": module.lr}
    facts: dict[str, Any] = {"recipe": recipe, "devices": trainer.world_size}
    facts["accumulate_grad_batches"] = trainer.accumulate_grad_batches
    if recipe["schedule"] == "one_cycle":
        facts["end of one_cycle"] = [trainer.max_epochs, trainer.max_steps]
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


def tell_changes(module: Any, before: Mapping[str, Any]) -> None:
    """Warn in one line of all that differs between a checkpoint's run and this one."""
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
        "learning rate and what else the optimizer keeps go on as in the checkpoint; a one-cycle "
        "schedule jumps to its new course; batches are those of this run."
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
