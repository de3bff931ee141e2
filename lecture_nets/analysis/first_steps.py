"""The first steps of an optimizer with one parameter and given gradients.

    first_steps(partial(torch.optim.RMSprop, lr=1, alpha=0.75, eps=1), [3.0])    # [1.2]
    first_steps(partial(RMSpropTF, lr=1, alpha=0.75, eps=1), [3.0])              # [1.5]

The same, with pictures: `lecture_nets.visualize.optimizers`.
"""

from collections.abc import Callable, Iterable

import torch
from torch import nn
from torch.optim import Optimizer


def first_steps(
    build: Callable[[list[nn.Parameter]], Optimizer], gradients: Iterable[float]
) -> list[float]:
    """One step for each gradient, in float64; positive is against a positive gradient.

    The parameter starts at 0, so weight decay hardly acts.

    Args:
        build: makes the optimizer of a list of parameters.
        gradients: of the one parameter, in order.
    """
    parameter = nn.Parameter(torch.zeros(1, dtype=torch.float64))
    optimizer = build([parameter])
    steps = []
    for gradient in gradients:
        before = parameter.item()
        parameter.grad = torch.full_like(parameter, gradient)
        optimizer.step()
        steps.append(before - parameter.item())
    return steps
