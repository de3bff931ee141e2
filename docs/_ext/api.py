"""The public names of a module.

```{public} lecture_nets.nets
```                               every public name, documented
```{names}
```                               the top-level names, each a link to where it is documented
"""

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from docutils import nodes
from generated import Generated, in_rst
from sphinx.application import Sphinx

import lecture_nets


def public(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """Name and object of what a package offers, or of what a plain module defines."""
    is_package = hasattr(module, "__path__")
    for name in getattr(module, "__all__", None) or list(vars(module)):
        value = getattr(module, name)
        home = getattr(value, "__module__", module.__name__ if name.isupper() else "")
        ours = home.startswith("lecture_nets.") if is_package else home == module.__name__
        if ours and not name.startswith("_"):
            yield name, value


class Public(Generated):
    required_arguments = 1

    def markdown(self) -> str:
        module = import_module(self.arguments[0])
        lines = [
            f".. py:module:: {module.__name__}",
            "",
            *inspect.cleandoc(module.__doc__).split("\n"),
            "",
        ]
        for name, value in public(module):
            path = f"{module.__name__}.{name}"
            if inspect.isclass(value):
                lines += [f".. autoclass:: {path}", "   :members:", "   :show-inheritance:", ""]
            elif inspect.isfunction(value):
                lines += [f".. autofunction:: {path}", ""]
            elif isinstance(value, dict):
                keys = ", ".join(f"``{key}``" for key in value)
                lines += [f".. py:data:: {path}", "", f"   By name: {keys}.", ""]
        return in_rst("\n".join(lines))


def top_level() -> list[tuple[str, str]]:
    """Home and name of what may be imported from `lecture_nets`, as its stub lists it."""
    stub = Path(lecture_nets.__file__).with_suffix(".pyi").read_text("utf-8")
    return re.findall(r"^from \.([\w.]+) import (\w+)", stub, re.MULTILINE)


class Names(Generated):
    def markdown(self) -> str:
        return ", ".join(
            f"{{py:obj}}`{name} <lecture_nets.{home}.{name}>`" for home, name in top_level()
        )


def with_colons(_app: Sphinx, doctree: nodes.document, _name: str) -> None:
    """Write "width: scales …", where Sphinx puts two hyphens between an argument and its words."""
    for text in list(doctree.findall(nodes.Text)):
        if text == " -- ":
            text.parent.replace(text, nodes.Text(": "))


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("public", Public)
    app.add_directive("names", Names)
    app.connect("doctree-resolved", with_colons)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
