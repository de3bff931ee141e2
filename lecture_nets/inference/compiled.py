"""Compile a network before the first image comes, not while it waits."""

import warnings

import torch

from lecture_nets.inference.optimize import optimize
from lecture_nets.nets import Network


def compile(net: Network, image_size: int | None = None, *, batch_size: int = 1) -> Network:
    """`optimize`, then ``torch.compile``, then one run, so that no later one has to wait for it.

    Takes from seconds to minutes. Trunk and head are compiled, the checks of the input are not, so
    wrong images get the same clear words as ever. Another size, or a call outside of
    ``torch.inference_mode()``, compiles once more.

    Args:
        net: the network; it stays as it is.
        image_size: side of the images to come, in pixels; that of the paper if left out.
        batch_size: images at a time.

    Raises:
        TypeError: ``net`` is no network of `lecture_nets.nets`.
        ValueError: images of this size are too small for it.
    """
    # A second that only those wait for who compile.
    from torch._dynamo.exc import BackendCompilerFailed
    from torch._inductor.exc import InvalidCxxCompiler

    fast = optimize(net)
    fast.trunk.compile()
    fast.head.compile()
    weight = next(fast.parameters())
    side = fast.paper_size if image_size is None else image_size
    # Made out here: a tensor of inference mode would not stand for one that comes from outside.
    images = weight.new_zeros(batch_size, fast.in_channels, side, side)
    try:
        with torch.inference_mode():
            fast(images)
    except BackendCompilerFailed as error:
        if not isinstance(error.inner_exception, InvalidCxxCompiler):
            raise
        warnings.warn(
            f"{type(net).__name__} is optimized, but not compiled: torch.compile found no C++ "
            "compiler. Install one (Debian: apt install g++), or name yours in $CXX.",
            stacklevel=2,
        )
        return optimize(net)
    return fast
