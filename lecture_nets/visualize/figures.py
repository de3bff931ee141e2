"""The one style of all figures, with alternative text in each.

    picture = Picture("Loss", alt="The loss falls from 2.3 to 0.4 within 20 epochs.")
    (axes,) = picture.axes()
    axes.plot(losses)
    picture                   # the last line of a notebook cell shows it, with alternative text
    picture.save("loss.png")

Nothing here reads a screen or changes matplotlib's settings; pyplot is never imported.
"""

import html
import io
import textwrap
from base64 import b64encode
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

# Okabe and Ito's colors: told apart with any kind of color vision.
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
# In order of use; yellow comes last, as it is hard to see on white.
PALETTE = (BLUE, ORANGE, GREEN, VERMILION, SKY, PURPLE, BLACK, YELLOW)

DPI = 100
CAPTION_LETTERS_PER_INCH = 13


class Picture:
    """A figure of fixed size with a title, a caption and alternative text.

    ``picture.figure`` is the matplotlib figure to draw on.

    Args:
        title: Drawn on top.
        alt: What the picture shows, in words; kept in the PNG ("Description") and in notebooks.
        caption: Drawn below in small print, wrapped; for sources.
        size: Width and height in inches, ``DPI`` pixels each.

    Raises:
        ValueError: ``alt`` is empty.
    """

    def __init__(
        self, title: str, *, alt: str, caption: str = "", size: tuple[float, float] = (12, 6.75)
    ) -> None:
        self.title, self.alt = title, " ".join(alt.split())
        if not self.alt:
            raise ValueError(
                f"Picture {title!r}: the alternative text is empty, so blind readers get nothing; "
                "say in alt=… what the picture shows."
            )
        self.figure = Figure(figsize=size, dpi=DPI, layout="constrained", facecolor="white")
        FigureCanvasAgg(self.figure)
        self.figure.suptitle(title, fontsize=17, fontweight="bold")
        if caption:
            lines = textwrap.fill(caption, int(size[0] * CAPTION_LETTERS_PER_INCH))
            self.figure.supxlabel(lines, fontsize=9, color="dimgray")

    def axes(self, rows: int = 1, columns: int = 1, **options: Any) -> list[Axes]:
        """Plots in the package's style, row by row; ``options`` go to ``Figure.subplots``."""
        plots = self.figure.subplots(rows, columns, squeeze=False, **options).flatten().tolist()
        for axes in plots:
            axes.set_prop_cycle(color=PALETTE)
            axes.spines[["top", "right"]].set_visible(False)
            axes.set_axisbelow(True)
            axes.tick_params(labelsize=11)
            axes.xaxis.label.set_size(12)
            axes.yaxis.label.set_size(12)
        return plots

    @property
    def png(self) -> bytes:
        """The picture as a PNG file."""
        file = io.BytesIO()
        # Not savefig: its size obeys the user's savefig.dpi and savefig.bbox.
        self.figure.canvas.print_png(  # pyright: ignore[reportAttributeAccessIssue]
            file, metadata={"Title": self.title, "Description": self.alt}
        )
        return file.getvalue()

    def save(self, path: str | Path) -> Path:
        """Write the PNG file and return its path."""
        path = Path(path)
        path.write_bytes(self.png)
        return path

    def __repr__(self) -> str:
        return f"Picture({self.title!r}, alt={self.alt!r})"

    def _repr_html_(self) -> str:
        # Not _repr_png_: nbconvert's pages and slides drop the alternative text of such pictures.
        source = b64encode(self.png).decode()
        alt = html.escape(self.alt)
        return f'<img alt="{alt}" style="max-width: 100%" src="data:image/png;base64,{source}">'
