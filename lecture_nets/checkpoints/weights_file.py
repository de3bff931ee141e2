"""Weights and what is said of them in one safetensors file, which is whole or not there."""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lecture_nets.checkpoints.read import CheckpointError
from lecture_nets.checkpoints.write import whole_file

CARD, SUM = "lecture_nets.card", "lecture_nets.sha256"  # in the file's own metadata


def write_weights(path: str | Path, tensors: Mapping[str, Tensor], card: dict[str, Any]) -> None:
    """Write tensors and ``card`` as one safetensors file: at any moment the old one or the new.

    Raises:
        OSError: disk full, file-size limit, no permission; with path, bytes needed and free.
        CheckpointError: the card holds something that is no plain value.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    ready = {name: tensor.detach().contiguous() for name, tensor in tensors.items()}
    try:
        text = json.dumps(card)
    except (TypeError, ValueError) as error:
        raise CheckpointError(
            f"Not saved to {path}: {error}. Cure: give it as a plain value (str, int, float, bool, "
            "list, dict)."
        ) from None
    metadata = {CARD: text, SUM: digest(ready, text)}
    with whole_file(path, sum(tensor.nbytes for tensor in ready.values())) as part:
        try:
            save_file(ready, part, metadata)
        except SafetensorError as error:  # says the system's number in words alone
            number = re.search(r"os error (\d+)", str(error))
            if number is None:
                raise
            raise OSError(int(number[1]), str(error)) from None


def read_card_of(path: str | Path) -> dict[str, Any] | None:
    """The card inside a safetensors file, whose bytes are checked; ``None`` where it has none.

    Raises:
        CheckpointError: the file is damaged, or has changed since it was saved.
    """
    from safetensors import SafetensorError, safe_open
    from safetensors.torch import load_file

    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
        if CARD not in metadata:
            return None
        whole = digest(load_file(path), metadata[CARD]) == metadata.get(SUM)
    except SafetensorError as error:
        raise CheckpointError(f"{path} is damaged ({error}). Take another copy.") from None
    if not whole:
        raise CheckpointError(
            f"{path} has changed since it was saved (its SHA-256 is not the one inside). Take "
            "another copy."
        )
    return json.loads(metadata[CARD])


def digest(tensors: Mapping[str, Tensor], card: str) -> str:
    """SHA-256 of the card and of every tensor's name, type, shape and bytes, in hexadecimal."""
    found = hashlib.sha256(card.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        found.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        plain = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
        found.update(plain.numpy().data)
    return found.hexdigest()
