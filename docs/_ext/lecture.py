"""The executed notebooks as pages in two languages.

`notebooks/*.ipynb` are copied to `docs/lecture/` (which git ignores), with English and
Chinese cells joined under one heading. `_static/site.css` shows the language that
`_static/language.js` has set.
"""

import os
import re
import sys
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DOCS = Path(__file__).parents[1]
ROOT = DOCS.parent
# What the site does with cells of ours, in MyST-NB's words.
SHOWN_AS = {"colab": "remove-cell", "solution": "hide-cell"}
WORDS = {
    "en": {"slides": "Slides", "explorer": "In the explorer", "download": "Download the notebook"},
    "zh": {"slides": "幻灯片", "explorer": "在交互式网络结构图中查看", "download": "下载笔记本"},
}
HEADING = re.compile(r"(?P<level>#+) (?P<words>.*)\n*")


def read_toml(path: Path) -> dict:
    return tomllib.loads(path.read_text("utf-8"))


def notebooks() -> list[Path]:
    return sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))


def bring_in_notebooks() -> None:
    """Write `docs/lecture/NAME.ipynb` for each notebook, where it has changed."""
    links = read_toml(DOCS / "lecture" / "links.toml")
    for path in notebooks():
        page = as_page(jupytext.read(path), path.stem, links[path.stem])
        target, text = DOCS / "lecture" / path.name, nbformat.writes(page)
        if not target.exists() or target.read_text("utf-8") != text:
            target.write_text(text, "utf-8")


def as_page(notebook: NotebookNode, name: str, links: list[dict[str, str]]) -> NotebookNode:
    """The notebook with joined languages, a line of links, and a label before each judged claim."""
    cells: list[NotebookNode] = []
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if "lang-zh" in tags:
            cells[-1].source = joined(cells[-1].source, cell.source)
            if len(cells) == 1:
                cells.append(new_markdown_cell(joined(*link_lines(name, links)), id="links"))
            continue
        tags += [SHOWN_AS[tag] for tag in tags if tag in SHOWN_AS]
        for claim in filter(re.compile(r"C\d+").fullmatch, tags):
            cells.append(new_markdown_cell(f"({claim})=", id=claim))
        cells.append(cell)
    notebook.cells = cells
    return notebook


def joined(english: str, chinese: str) -> str:
    """Markdown of two cells as one: a heading in both languages, then each language's words."""
    words = {"en": english, "zh-Hans": chinese}
    headings = {language: HEADING.match(text) for language, text in words.items()}
    parts: list[str] = []
    if (first := headings["en"]) and (second := headings["zh-Hans"]):
        parts.append(f"{first['level']} {bilingual(first['words'], second['words'])}")
        words = {language: text[headings[language].end() :] for language, text in words.items()}
    # docutils makes `lang="en"` of the class `language-en`.
    parts += [
        f":::::{{div}} language-{code}\n{text}\n:::::" for code, text in words.items() if text
    ]
    return "\n\n".join(parts)


def bilingual(english: str, chinese: str) -> str:
    """One line in both languages; a slide's number stands there once."""
    number = re.match(r"(\d+ · )?", english)[0]
    english, chinese = english.removeprefix(number), chinese.removeprefix(number)
    if english == chinese:
        return number + english
    return f"{number}[{english}]{{.language-en}}[ / ]{{.both}}[{chinese}]{{.language-zh-Hans}}"


def link_lines(name: str, links: list[dict[str, str]]) -> list[str]:
    """What belongs to a notebook, in English and in Chinese."""
    lines = []
    for language, words in WORDS.items():
        items = [
            anchor(f"../slides/{name}.{language}.html", words["slides"]),
            *open_elsewhere(name),
            f"{{download}}`{words['download']} <../../notebooks/{name}.ipynb>`",
        ]
        explorer = [
            anchor(f"../explorer/index.html#{link['state']}", link[language]) for link in links
        ]
        stop = ": " if language == "en" else "："
        lines.append(" · ".join(items) + f"\\\n{words['explorer']}{stop}" + " · ".join(explorer))
    return lines


def open_elsewhere(name: str) -> list[str]:
    """Buttons for Colab and Binder, which read notebooks from GitHub: where that is, CI knows."""
    repository = os.environ.get("GITHUB_REPOSITORY")
    if not repository:
        return []
    path = f"notebooks/{name}.ipynb"
    return [
        f"[Colab](https://colab.research.google.com/github/{repository}/blob/main/{path})",
        f"[Binder](https://mybinder.org/v2/gh/{repository}/main?labpath={path})",
    ]


def anchor(address: str, words: str) -> str:
    """A link to a page that Sphinx does not know."""
    return f'<a href="{address}">{words}</a>'
