"""Giving a module back the structure that its weights were trained in."""

from collections.abc import Iterable, Mapping
from typing import Any

from torch import Tensor

from lecture_nets.callbacks.auxiliary_batch_norm import AuxiliaryBatchNorm
from lecture_nets.callbacks.batch_normalize import BatchNormalize
from lecture_nets.callbacks.norms import norm_key
from lecture_nets.callbacks.structure import StructureCallback, copies_of

KNOWN: dict[str, type[StructureCallback]] = {
    callback.__name__: callback for callback in (AuxiliaryBatchNorm, BatchNormalize)
}


def replay(module: Any, alterations: Iterable[str]) -> None:
    """Apply what a checkpoint records to ``module``, and to the copies that callbacks hold of it.

    Lightning loads a checkpoint after EMA and SWA have copied the module.

    Raises:
        ValueError: a callback of this name is neither known nor has it been applied.
    """
    trainer = module._trainer  # `module.trainer` raises where there is none
    callbacks = trainer.callbacks if trainer is not None else []
    for name in alterations:
        if name in module.alterations:
            continue
        if name not in KNOWN:
            raise ValueError(
                f"The checkpoint of this {type(module).__name__} was altered by {name}, which "
                f"lecture_nets does not have. Call {name}().apply(module), then load its weights "
                f"by load_state_dict, or pass {name} to the Trainer."
            )
        KNOWN[name]().apply(module)
        for callback in callbacks:
            for copy in copies_of(module, callback):
                KNOWN[name].alter(copy)


def follow(module: Any, state_dict: Mapping[str, Tensor]) -> None:
    """Apply what the weights to be loaded went through, as their keys tell.

    After ``strategy="ddp_spawn"`` or ``"ddp_notebook"``, the worker's weights are loaded into a
    module that no callback has seen, with ``strict=False``: half of them would go missing silently.
    """
    for callback in KNOWN.values():
        try:
            names = callback.find(module)
        except TypeError:  # no such layers in this network
            continue
        if names and all(f"{norm_key(module, name)}.weight" in state_dict for name in names):
            callback().apply(module)
