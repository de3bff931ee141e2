"""Export of a network as one file that needs nothing of this package."""

import copy
import importlib.util
import json
import os
import tempfile
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram

from lecture_nets.inference.optimize import optimize
from lecture_nets.nets import Network

INPUT, OUTPUT, FACTS = "images", "logits", "facts.json"
CHECKED_BATCHES = (1, 2, 5)
TOLERANCE = 1e-3  # of the largest logit
Scorer = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Exported:
    """A file that was written, read again, and gave the logits of its network.

    Attributes:
        path: the file.
        facts: what it says about itself: network, classes, how pictures are prepared, version.
        difference: the largest between its logits and the network's, as a share of the largest
            logit.
    """

    path: Path
    facts: dict[str, Any]
    difference: float


def export(net: nn.Module, path: str | Path, image_size: int | None = None) -> Exported:
    """Write ``.onnx`` (ONNX) or ``.pt2`` (``torch.export``), whole or not at all.

    The file takes ``images``, normalized ``float32`` (N, channels, size, size) for any N, and gives
    ``logits`` (N, num_classes). It holds what `optimize` makes of the network, and `Exported.facts`
    as metadata. Before it gets its name it is read again and compared with the network on batches
    of 1, 2 and 5 random images.

    Args:
        net: a network of `lecture_nets.nets`, or a module of `lecture_nets.training`, which also
            knows its classes and how pictures are prepared. It stays as it is.
        path: where to; a file of that name is replaced.
        image_size: side of the images in pixels; if left out, that of the training or the paper.

    Raises:
        ValueError: another ending; or images of this size are too small.
        TypeError: there is no network of this package in ``net``.
        OSError: the folder is missing, or cannot be written.
        ModuleNotFoundError: the extra ``export`` is not installed, which ``.onnx`` needs.
        RuntimeError: a `ShallowSVM` without a codebook; or the file gave other logits.
    """
    path = Path(path)
    write, read = find_format(path)
    network: Any = copy.deepcopy(getattr(net, "net", net)).eval().cpu().float()
    fast = optimize(network)
    learned = getattr(net, "data_facts", {})
    side = image_size or learned.get("image_size") or fast.paper_size
    facts = {
        "lecture_nets": version("lecture-nets"),
        "network": type(fast).__name__,
        "in_channels": fast.in_channels,
        "num_classes": fast.num_classes,
        "image_size": side,
        **what_to_show(learned),
    }
    # Logits come first: a network without a codebook, or images too small, are told of here.
    batches = [
        torch.randn(n, fast.in_channels, side, side, generator=torch.Generator().manual_seed(n))
        for n in CHECKED_BATCHES
    ]
    with torch.no_grad():
        expected = [network(images) for images in batches]
        program = trace(fast, side)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-") as folder:
        part = Path(folder, path.name)
        write(program, part, facts)
        logit = read(part)
        differences = [
            ((logit(images) - logits).abs().max() / logits.abs().max()).item()
            for images, logits in zip(batches, expected, strict=True)
        ]
        if not max(differences) <= TOLERANCE:
            raise RuntimeError(
                f"export: {path} was not written: its logits differ from those of "
                f"{facts['network']} by {max(differences):.1e} of the largest, at most "
                f"{TOLERANCE:.0e} is allowed. Please report it, with the versions of torch and "
                "onnxruntime."
            )
        os.replace(part, path)
    return Exported(path, facts, max(differences))


def what_to_show(learned: dict[str, Any]) -> dict[str, Any]:
    """Class names, mean and std where they are known, and how a picture becomes a square.

    ``crop_pct`` is timm's name for the share of the short side that is kept, in the middle.
    """
    facts = {key: learned[key] for key in ("class_names", "mean", "std") if key in learned}
    if "mean" in facts:
        from lecture_nets.data.transforms import MARGIN  # brings Lightning, as any module has

        resized = learned.get("resize")
        facts["crop_pct"] = learned["image_size"] / resized if resized else 1 / MARGIN
        facts["interpolation"] = learned.get("interpolation", "bilinear")
    return facts


def find_format(path: Path) -> tuple[Callable[..., None], Callable[[Path], Scorer]]:
    """The format of a file of this name, by its suffix; an unknown suffix raises."""
    if path.suffix not in FORMATS:
        raise ValueError(
            f"export: {path} ends in {path.suffix!r}; allowed are {', '.join(FORMATS)}. "
            "Choose the suffix of the program that reads it."
        )
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"export: there is no folder {path.parent}. Create it: mkdir -p {path.parent}"
        )
    if path.is_dir():
        raise IsADirectoryError(f"export: {path} is a folder. Name a file.")
    needs, write, read = FORMATS[path.suffix]
    missing = [name for name in needs if importlib.util.find_spec(name) is None]
    if missing:
        raise ModuleNotFoundError(
            f"export: {path.suffix} needs {', '.join(missing)}, not installed here. "
            'pip install "lecture-nets[export]"'
        )
    return write, read


def trace(net: Network, image_size: int) -> ExportedProgram:
    """The graph of trunk and head for any number of images; what checks the input stays behind."""
    bare = nn.Sequential(OrderedDict(trunk=net.trunk, head=net.head)).eval()
    # torch.export.save warns of any other layout; images in channels-last are as fast.
    bare.to(memory_format=torch.contiguous_format)  # pyright: ignore[reportCallIssue]
    # Two images, since of one PyTorch would believe that it is always one.
    images = next(net.parameters()).new_zeros(2, net.in_channels, image_size, image_size)
    program = torch.export.export(bare, (images,), dynamic_shapes=({0: Dim("batch")},))
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)  # it names folders of this machine
    return program


def write_onnx(program: ExportedProgram, path: Path, facts: dict[str, Any]) -> None:
    written = torch.onnx.export(
        program,
        dynamo=True,
        input_names=[INPUT],
        output_names=[OUTPUT],
        dynamic_shapes=({0: "batch"},),
        verbose=False,
    )
    assert written is not None
    written.model.metadata_props.update({key: json.dumps(fact) for key, fact in facts.items()})
    written.save(path)


def read_onnx(path: Path) -> Scorer:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda images: torch.from_numpy(session.run([OUTPUT], {INPUT: images.numpy()})[0])


def write_pt2(program: ExportedProgram, path: Path, facts: dict[str, Any]) -> None:
    torch.export.save(program, path, extra_files={FACTS: json.dumps(facts)})


def read_pt2(path: Path) -> Scorer:
    return torch.export.load(path).module()


# Ending: what it needs, how it is written, how it is read.
FORMATS = {
    ".onnx": (("onnx", "onnxscript", "onnxruntime"), write_onnx, read_onnx),
    ".pt2": ((), write_pt2, read_pt2),
}
