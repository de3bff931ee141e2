"""Run captum so that networks, images and the user's warnings stay as they were."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from lecture_nets.analysis.capture import out_of_place
from lecture_nets.nets.layers import evaluating


@contextmanager
def captum_on(net: nn.Module) -> Iterator[Any]:
    """Within, ``net`` evaluates, its ReLUs keep their inputs, and gradients are on.

    Yields:
        the module ``captum.attr``.

    Raises:
        ModuleNotFoundError: captum is not installed.
        ValueError: a part of the network has no gradient, as the codebook of `ShallowSVM`.
    """
    with (
        evaluating(net, gradients=True),
        out_of_place(net),  # a hook on a ReLU has to find its input as it was
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")  # it warns that it sets hooks, which it takes off again
        try:
            import captum.attr
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(
                'Saliency maps come from captum, which is not installed: pip install "lecture-nets'
                '[notebooks]".'
            ) from error
        try:
            yield captum.attr
        except RuntimeError as error:
            if "used in the graph" not in str(error):
                raise
            raise ValueError(
                f"{type(net).__name__} lets no gradient through to its input, and all maps are "
                "made of gradients; take a network that is learned from its pixels on."
            ) from error


def leaf(images: Tensor, device: torch.device) -> Tensor:
    """A copy of the images that gradients can arrive at."""
    return images.detach().to(device, copy=True).requires_grad_()


def check_relus(net: nn.Module, method: str) -> None:
    """Rules for ReLUs reach those that are layers, and would do nothing without a word elsewhere.

    Raises:
        ValueError: the network has no `nn.ReLU`.
    """
    if not any(isinstance(layer, nn.ReLU) for layer in net.modules()):
        raise ValueError(
            f"{method}: {type(net).__name__} has no nn.ReLU, whose gradient the method changes; "
            "take a network that has ReLUs as layers, or saliency or grad_cam."
        )
