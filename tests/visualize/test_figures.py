"""The helper behind every picture: words required, size fixed, nobody's settings changed."""

import io
import subprocess
import sys

import matplotlib
import pytest
from PIL import Image

from lecture_nets.visualize.figures import DPI, PALETTE, Picture


@pytest.mark.parametrize("alt", ["", "  \n"])
def test_a_picture_without_alternative_text_is_refused(alt):
    with pytest.raises(ValueError, match=r"Picture 'Loss'.*empty.*alt="):
        Picture("Loss", alt=alt)


@pytest.mark.parametrize(
    "settings", [{}, {"savefig.bbox": "tight"}, {"savefig.dpi": 30}, {"figure.dpi": 30}]
)
def test_the_size_is_fixed_whatever_the_users_settings(settings):
    with matplotlib.rc_context(settings):
        png = Picture("Loss", alt="A line.", size=(4, 3)).png
    with Image.open(io.BytesIO(png)) as image:
        assert image.size == (4 * DPI, 3 * DPI)


def test_the_file_carries_title_and_alternative_text(tmp_path):
    path = Picture("Loss", alt="From 2 to 1,\n  5×5 in the end.").save(tmp_path / "loss.png")
    with Image.open(path) as image:
        text = dict(image.info)
    assert (text["Title"], text["Description"]) == ("Loss", "From 2 to 1, 5×5 in the end.")


def test_notebooks_get_the_alternative_text_escaped():
    shown = Picture("Loss", alt='1 < 2, "quoted"')._repr_html_()
    assert shown.startswith('<img alt="1 &lt; 2, &quot;quoted&quot;" ')


def test_drawing_leaves_matplotlibs_settings_alone():
    before = dict(matplotlib.rcParams)
    picture = Picture("Loss", alt="A line.", caption="Source.", size=(4, 3))
    for axes in picture.axes(1, 2):
        axes.plot([2, 1])
    assert picture.png
    assert dict(matplotlib.rcParams) == before


def test_plots_come_row_by_row_in_the_packages_colors():
    plots = Picture("Loss", alt="Lines.").axes(2, 3)
    assert [axes.get_subplotspec().num1 for axes in plots] == list(range(6))
    assert [plots[0].plot([n])[0].get_color() for n in range(len(PALETTE))] == list(PALETTE)


def test_drawing_never_loads_pyplot():
    code = (
        "import sys; from lecture_nets.visualize.figures import Picture\n"
        "Picture('Loss', alt='A line.').png; assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
