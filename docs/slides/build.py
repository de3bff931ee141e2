"""Turn the executed notebooks into slides: `python docs/slides/build.py [NOTEBOOK.ipynb ...]`.

Writes build/slides/NAME.LANGUAGE.html for English, Chinese, and both side by side. Each is one file
that needs no network: reveal.js comes from the wheel of sphinx-revealjs, formulas become MathML.
Keys: arrows, C for the code, S for notes, ? for the others.
"""

import copy
import html
import re
import sys
from importlib.resources import files
from pathlib import Path

import jupytext
from latex2mathml.converter import convert
from nbconvert import SlidesExporter
from nbformat import NotebookNode

HERE = Path(__file__).parent
LANGUAGES = {"en": "en", "zh": "zh-Hans", "both": "en"}
STYLES = ("dist/reset.css", "dist/reveal.css")
SCRIPTS = ("dist/reveal.js", "plugin/notes/notes.js")
FORMULA = re.compile(r"(?P<code>`[^`]*`)|\$\$(?P<block>.+?)\$\$|\$(?P<inline>[^$\n]+)\$", re.S)


def in_language(notebook: NotebookNode, language: str) -> NotebookNode:
    """The slides of a notebook in one language, or in both with twins joined into one cell."""
    deck = copy.deepcopy(notebook)
    deck.cells = []
    for cell in copy.deepcopy(notebook.cells):
        tags = cell.metadata.get("tags", [])
        if "lang-zh" in tags:
            # Twins go where the English one goes, and only it says where.
            english = deck.cells.pop()
            words = {"en": [english], "zh": [cell], "both": [english, cell]}[language]
            cell.metadata = english.metadata
            cell.source = joined([each.source for each in words], language)
        deck.cells.append(cell)
    deck.cells = [cell for cell in deck.cells if slide_type(cell) != "skip"]
    for cell in deck.cells:
        if cell.cell_type == "markdown":
            cell.source = FORMULA.sub(mathml, linked(cell.source, language))
    return deck


def slide_type(cell: NotebookNode) -> str:
    return cell.metadata.get("slideshow", {}).get("slide_type", "")


def joined(words: list[str], language: str) -> str:
    """Markdown of one cell; of two, as two columns that say which language they are in."""
    if language != "both":
        return words[0]
    languages = (LANGUAGES["en"], LANGUAGES["zh"])
    columns = [
        f'<div lang="{code}">\n\n{text}\n\n</div>'
        for code, text in zip(languages, words, strict=True)
    ]
    return "\n".join(['<div class="twins">', *columns, "</div>"])


def linked(words: str, language: str) -> str:
    """Links to notebooks lead to their decks."""
    return re.sub(r"\]\((\w+)\.ipynb\)", rf"](\1.{language}.html)", words)


def mathml(found: re.Match) -> str:
    if found["code"]:
        return found["code"]
    if found["block"]:
        return convert(found["block"].strip(), display="block")
    return convert(found["inline"])


def deck(notebook: NotebookNode, language: str) -> str:
    """One HTML page with everything in it."""
    reveal = files("sphinx_revealjs") / "_static" / "revealjs"
    slides = in_language(notebook, language)
    title = re.search(r"^# (.*)", slides.cells[0].source, re.M)
    parts = {
        "language": LANGUAGES[language],
        "title": html.escape(title[1] if title else ""),
        "styles": [(reveal / path).read_text("utf-8") for path in STYLES]
        + [(HERE / "slides.css").read_text("utf-8")],
        "scripts": [(reveal / path).read_text("utf-8") for path in SCRIPTS],
    }
    exporter = SlidesExporter(
        template_name=HERE.name,
        extra_template_basedirs=[str(HERE.parent)],
        exclude_input_prompt=True,
        exclude_output_prompt=True,
    )
    return exporter.from_notebook_node(slides, resources={"deck": parts})[0]


def main(paths: list[Path]) -> None:
    target = HERE.parents[1] / "build" / "slides"
    target.mkdir(parents=True, exist_ok=True)
    for path in paths or sorted((HERE.parents[1] / "notebooks").glob("[0-9]*.ipynb")):
        for language in LANGUAGES:
            file = target / f"{path.stem}.{language}.html"
            file.write_text(deck(jupytext.read(path), language), "utf-8")
        print(f"{target / path.stem}.{{{','.join(LANGUAGES)}}}.html")


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
