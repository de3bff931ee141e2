"""Trained weights from torchvision's and timm's registries, and from folders of ours."""

import inspect
import json
import socket
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lecture_nets import weights
from lecture_nets.checkpoints import (
    CheckpointError,
    find_fault,
    non_finite_keys,
    read_card_of,
    sha256,
    whole_file,
    write_weights,
)
from lecture_nets.weights import from_timm, from_torchvision, load_weights
from lecture_nets.weights.peers import PEERS

# torchvision normalizes by ImageNet's statistics and these two then map back to -1…1 inside the
# network (`transform_input`); together that is a mean and a deviation of 0.5.
MAPS_BACK = ("googlenet", "inception_v3")
STALLED = 60  # seconds without a byte after which a download has failed
WEIGHTS, CARD = "model.safetensors", "card.json"
# Small networks that come with the package, one folder for each module that has one; written by
# tests/benchmarks/companions.py.
COMPANIONS = Path(weights.__file__).parent / "parts_world"


def from_pretrained(cls: Any, source: str | Path, options: dict[str, Any]) -> Any:
    """See `PortableModule.from_pretrained`."""
    peer, _, tag = str(source).partition("/")
    if is_saved_folder(source):
        return from_folder(cls, Path(source), options)
    if str(source) == COMPANIONS.name and (companion := COMPANIONS / cls.__name__).is_dir():
        return from_folder(cls, companion, options)
    if peer not in PEERS or (tag and peer == "torchvision"):
        raise ValueError(
            f"{cls.__name__}.from_pretrained({str(source)!r}): no folder with a {CARD}, and no "
            f"publisher. {offers(cls)}"
        )
    chosen = [
        (name, needed)
        for name, needed in published(cls, peer).items()
        if tag.partition(".")[0] in ("", name)
        and all(options.get(key, value) == value for key, value in needed.items())
    ]
    if not chosen:
        raise ValueError(f"{peer} has no weights for this {cls.__name__}. {offers(cls)}")
    name, needed = chosen[0]
    read = from_torchvision_registry if peer == "torchvision" else from_timm_registry
    state_dict, facts = read(tag or name)
    module = cls(**{"num_classes": len(facts["class_names"])} | needed | options)
    load = from_torchvision if peer == "torchvision" else from_timm
    load(module.net, state_dict)
    module.data_facts = facts | {"embedded": False}
    return without_foreign_names(module)


def published(cls: Any, peer: str) -> dict[str, dict[str, Any]]:
    """The peer's names of a module's network, each with the options that make it the same."""
    network = getattr(cls, "network", None)
    if network not in PEERS[peer]:
        return {}
    forms = PEERS[peer][network].forms
    decisive = {option for form in forms.values() for option in form}
    return {
        name: {option: cls.all_options(form)[option] for option in decisive}
        for name, form in forms.items()
    }


def offers(cls: Any) -> str:
    """Who publishes weights for a module, and for which options."""
    found = [
        f"{peer!r} ({', '.join(f'{k}={v!r}' for k, v in needed.items()) or 'as it is'})"
        for peer in PEERS
        for needed in published(cls, peer).values()
    ]
    if (COMPANIONS / cls.__name__).is_dir():
        found.append(f"{COMPANIONS.name!r} (small, comes with the package)")
    return f"Published for {cls.__name__}: {', '.join(found) or 'none'}."


def without_foreign_names(module: Any) -> Any:
    """Another number of classes than in the file are other classes: their names do not apply."""
    names = module.data_facts.get("class_names")
    if names and len(names) != module.num_classes:
        del module.data_facts["class_names"]
    return module


# Registries


def from_torchvision_registry(name: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """State dict and facts of torchvision's default weights for one of its networks."""
    from torchvision.models import get_model_weights

    entry: Any = get_model_weights(name).DEFAULT  # pyright: ignore[reportAttributeAccessIssue]
    file = entry.url.rpartition("/")[2]
    path = fetch(entry.url, checkpoints() / file, file.rpartition("-")[2].removesuffix(".pth"))
    steps = entry.transforms()
    half = (0.5, 0.5, 0.5)
    return torch.load(path, map_location="cpu", weights_only=True), {
        "class_names": list(entry.meta["categories"]),
        "image_size": steps.crop_size[0],
        "resize": steps.resize_size[0],
        "interpolation": steps.interpolation.value,
        "mean": list(half if name in MAPS_BACK else steps.mean),
        "std": list(half if name in MAPS_BACK else steps.std),
    }


def from_timm_registry(name: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """State dict and facts of weights of timm; ``name`` may end in a tag: ``vgg19.tv_in1k``."""
    import timm
    from huggingface_hub import get_hf_file_metadata, hf_hub_url, try_to_load_from_cache
    from safetensors.torch import load_file
    from torchvision.models import AlexNet_Weights

    if "." in name and name not in timm.list_pretrained():
        tags = timm.list_pretrained(name.partition(".")[0] + ".*")
        raise ValueError(f"timm has no weights {name!r}. There are: {', '.join(tags) or 'none'}.")
    config: Any = timm.get_pretrained_cfg(name)
    repository = config.hf_hub_id
    url = hf_hub_url(repository, WEIGHTS)
    path = checkpoints() / f"{repository.rpartition('/')[2]}.safetensors"
    cached = try_to_load_from_cache(repository, WEIGHTS)
    if isinstance(cached, str):  # timm itself has downloaded it, to a file named by its SHA-256
        path, name = Path(cached), Path(cached).resolve().name
        fetch(url, path, name if len(name) == 64 else "")
    elif not path.exists():
        try:
            published: Any = get_hf_file_metadata(url)
        except Exception as error:  # of several libraries, by version
            raise not_reached(url, path, error) from error
        fetch(published.location, path, published.etag)
    size = config.input_size[-1]
    return load_file(path), {
        "class_names": list(AlexNet_Weights.DEFAULT.meta["categories"]),  # ImageNet's, in order
        "image_size": size,
        "resize": int(size / config.crop_pct),
        "interpolation": config.interpolation,
        "mean": list(config.mean),
        "std": list(config.std),
    }


def checkpoints() -> Path:
    """The folder in which torch keeps downloaded weights."""
    return Path(torch.hub.get_dir(), "checkpoints")


def fetch(url: str, path: Path, published: str) -> Path:
    """Download a file unless it is there; ``published`` is its SHA-256, or how that starts.

    Raises:
        ConnectionError: no network; says where to put the file yourself.
        CheckpointError: the bytes are not the published ones.
    """
    if not path.exists():
        waits = socket.getdefaulttimeout()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Checked before it gets its name: a bad download leaves nothing behind.
            socket.setdefaulttimeout(STALLED)  # torch.hub itself would wait for ever
            torch.hub.download_url_to_file(url, str(path), hash_prefix=published)
        except OSError as error:
            raise not_reached(url, path, error) from error
        except RuntimeError as error:
            raise CheckpointError(f"{url}: {error}. Try again; nothing was kept.") from error
        finally:
            socket.setdefaulttimeout(waits)
    elif not sha256(path).startswith(published):
        fault = find_fault(path) or "has other bytes"
        raise CheckpointError(
            f"{path} {fault}: its SHA-256 does not start with {published} as published. "
            "Delete it, and it is downloaded again."
        )
    return path


def not_reached(url: str, path: Path, error: Exception) -> ConnectionError:
    return ConnectionError(
        f"{url} cannot be reached ({error}). Without a network, put the file at {path}"
    )


# Folders


def save_pretrained(module: Any, folder: str | Path) -> None:
    """See `PortableModule.save_pretrained`."""
    folder = Path(folder)
    tensors = module.net.state_dict()
    if broken := non_finite_keys(tensors):
        raise ValueError(f"Not saved to {folder}: NaN or infinite values in {', '.join(broken)}.")
    card: dict[str, Any] = {"hyper_parameters": dict(module.hparams)}
    module.on_save_checkpoint(card)
    card["versions"] = {name: version(name) for name in ("lecture-nets", "lightning", "torch")}
    write_weights(folder / WEIGHTS, tensors, card)
    # To be read by people, and by tools that know no safetensors; it is never read back.
    text = json.dumps(card | {"sha256": sha256(folder / WEIGHTS)}, indent=2) + "\n"
    with whole_file(folder / CARD, len(text)) as part:
        part.write_text(text)


def is_saved_folder(source: str | Path) -> bool:
    """Whether `save_pretrained` wrote it."""
    return any(Path(source, name).is_file() for name in (WEIGHTS, CARD))


def read_card(folder: Path) -> dict[str, Any]:
    """The card that `save_pretrained` wrote; the weights are checked against it.

    It lies in the file of the weights; where an older version saved, in `CARD` beside it.

    Raises:
        CheckpointError: no card of ours, no weights, or others than the card names.
    """
    file = folder / WEIGHTS
    if file.is_file() and (inside := read_card_of(file)) is not None:
        return inside
    try:
        card = json.loads((folder / CARD).read_text())
        published = card["sha256"]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise CheckpointError(f"{folder / CARD} is no card of save_pretrained: {error}.") from error
    if not file.is_file() or sha256(file) != published:
        fault = "has changed since it was saved" if file.is_file() else "is missing"
        raise CheckpointError(f"{file} {fault} (SHA-256 {published}). Take another copy.")
    return card


def from_folder(cls: Any, folder: Path, options: dict[str, Any]) -> Any:
    from safetensors.torch import load_file

    card = read_card(folder)
    cls.check_is_mine(card)
    # The shell records how it built the module, too; a subclass may fix what is recorded.
    known = inspect.signature(cls).parameters
    rest = any(option.kind is option.VAR_KEYWORD for option in known.values())
    recorded = {
        key: x
        for key, x in card["hyper_parameters"].items()
        if key in known or (rest and not key.startswith("_"))
    }
    module = cls(**recorded | options)
    module.on_load_checkpoint(card)
    load_weights(module.net, load_file(folder / WEIGHTS), source=str(folder))
    return without_foreign_names(module)
