"""Weights under our names get into a network: all of them, or none."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from lecture_nets.checkpoints import non_finite_keys
from lecture_nets.nets import Network

Mismatch = tuple[str, tuple[int, ...], tuple[int, ...]]
COUNTER = ".num_batches_tracked"  # read by norms without momentum only, and ours all have one


@dataclass(frozen=True)
class Report:
    """A report on each entry. Names are ours, where an entry has one.

    Attributes:
        matched: loaded.
        missing: heads that the file lacks; they keep their start.
        unexpected: auxiliary heads of the file that the network lacks; left out.
        mismatched: last layers of another number of classes, which keep their start: name, shape
            in the file, shape in the network.
    """

    matched: tuple[str, ...]
    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    mismatched: tuple[Mismatch, ...] = ()

    def __str__(self) -> str:
        text = f"{len(self.matched)} entries loaded."
        if self.mismatched:
            classes = "another number of classes"
            text += f" Kept their start, {classes}: {listed(map(describe, self.mismatched))}."
        if self.missing:
            text += f" Kept their start, heads that the file lacks: {listed(self.missing)}."
        if self.unexpected:
            text += f" Left out, auxiliary heads that the network lacks: {listed(self.unexpected)}."
        return text


def load_weights(
    net: Network,
    tensors: Mapping[str, Tensor],
    *,
    source: str,
    unexpected: Sequence[str] = (),
) -> Report:
    """Copy ``tensors``, under the names of ``net``, into it: every one, or none.

    Three things may differ, and are reported and logged in a line: whole auxiliary heads that only
    one of the two has, and the last layers where the number of classes is another. The counters
    ``num_batches_tracked``, which old files lack, may be missing. Values take on the network's
    dtype. A fully connected layer fits the convolution that covers its whole map, and vice versa.

    Args:
        net: the network; its parameters and buffers are written to.
        tensors: our state-dict key -> values.
        source: whose weights these are, for the messages.
        unexpected: further names of the file that have none here.

    Raises:
        ValueError: if anything else is missing, unexpected or of another shape, or any value is
            NaN or infinite. The network stays as it was.
    """
    network = type(net).__name__
    wanted = net.state_dict()
    if any(value.is_meta for value in wanted.values()):
        raise ValueError(
            f"{network} is on the meta device and has no values to replace: "
            "build it outside of torch.device('meta')."
        )
    if broken := non_finite_keys(tensors):
        raise ValueError(
            f"Weights from {source} hold NaN or infinite values in {listed(broken)}. "
            f"{network} stays as it was; take an earlier or a fresh copy of the file."
        )

    fitting = {
        key: x.reshape(wanted[key].shape) if same_layer(x, wanted[key]) else x
        for key, x in tensors.items()
        if key in wanted
    }
    mismatched = [
        (key, tuple(x.shape), tuple(wanted[key].shape))
        for key, x in fitting.items()
        if x.shape != wanted[key].shape
    ]
    matched = {key: x for key, x in fitting.items() if x.shape == wanted[key].shape}
    missing = [key for key in wanted if key not in tensors and not key.endswith(COUNTER)]
    extra = [key for key in tensors if key not in wanted]

    classifiers = last_layers(net)
    faults = {
        "missing": [key for key in missing if not aux_head_absent(key, tensors)],
        "unexpected": [key for key in extra if not aux_head_absent(key, wanted)] + [*unexpected],
        "of another shape": [
            describe((key, found, here))
            for key, found, here in mismatched
            if key.rpartition(".")[0] not in classifiers or found[1:] != here[1:]
        ],
    }
    if any(faults.values()):
        found = "; ".join(f"{kind}: {listed(names)}" for kind, names in faults.items() if names)
        cure = "Build it with the file's variant, width and in_channels."
        if len(fitting) < len(wanted) / 2:
            known = f"it has {len(fitting)} of the {len(wanted)} names"
            cure = f"The file looks like another network's: {known}."
        raise ValueError(
            f"Weights from {source} do not fit {network}, which stays as it was ({found}). {cure}"
        )

    net.load_state_dict(matched, strict=False)
    report = Report(tuple(matched), tuple(missing), tuple(extra), tuple(mismatched))
    if missing or extra or mismatched:
        from lightning.pytorch.utilities import rank_zero_info  # takes seconds to import

        rank_zero_info(f"{network} from {source}: {report}")
    return report


def same_layer(x: Tensor, wanted: Tensor) -> bool:
    """Whether one is fully connected and the other the convolution over its whole map.

    Equal sizes alone do not make them so: a 1x7 kernel is no 7x1 kernel.
    """
    return {x.ndim, wanted.ndim} == {2, 4} and x.flatten(1).shape == wanted.flatten(1).shape


def last_layers(net: Network) -> set[str]:
    """The names of the layers with a row for each class: in the head and in all auxiliary heads."""
    heads = {"head": net.head} | {f"aux_heads.{row}": head for row, head in net.aux_heads.items()}
    last = set()
    for prefix, head in heads.items():
        linear = [name for name, layer in head.named_modules(prefix=prefix) if is_linear(layer)]
        last.update(linear[-1:])
    return last


def is_linear(layer: nn.Module) -> bool:
    return isinstance(layer, nn.Linear)


def aux_head_absent(key: str, entries: Mapping[str, Tensor]) -> bool:
    """Whether ``key`` belongs to an auxiliary head of which ``entries`` have nothing at all."""
    part, row, *_ = key.split(".")
    return part == "aux_heads" and not any(k.startswith(f"aux_heads.{row}.") for k in entries)


def describe(mismatch: Mismatch) -> str:
    name, *shapes = mismatch
    found, here = ("x".join(map(str, shape)) or "one number" for shape in shapes)
    return f"{name} ({found} in the file, {here} here)"


def listed(names: Iterable[str]) -> str:
    """The first few names, and how many there are in all."""
    names = list(names)
    shown = ", ".join(names[:4])
    return shown if len(names) <= 4 else f"{shown}, … ({len(names)} in all)"
