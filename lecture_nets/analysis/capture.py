"""Names of layers, and their activations captured while the network runs.

    with capture(net, ["conv_1", "conv_5"]) as captured:
        net(images)
    captured["conv_5"]           # (N, 256, 13, 13)

A layer of ours is named as in the paper's table: ``"conv_3"``, ``"inception_4a"``, ``"fc_7"``. In
any other network, and deeper inside ours, it is named as in ``net.named_modules()``:
``"features.6"``.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn

from lecture_nets.names import unknown
from lecture_nets.nets.network import Network


def find_layer(net: nn.Module, name: str) -> nn.Module:
    """The layer called ``name``: a row of the trunk or the head, or any module by its path.

    Raises:
        ValueError: there is no such layer; lists those there are.
    """
    layers = dict(net.named_modules())
    rows = ("trunk.", "head.") if isinstance(net, Network) else ()
    for prefix in (*rows, ""):
        if name and prefix + name in layers:
            return layers[prefix + name]
    known = [path.removeprefix("trunk.").removeprefix("head.") for path in layers if path]
    if rows:
        known = [path for path in known if path.count(".") == 0 and path not in ("trunk", "head")]
    raise ValueError(f"{type(net).__name__}: {unknown('layer', name, known)}")


@contextmanager
def out_of_place(net: nn.Module) -> Iterator[None]:
    """Within, no layer overwrites its input, as ReLUs do to save memory; afterwards as before."""
    overwriting: list[Any] = [x for x in net.modules() if getattr(x, "inplace", False) is True]
    for layer in overwriting:
        layer.inplace = False
    try:
        yield
    finally:
        for layer in overwriting:
            layer.inplace = True


@contextmanager
def capture(net: nn.Module, names: Iterable[str]) -> Iterator[dict[str, Tensor]]:
    """Within, each run of ``net`` leaves here the outputs of the layers, gradients and all.

    Args:
        net: any network.
        names: of layers, as `find_layer` takes them.

    Raises:
        ValueError: there is no such layer.
    """
    layers = {name: find_layer(net, name) for name in names}
    captured: dict[str, Tensor] = {}

    def keep(name: str):
        return lambda layer, inputs, output: captured.__setitem__(name, output)

    hooks = [layer.register_forward_hook(keep(name)) for name, layer in layers.items()]
    try:
        with out_of_place(net):
            yield captured
    finally:
        for hook in hooks:
            hook.remove()


def as_maps(output: Any, layer: str) -> Tensor:
    """The output of ``layer`` as maps (N, C, H, W); a vector (N, C) becomes maps of one cell.

    Raises:
        ValueError: its output is something else.
    """
    if isinstance(output, Tensor) and output.ndim == 4:
        return output
    if isinstance(output, Tensor) and output.ndim == 2:
        return output[:, :, None, None]
    found = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
    raise ValueError(
        f"layer {layer!r} outputs {found}; allowed are maps (N, C, H, W) and vectors (N, C); "
        "name another layer."
    )


def device_of(net: nn.Module) -> torch.device:
    """The device of the weights; the CPU for a network that has none."""
    return next(chain(net.parameters(), net.buffers()), torch.empty(0)).device
