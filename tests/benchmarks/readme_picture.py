"""Draw the picture at the top of README: ``python tests/benchmarks/readme_picture.py``, seconds.

Every number is counted from the networks themselves.
"""

from pathlib import Path

import torch

from lecture_nets.analysis import cost
from lecture_nets.nets import NETS
from lecture_nets.visualize.figures import BLUE, Picture

PATH = Path(__file__).parents[2] / "docs" / "images" / "readme.png"
# Names that would lie on a neighbor's: their offset and alignment.
RIGHT_ABOVE = ((7, 3), "left", "bottom")
ELSEWHERE = {
    "AlexNet": ((7, -5), "left", "top"),
    "InceptionV3": ((7, -5), "left", "top"),
    "ResNet50": ((0, 13), "right", "bottom"),
}
POINTS_PER_MAC = 1.2e-7  # area in square points: VGG-19 gets the largest disc that still fits


def draw() -> Picture:
    """All networks: depth against parameters, and multiply-adds as the area of discs."""
    sheets = {}
    for net_class in NETS.values():
        with torch.device("meta"):
            sheets[net_class.__name__] = cost(net_class())
    words = "; ".join(
        f"{name} {sheet.depth} and {sheet.parameters / 1e6:.0f} million"
        for name, sheet in sheets.items()
    )
    picture = Picture(
        f"{len(sheets)} networks, counted",
        alt=f"Depth against parameters of {len(sheets)} networks: {words}. VGG19 needs by far the "
        "most multiply-adds.",
        size=(9, 4),
    )
    (axes,) = picture.axes()
    for name, sheet in sheets.items():
        where = (sheet.depth, sheet.parameters / 1e6)
        axes.scatter(*where, s=sheet.macs * POINTS_PER_MAC, color=BLUE, alpha=0.35, linewidths=0)
        axes.scatter(*where, s=12, color=BLUE)
        offset, horizontal, vertical = ELSEWHERE.get(name, RIGHT_ABOVE)
        axes.annotate(
            name,
            where,
            xytext=offset,
            textcoords="offset points",
            ha=horizontal,
            va=vertical,
            fontsize=11,
        )
    axes.set(yscale="log", xlim=(-2, 62), ylim=(4, 320))
    axes.set_yticks([5, 10, 20, 50, 100, 200], ["5", "10", "20", "50", "100", "200"])
    axes.minorticks_off()
    axes.set_xlabel("depth: convolutions and linear layers on the longest path")
    axes.set_ylabel("parameters, millions")
    axes.set_title("area of a disc: multiply-adds for one image", fontsize=10, color="dimgray")
    return picture


if __name__ == "__main__":
    draw().save(PATH)
    print(f"{PATH}: {PATH.stat().st_size:,} bytes")
