"""What our directives share: they write Markdown from the package or from its records."""

from abc import abstractmethod
from collections.abc import Iterable, Sequence

from docutils import nodes
from sphinx.util.docutils import SphinxDirective


class Generated(SphinxDirective):
    """A directive that stands for the Markdown it writes."""

    optional_arguments = 0

    @abstractmethod
    def markdown(self) -> str: ...

    def run(self) -> list[nodes.Node]:
        return self.parse_text_to_nodes(self.markdown(), allow_section_headings=True)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; a column of numbers is aligned to the right."""
    rows = [list(row) for row in rows]
    numeric = [
        all(isinstance(row[i], int | float) or row[i] in ("", None) for row in rows)
        for i in range(len(columns))
    ]
    lines = [list(columns), ["---:" if right else "---" for right in numeric], *rows]
    return "\n".join(f"| {' | '.join(map(cell, line))} |" for line in lines)


def in_rst(text: str) -> str:
    """Markdown around text in the language of docstrings."""
    return f"```{{eval-rst}}\n{text}\n```"


def cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return str(value).replace("|", "\\|").replace("\n", " ")
