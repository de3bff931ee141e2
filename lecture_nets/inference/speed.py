"""Images per second of one network run in several ways, interleaved in one process."""

import inspect
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lecture_nets.inference.compiled import compile
from lecture_nets.inference.export import export, read_onnx
from lecture_nets.inference.optimize import optimize
from lecture_nets.nets import NETS, Network, ShallowSVM
from lecture_nets.weights.peers import PEERS, to_torchvision

PLAIN, OPTIMIZED, TORCHVISION = "plain", "optimized", "torchvision"
COMPILED, ONNXRUNTIME = "compiled", "onnxruntime"
Run = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Speed:
    """The measurements of one network.

    Attributes:
        network: its name in `NETS`, and the options that it was built with.
        image_size: side of the images in pixels.
        batch_size: images at a time.
        seconds: of each way to run it, for each round.
    """

    network: str
    image_size: int
    batch_size: int
    seconds: dict[str, list[float]]

    def images_per_second(self, way: str) -> float:
        return self.batch_size / statistics.median(self.seconds[way])

    def times_as_fast(self, way: str, as_way: str = PLAIN) -> float:
        """The median over rounds, since a busy moment slows both ways of a round."""
        rounds = zip(self.seconds[as_way], self.seconds[way], strict=True)
        return statistics.median(before / now for before, now in rounds)


def speeds(
    names: Iterable[str],
    *,
    image_size: int | None = None,
    batch_size: int = 1,
    rounds: int = 7,
    also: Iterable[str] = (),
) -> Iterator[Speed]:
    """Measure networks of `NETS` on this CPU, full-size and untrained, each form as it is reached.

    Each is run as it is built and as `optimize` makes it; where torchvision has the same network,
    also as torchvision has it, with the same weights. AlexNet and GoogLeNet are there in another
    form than in their papers, so they come twice.

    Args:
        names: of networks.
        image_size: side of the images; the paper's if left out.
        batch_size: images at a time.
        rounds: how often each way is run, behind one run that does not count.
        also: ``"compiled"``, which takes minutes to prepare, and ``"onnxruntime"``.
    """
    for name, options in forms(names):
        net = build(name, options)
        side = net.paper_size if image_size is None else image_size
        images = torch.randn(batch_size, 3, side, side)
        words = [name, *(f"{option}={value}" for option, value in options.items())]
        with tempfile.TemporaryDirectory() as folder:
            runs: dict[str, Run] = {PLAIN: net, OPTIMIZED: optimize(net)}
            if COMPILED in also:
                runs[COMPILED] = compile(net, side, batch_size=batch_size)
            if ONNXRUNTIME in also:
                runs[ONNXRUNTIME] = read_onnx(export(net, Path(folder, "net.onnx"), side).path)
            if peer_form(name) == options:
                runs[TORCHVISION] = peer(name, net)
            yield Speed(" ".join(words), side, batch_size, in_turns(runs, images, rounds))


def forms(names: Iterable[str]) -> list[tuple[str, dict[str, Any]]]:
    """Each network with its options: as its paper has it and, if it is another, as torchvision."""
    listed: list[tuple[str, dict[str, Any]]] = []
    for name in names:
        theirs = peer_form(name)
        listed += [(name, {}), *([(name, theirs)] if theirs else [])]
    return listed


def peer_form(name: str) -> dict[str, Any] | None:
    """The options of ours that make torchvision's network, or None where it has none."""
    peer = PEERS[TORCHVISION].get(NETS[name])
    if peer is None:
        return None
    defaults = inspect.signature(NETS[name]).parameters
    form = next(iter(peer.forms.values()))
    return {option: value for option, value in form.items() if defaults[option].default != value}


def build(name: str, options: dict[str, Any]) -> Network:
    net = NETS[name](**options).eval()
    if isinstance(net, ShallowSVM):
        net.fit_codebook(torch.randn(2, 3, net.paper_size, net.paper_size))
    return net


def peer(name: str, net: Network) -> Run:
    from torchvision import models

    quick = {} if name == "alexnet" else {"init_weights": False}
    theirs = models.get_model(name, **quick)
    theirs.load_state_dict(to_torchvision(net))
    return theirs.eval()


@torch.inference_mode()
def in_turns(runs: dict[str, Run], images: Tensor, rounds: int) -> dict[str, list[float]]:
    """Seconds of every run, way by way in every round, once each has been warmed up."""
    for run in runs.values():
        run(images)
    seconds: dict[str, list[float]] = {way: [] for way in runs}
    for _ in range(rounds):
        for way, run in runs.items():
            start = time.perf_counter()
            run(images)
            seconds[way].append(time.perf_counter() - start)
    return seconds
