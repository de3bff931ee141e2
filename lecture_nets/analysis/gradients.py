"""Norms of the gradient that reaches each layer, from the first to the last.

    for layer in gradient_norms(net, images, labels):
        print(layer.name, layer.gradient, layer.ratio)

Drawn by `lecture_nets.visualize.training_curves.draw_gradients`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lecture_nets.nets.layers import keep_modes


@dataclass(frozen=True)
class LayerGradient:
    """The gradient of one layer's weights.

    Attributes:
        name: of the layer, as in ``net.named_modules()``.
        gradient: Euclidean norm of the gradient of its weights.
        weight: Euclidean norm of its weights.
    """

    name: str
    gradient: float
    weight: float

    @property
    def ratio(self) -> float:
        """Gradient to weight: the relative change by a step of learning rate 1; 0 without weights.

        Unlike the gradient itself, it can be compared between layers of different sizes.
        """
        return self.gradient / self.weight if self.weight else 0.0


def gradient_norms(
    net: nn.Module,
    images: Tensor,
    labels: Tensor,
    criterion: Callable[[Tensor, Tensor], Tensor] = nn.functional.cross_entropy,
) -> tuple[LayerGradient, ...]:
    """Norms as one step of training would find them; ``net`` is left as it was.

    Batch norms use the batch's own statistics and dropout drops, by random numbers that come after
    again. Auxiliary heads are left out.

    Args:
        net: images (N, C, H, W) to logits (N, K).
        images: on the device of ``net``.
        labels: (N,).
        criterion: loss of logits and labels.

    Returns:
        One entry for each convolution and linear layer that the logits depend on, in the order in
        which ``net`` lists them.
    """
    layers = {
        name: layer
        for name, layer in net.named_modules()
        if isinstance(layer, nn.Conv2d | nn.Linear)
    }
    weights = [layer.weight for layer in layers.values()]
    with keep_modes(net), keep_buffers(net), unfrozen(net), torch.random.fork_rng():
        net.train()
        with torch.enable_grad():
            loss = criterion(net(images), labels)
            gradients = torch.autograd.grad(loss, weights, allow_unused=True)
    return tuple(
        LayerGradient(name, norm(gradient), norm(weight))
        for name, weight, gradient in zip(layers, weights, gradients, strict=True)
        if gradient is not None
    )


def norm(values: Tensor) -> float:
    return values.detach().double().norm().item()


@contextmanager
def keep_buffers(net: nn.Module) -> Iterator[None]:
    """Whatever happens inside, running statistics are afterwards as before."""
    before = [(buffer, buffer.clone()) for buffer in net.buffers()]
    try:
        yield
    finally:
        for buffer, values in before:
            buffer.copy_(values)


@contextmanager
def unfrozen(net: nn.Module) -> Iterator[None]:
    """Within, every parameter takes part in gradients; afterwards as before."""
    frozen = [parameter for parameter in net.parameters() if not parameter.requires_grad]
    for parameter in frozen:
        parameter.requires_grad_(True)
    try:
        yield
    finally:
        for parameter in frozen:
            parameter.requires_grad_(False)
