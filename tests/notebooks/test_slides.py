"""Do the slides work without a network, show what was run, and keep the words of pictures?"""

import re
from functools import cache
from html.parser import HTMLParser
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import jupytext
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

BUILD = Path(__file__).parents[2] / "docs" / "slides" / "build.py"
LANGUAGES = ["en", "zh", "both"]
# What a browser loads by itself; a link that somebody may click is none of it.
LOADED = {"src", "srcset", "poster", "data", "background"}
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@cache
def build():
    spec = spec_from_file_location("slides_build", BUILD)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Page(HTMLParser):
    """What a page loads, its pictures' words, its sections, and its text outside of scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.alts: list[str] = []
        self.sections = self.details = 0
        self.text = self.styles = ""
        self.inside = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        values = {name: value or "" for name, value in attrs}
        self.inside = tag
        self.loaded += [value for name, value in values.items() if name in LOADED]
        self.loaded += [values.get("href", "")] if tag == "link" else []
        self.alts += [values["alt"]] if tag == "img" else []
        self.sections += tag == "section"
        self.details += tag == "details"

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside == "style":
            self.styles += data
        elif self.inside != "script":
            self.text += data


def page(notebook, language: str) -> Page:
    return Page(build().deck(notebook, language))


def code_cells_on_slides(notebook) -> list:
    return [
        cell
        for cell in notebook.cells
        if cell.cell_type == "code"
        and cell.metadata.get("slideshow", {}).get("slide_type") != "skip"
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_deck_loads_nothing_and_keeps_pictures_code_and_verdicts(pair, language, lecture):
    executed = jupytext.read(pair.executed)
    found = page(executed, language)
    assert all(resource.startswith("data:") for resource in found.loaded)
    assert not re.search(r"@import|url\((?!['\"]?data:)", found.styles)
    shown = code_cells_on_slides(executed)
    html = "".join(
        output.get("data", {}).get("text/html", "") for cell in shown for output in cell.outputs
    )
    assert found.alts == Page(html).alts
    assert all(alt.strip() for alt in found.alts)
    assert found.details == len(shown)
    for claim in lecture[pair.name]["claims"]:
        assert re.search(rf"^{claim} (holds|is contradicted)", found.text, re.M)


def sample() -> dict:
    """Slides of every kind, to see the rules one by one."""

    def prose(source: str, language: str, **metadata):
        return new_markdown_cell(source, metadata={"tags": [f"lang-{language}"], **metadata})

    slide = {"slideshow": {"slide_type": "slide"}}
    return new_notebook(
        cells=[
            prose("# One · first", "en", **slide),
            prose("# 一 · 第一", "zh"),
            prose("The root $\\sqrt{v}$ costs `$5`: [next](04_next.ipynb)", "en", **slide),
            prose("根 $\\sqrt{v}$，见[下一节](04_next.ipynb)。", "zh"),
            new_code_cell("hidden = 1", metadata={"slideshow": {"slide_type": "skip"}}),
            new_code_cell("shown = 2"),
            new_code_cell("lines = 3", metadata={"tags": ["show-code"]}),
        ]
    )


@pytest.mark.parametrize(
    ("language", "english", "chinese"), [("en", 1, 0), ("zh", 0, 1), ("both", 1, 1)]
)
def test_a_deck_speaks_the_languages_asked_for(language, english, chinese):
    found = page(sample(), language)
    assert bool(re.search("first", found.text)) == english
    assert bool(CHINESE.search(found.text)) == chinese


@pytest.mark.parametrize("language", LANGUAGES)
def test_twins_share_a_slide_and_skipped_cells_have_none(language):
    found = page(sample(), language)
    assert found.sections == 2 * 2  # each slide is a stack of one
    assert "shown" in found.text
    assert "hidden" not in found.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_formulas_are_set_without_a_network_and_links_lead_to_slides(language):
    html = build().deck(sample(), language)
    assert html.count("<msqrt>") == (2 if language == "both" else 1)
    assert f'href="04_next.{language}.html"' in html


def test_code_is_folded_unless_it_is_what_the_slide_is_about():
    folded = re.findall('<details class="code"( open="")?>', build().deck(sample(), "en"))
    assert folded == ["", ' open=""']


def test_code_with_a_dollar_is_no_formula():
    assert "<code>$5</code>" in build().deck(sample(), "en")


def test_a_resource_of_the_network_would_be_found():
    assert Page('<script src="https://x/y.js"></script>').loaded == ["https://x/y.js"]
    assert Page('<link rel="stylesheet" href="https://x/y.css">').loaded == ["https://x/y.css"]
