"""Are both files of a notebook in step, complete, clean, and readable by everyone?"""

import json
import re
from html.parser import HTMLParser

import jupytext
import pytest

from lecture_nets.visualize.figures import Picture

MEGABYTE = 10**6
PICTURES = ("image/png", "image/jpeg", "image/svg+xml")
# Paths of a machine: a folder of the root, or a drive of Windows.
ABSOLUTE = re.compile(r"(?<![\w./<])(/(home|root|work|usr|tmp|opt|var|Users|content)/|[A-Z]:\\)")
# The tags that notebooks, tests and slides agree on; the others are claims.
TAGS = {"lang-en", "lang-zh", "colab", "setup", "show-code", "exercise", "solution", "check"}
NBVAL = {"nbval-skip", "nbval-ignore-output"}
NOT_ON_SLIDES = {"colab", "setup", "exercise", "solution", "check"}


class Images(HTMLParser):
    """The attributes of every <img> of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag == "img":
            self.found.append(dict(attrs))


def test_the_executed_notebook_is_the_text(pair):
    written = jupytext.writes(jupytext.read(pair.executed), "py:percent")
    assert written == pair.text.read_text("utf-8"), "run `make notebooks`"


def test_every_cell_was_run_once_from_top_to_bottom(pair):
    counts = [cell.execution_count for cell in pair.outputs]
    assert counts == list(range(1, len(counts) + 1)), "run `make notebooks`"


def test_no_output_is_a_warning_or_an_error(pair):
    for cell in pair.outputs:
        for output in cell.outputs:
            assert output.output_type != "error", cell.source
            assert output.get("name") != "stderr", cell.source


def test_nothing_that_changes_from_run_to_run_is_stored(pair):
    notebook = json.loads(pair.executed.read_text("utf-8"))
    assert not {"widgets", "language_info"} & notebook["metadata"].keys()
    assert not any("execution" in cell["metadata"] for cell in notebook["cells"])


def test_no_path_of_a_machine_is_shown(pair):
    for cell in pair.outputs:
        for output in cell.outputs:
            shown = output.get("text", "") + "".join(output.get("data", {}).values())
            found = ABSOLUTE.search(re.sub('src="data:[^"]*"', "", shown))
            assert not found, f"{found} in {cell.source}"


@pytest.mark.parametrize("shown", ["at /tmp/x", r"C:\Users", "'/work/x'"])
def test_a_path_of_a_machine_would_be_found(shown):
    assert ABSOLUTE.search(shown)


def test_every_picture_has_words(pair):
    for cell in pair.outputs:
        for output in cell.outputs:
            data = output.get("data", {})
            assert not data.keys() & set(PICTURES), f"not a Picture: {cell.source}"
            images = Images(data.get("text/html", "")).found
            assert all(image.get("alt", "").strip() for image in images), cell.source


def test_a_picture_of_ours_has_words():
    (image,) = Images(Picture("Loss", alt='From "2" to 1.')._repr_html_()).found
    assert image["alt"] == 'From "2" to 1.'


def test_a_notebook_is_below_one_megabyte(pair):
    assert pair.executed.stat().st_size < MEGABYTE


def test_only_the_tags_that_are_agreed_on(pair, lecture):
    allowed = TAGS | NBVAL | lecture[pair.name]["claims"].keys()
    for cell in pair.cells:
        assert set(cell.metadata.tags) <= allowed, cell.source


def test_what_is_for_hands_is_not_projected(pair):
    for cell in pair.cells:
        if NOT_ON_SLIDES & set(cell.metadata.tags) and "lang-zh" not in cell.metadata.tags:
            assert cell.metadata.get("slideshow") == {"slide_type": "skip"}, cell.source


def test_a_notebook_begins_with_title_colab_and_setup(pair):
    kinds = [cell.metadata.tags for cell in pair.cells[:4]]
    assert kinds == [["lang-en"], ["lang-zh"], ["colab", "nbval-skip"], ["setup"]]
    assert "notebook.setup()" in pair.cells[3].source


def test_no_network_and_no_layer_is_defined_in_a_notebook(pair):
    for cell in pair.cells:
        assert cell.cell_type != "code" or not re.search(r"^\s*(class|def) ", cell.source, re.M)


def test_numbers_leave_no_gap_and_follow_the_slides(notebooks, lecture):
    assert list(notebooks) == list(lecture)
    for number, (name, part) in enumerate(lecture.items(), 1):
        assert name.startswith(f"{number:02}_")
        assert part["slide"] == number
