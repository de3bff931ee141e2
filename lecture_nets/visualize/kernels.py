"""Drawings of kernels and of the cascades that replace them."""

from collections.abc import Mapping, Sequence

from torch import Tensor

from lecture_nets.analysis.factorization import Size, cascade, written
from lecture_nets.visualize.figures import Picture


def draw_cascades(kernels: Mapping[str, Tensor], sizes: Sequence[Size] = (3, 3)) -> Picture:
    """Each kernel, its best cascade and what is missing, one column per kernel.

    Colors of a column share one scale: blue is negative, white 0, red positive.

    Args:
        kernels: (height, width) by name, at least one.
        sizes: of the small kernels, as for `cascade`.

    Raises:
        ValueError: no kernels, or the sizes do not fit one of them.
    """
    if not kernels:
        raise ValueError("draw_cascades: found no kernels, allowed are one or more; pass some.")
    found = {name: cascade(kernel, sizes) for name, kernel in kernels.items()}
    residuals = ", ".join(f"{name} {each.residual:.1%}" for name, each in found.items())
    picture = Picture(
        "Kernels as cascades of " + " and ".join(map(written, sizes)),
        alt=f"Three rows: kernels, their best cascades, the differences. Missing: {residuals}.",
        size=(max(4, 1.6 * len(kernels)), 6),
    )
    plots = picture.axes(3, len(kernels))
    for column, (name, each) in enumerate(found.items()):
        kernel = kernels[name].detach().cpu().double()
        scale = float(kernel.abs().max()) or 1.0
        shown = (kernel, each.approximation, kernel - each.approximation)
        for axes, values in zip(plots[column :: len(kernels)], shown, strict=True):
            axes.imshow(values.numpy(), cmap="RdBu_r", vmin=-scale, vmax=scale)
            axes.set(xticks=[], yticks=[])
        plots[column].set_title(name.replace(" of ", " of\n"), fontsize=11)
        plots[column + 2 * len(kernels)].set_xlabel(f"{each.residual:.1%}")
    for axes, label in zip(
        plots[:: len(kernels)], ("kernel", "cascade", "difference"), strict=True
    ):
        axes.set_ylabel(label)
    return picture
