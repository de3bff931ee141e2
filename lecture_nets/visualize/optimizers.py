"""Chart of the first steps of optimizers."""

from collections.abc import Mapping, Sequence

from lecture_nets.visualize.figures import Picture


def draw_first_steps(steps: Mapping[str, Sequence[float]], title: str) -> Picture:
    """One line for each optimizer: lengths of its steps, in order, on a logarithmic scale.

    Args:
        steps: by name, at least one, as `first_steps` returns them; all positive.
        title: of the picture.

    Raises:
        ValueError: there are no steps, or some are not positive.
    """
    lengths = [length for each in steps.values() for length in each]
    if min(lengths, default=0) <= 0:
        raise ValueError(
            f"draw_first_steps: found {'a step that is not positive' if lengths else 'no steps'}, "
            "allowed are positive steps of one optimizer or more; the scale is logarithmic."
        )
    words = "; ".join(
        f"{name} from {each[0]:.2g} to {each[-1]:.2g}" for name, each in steps.items()
    )
    longest = max(map(len, steps.values()))
    picture = Picture(title, alt=f"Length of the first {longest} steps: {words}.", size=(10, 5))
    (axes,) = picture.axes()
    for name, each in steps.items():
        axes.plot(range(1, len(each) + 1), each, label=name, linewidth=2)
    axes.set(xlabel="step", ylabel="length of the step", yscale="log")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=11)
    return picture
