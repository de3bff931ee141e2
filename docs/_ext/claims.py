"""The lecture's claims, what its notebooks found, and links to where.

```{decks}
```                      a line for each slide: its notebook, its decks
```{claims}
```                      a section for each slide: its claims, their verdicts
"""

import re

import jupytext
from generated import Generated, table
from lecture import ROOT, anchor, bilingual, read_toml
from sphinx.application import Sphinx

SIGNS = {
    "holds": ("✔ holds", "✔ 成立"),
    "holds in part": ("◐ holds in part", "◐ 部分成立"),
    "is contradicted on our data": ("✘ contradicted on our data", "✘ 在我们的数据上不成立"),
    "is not testable here": ("○ not testable here", "○ 在这里无法检验"),
}
VERDICT = re.compile(rf"^(?P<claim>C\d+) (?P<word>{'|'.join(SIGNS)}): (?P<why>.*)$", re.M)


def slides() -> dict[str, dict]:
    return read_toml(ROOT / "notebooks" / "lecture.toml")


def verdicts(name: str) -> dict[str, re.Match]:
    """Claim -> the line that the executed notebook prints on it."""
    notebook = jupytext.read(ROOT / "notebooks" / f"{name}.ipynb")
    printed = "\n".join(
        output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", [])
    )
    return {found["claim"]: found for found in VERDICT.finditer(printed)}


class Decks(Generated):
    def markdown(self) -> str:
        rows = []
        for name, part in slides().items():
            decks = [
                anchor(f"../slides/{name}.{language}.html", words)
                for language, words in (("en", "English"), ("zh", "中文"), ("both", "both"))
            ]
            links = [f"[{title}]({name}.ipynb)" for title in part["title"].values()]
            rows.append([part["slide"], bilingual(*links), " · ".join(decks)])
        columns = [("slide", "编号"), ("notebook", "笔记本"), ("slides", "幻灯片")]
        return table([bilingual(*words) for words in columns], rows)


class Claims(Generated):
    """A section for each slide, with each claim, its verdict and a link to the cell."""

    def markdown(self) -> str:
        lines: list[str] = []
        for name, part in slides().items():
            judged = verdicts(name)
            links = [f"[{title}]({name}.ipynb)" for title in part["title"].values()]
            lines.append(f"## {part['slide']} · {bilingual(*links)}\n")
            for claim, words in part["claims"].items():
                found = judged[claim]
                cell = [
                    f"{{ref}}`{text} <{claim}>`"
                    for text in (f"See the cell of {claim}", f"查看 {claim} 的单元格")
                ]
                lines.append(
                    f"**{claim}** {bilingual(*(f'“{text}”' for text in words.values()))}\\\n"
                    f"{bilingual(*SIGNS[found['word']])}: {escaped(found['why'])}. "
                    f"{bilingual(*cell)}\n"
                )
        return "\n".join(lines)


def escaped(words: str) -> str:
    return re.sub(r"([*_`$<>\[\]])", r"\\\1", words)


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("decks", Decks)
    app.add_directive("claims", Claims)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
