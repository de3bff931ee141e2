"""Measured records as tables, whatever they hold, with nothing typed.

```{records}
```                      every file of docs/results, each in its own section
```{records} ladder
```                      one file
```{records} ladder rungs
```                      one entry of it
"""

import json
from typing import Any

from generated import Generated, table
from lecture import DOCS
from sphinx.application import Sphinx

FOLDED_FROM = 16  # rows; a longer table opens on demand


class Records(Generated):
    optional_arguments = 2

    def markdown(self) -> str:
        if self.arguments:
            path = DOCS / "results" / f"{self.arguments[0]}.json"
            self.env.note_dependency(path)
            record = json.loads(path.read_text("utf-8"))
            for entry in self.arguments[1:]:
                record = record[entry]
            return "\n\n".join(shown(record, level=3))
        parts: list[str] = []
        for path in sorted((DOCS / "results").glob("*.json")):
            self.env.note_dependency(path)
            parts += [f"## {path.stem}", f"{{download}}`{path.name} <results/{path.name}>`"]
            parts += shown(json.loads(path.read_text("utf-8")), level=3)
        return "\n\n".join(parts)


def shown(record: dict[str, Any], level: int) -> list[str]:
    """Markdown of one object: its plain values, then a table or a section for each of the rest."""
    plain = {key: value for key, value in record.items() if is_plain(value)}
    rest = {key: value for key, value in record.items() if key not in plain}
    parts = plain_values(plain)
    if rest and all(is_row(value) for value in rest.values()):
        return [*parts, rows_table([{"entry": key, **value} for key, value in rest.items()])]
    for key, value in rest.items():
        parts.append(f"{'#' * level} {key}" if level <= 4 else f"**{key}**")
        if isinstance(value, dict):
            parts += shown(value, level + 1)
        elif all(is_row(each) for each in value):
            parts.append(rows_table(value))
        else:
            for number, each in enumerate(value, start=1):
                parts += shown(each if isinstance(each, dict) else {str(number): each}, level + 1)
    return parts


def plain_values(values: dict[str, Any]) -> list[str]:
    """Sentences (a command, a machine, a setting) as lines, numbers as a table."""
    words = {key: value for key, value in values.items() if isinstance(value, str)}
    numbers = [[key, in_words(value)] for key, value in values.items() if key not in words]
    lines = [
        f"**{key}**: {f'`{text}`' if key == 'command' else text}" for key, text in words.items()
    ]
    return [
        *lines,
        *([folded(table(["entry", "value"], numbers), len(numbers))] if numbers else []),
    ]


def rows_table(rows: list[dict[str, Any]]) -> str:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    cells = [[in_words(row.get(column)) for column in columns] for row in rows]
    return folded(table(columns, cells), len(rows))


def folded(text: str, rows: int) -> str:
    return text if rows < FOLDED_FROM else f":::{{dropdown}} {rows} rows\n{text}\n:::"


def is_row(value: Any) -> bool:
    return isinstance(value, dict) and all(map(is_plain, value.values()))


def is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return not any(isinstance(each, dict | list) for each in value)
    return not isinstance(value, dict) or is_interval(value)


def is_interval(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"mean", "half"}


def in_words(value: Any) -> Any:
    if isinstance(value, list):
        return ", ".join(str(in_words(each)) for each in value)
    return f"{value['mean']} ± {value['half']}" if is_interval(value) else value


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("records", Records)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
