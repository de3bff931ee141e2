"""What the pages of the networks say that can be counted or looked up.

```{overview}              all networks, a line each, and their pages in the menu
```{counted} alexnet       size, cost, explorer; the paper's table beside ours
```{differences} alexnet   the content says where ours differs; what its file says first
```{use} alexnet           options, variants, weights, how to train it (the content), its paper

What is said of a network is `docs/networks/<name>.toml`: read here for its page, written to the
explorer as `about.js`, and compared with README by a test.
"""

import dataclasses
import inspect
import json
import sys
from pathlib import Path
from typing import Any

from generated import Generated, in_rst, table
from lecture import DOCS, ROOT, anchor, read_toml
from sphinx.application import Sphinx
from torch import nn

from lecture_nets.analysis.outline import Fork, in_words, lane_through
from lecture_nets.cli.table import asked_for, count
from lecture_nets.nets import NETS
from lecture_nets.training import MODULES, RECIPES
from lecture_nets.training.pretrained import offers


def said_of(network: str) -> dict[str, Any]:
    """What is said of a network, in no other place."""
    return read_toml(DOCS / "networks" / f"{network}.toml")


class OfNetwork(Generated):
    """A directive about one network, named as in `NETS`."""

    required_arguments = 1
    optional_arguments = 0

    @property
    def network(self) -> str:
        return self.arguments[0]

    @property
    def class_name(self) -> str:
        return NETS[self.network].__name__


class Overview(Generated):
    def markdown(self) -> str:
        entries = [count(name, {}, None) for name in NETS]
        pages = "\n".join(NETS)
        return f"```{{toctree}}\n:hidden:\n\n{pages}\n```\n\n" + table(
            ["network", "images, px", "parameters", "multiply-adds", "depth", "smallest image, px"],
            [
                [
                    f"[{type(entry.net).__name__}]({entry.name}.md)",
                    entry.image_size,
                    entry.cost.parameters,
                    entry.cost.macs,
                    entry.cost.depth,
                    entry.net.min_size,
                ]
                for entry in entries
            ],
        )


class Counted(OfNetwork):
    def markdown(self) -> str:
        # Sections all through: MyST attaches them to the page, ahead of text without one.
        return f"## In numbers\n\n{self.facts()}\n\n## The paper's table, and ours\n\n{self.rows()}"

    def facts(self) -> str:
        entry = count(self.network, {}, None)
        cost, size = entry.cost, entry.image_size
        rows = [
            ["images in the paper", f"{size} × {size} pixels"],
            ["smallest images", f"{entry.net.min_size} × {entry.net.min_size} pixels"],
            ["parameters", f"{cost.parameters:,}"],
            ["parameters of auxiliary heads, only for training", f"{cost.aux_parameters:,}"],
            ["multiply-adds for one image", f"{cost.macs:,}"],
            ["depth, the longest path of convolutions and linear layers", cost.depth],
            ["paths from image to logits", f"{cost.paths:,}"],
            ["receptive field of the last map", f"{cost.receptive_field:,} pixels a side"],
        ]
        explorer = anchor(f"../explorer/index.html#net={self.network}", "Open it in the explorer")
        return (
            table(["counted", "with 1,000 classes"], rows)
            + f"\n\n{explorer}, change its size and width, and look inside its modules. "
            f"The shell prints the same: `lecture-nets table --net {self.network}`."
        )

    def rows(self) -> str:
        """Our rows, each beside what the paper's table prints for it."""
        paper = said_of(self.network)["paper"]
        entry = count(self.network, {}, None)
        rows = []
        for row in entry.cost.rows:
            outside = row.aux_head or row.name == "head"
            layer = entry.net.get_submodule(row.name if outside else f"trunk.{row.name}")
            printed = paper["rows"].get(row.name, [])
            printed += [""] * (len(paper["columns"]) - len(printed))
            rows.append(
                [
                    f"`{row.name}`",
                    *printed,
                    branches(layer),
                    "×".join(map(str, row.output)),
                    row.parameters,
                    row.macs,
                    row.receptive_field or "all",
                ]
            )
        ours = ["what is in ours", "output", "parameters", "multiply-adds", "receptive field, px"]
        papers = [f"{paper.get('printed_in', 'paper')}: {column}" for column in paper["columns"]]
        return (
            table(["row", *papers, *ours], rows)
            + f"\n\nOf the paper: {paper['rows_from']}. Of ours: counted from `{self.class_name}`, "
            "whose outputs have the channels first."
        )


def branches(layer: nn.Module) -> str:
    """What an image passes in a row, with a line for each branch that is concatenated."""
    match lane_through(layer):
        case [Fork(lanes, add=False)]:
            return "<br>".join(in_words(lane, norms=False) for lane in lanes)
        case lane:
            return in_words(lane, norms=False)


class Differences(OfNetwork):
    has_content = True

    def markdown(self) -> str:
        module = sys.modules[NETS[self.network].__module__]
        notes = in_rst(inspect.cleandoc(module.__doc__ or ""))
        path = f"lecture_nets/nets/{self.network}.py"
        words = "\n".join(self.content)
        return f"## Where ours differs\n\n{words}\n\n{notes}\n\nThe file is `{path}`."


class Use(OfNetwork):
    has_content = True

    def markdown(self) -> str:
        paper = said_of(self.network)["paper"]
        arxiv = paper.get("arxiv")
        link = f"[arXiv {arxiv}](https://arxiv.org/abs/{arxiv})" if arxiv else paper["venue"]
        options = in_rst(f".. autoclass:: lecture_nets.nets.{self.class_name}\n   :no-index:")
        sections = {
            "Options": f"{options}\n\n{self.variants()}",
            "Weights": self.weights(),
            "How to train it": self.training(),
            "The paper": f"{paper['authors']}, “{paper['title']}”, {link}.",
        }
        return "\n\n".join(f"## {title}\n\n{text}" for title, text in sections.items())

    def variants(self) -> str:
        rows = []
        for line in said_of(self.network).get("variants", []):
            ((name, options),) = asked_for([self.network, *line.split()])
            entry = count(name, options, None)
            words = ", ".join(f"`{option}={value}`" for option, value in options.items())
            cost = entry.cost
            rows.append([words, cost.parameters, cost.macs, cost.depth, entry.net.min_size])
        columns = ["option", "parameters", "multiply-adds", "depth", "smallest image, px"]
        return table(columns, rows) if rows else ""

    def training(self) -> str:
        words = "\n".join(self.content)
        command = (
            f"lecture-nets fit --model {self.class_name}Module --model.width 0.25 "
            "--model.recipe quick --data PartsWorldDataModule"
        )
        return f"""{words}

From the shell, on the embedded images:

```console
$ {command}
```

In Python:

```python
from lightning import Trainer
from lecture_nets import PartsWorldDataModule, {self.class_name}Module

data = PartsWorldDataModule()
trainer = Trainer(max_epochs=12)
trainer.fit({self.class_name}Module(width=0.25, recipe="quick"), datamodule=data)
```

Its recipes, as data:

{self.recipes()}"""

    def weights(self) -> str:
        module = f"{self.class_name}Module"
        text = offers(MODULES[module]).replace("'", "`")
        if text.endswith("none."):
            return text
        return (
            f"{text}\n\n`{module}.from_pretrained(…)` loads them, checks the download, and "
            "knows the preprocessing that they expect."
        )

    def recipes(self) -> str:
        recipes = RECIPES[NETS[self.network]]
        rows = [
            [
                field.name,
                *(field_in_words(getattr(recipe, field.name)) for recipe in recipes.values()),
            ]
            for field in dataclasses.fields(next(iter(recipes.values())))
        ]
        text = table(["part", *(f'`recipe="{name}"`' for name in recipes)], rows)
        measured = json.loads((DOCS / "results" / "training.json").read_text("utf-8"))
        runs = [
            [name, f"`{run['command']}`", run["test_top1_percent"]]
            for name, run in measured.items()
            if f"--model {self.class_name}Module " in f"{run['command']} "
        ]
        if runs:
            text += "\n\nMeasured, one run each ([all results](../results.md)):\n\n"
            text += table(["run", "command", "test top-1, %"], runs)
        return text


def field_in_words(value: object) -> object:
    if isinstance(value, dict):
        return ", ".join(f"{key} {number}" for key, number in value.items())
    return "–" if value is None else value


def write_about(app: Sphinx, error: Exception | None) -> None:
    """What the explorer says of each network, beside its page in the built site."""
    if error:
        return
    lecture = read_toml(ROOT / "notebooks" / "lecture.toml")
    about = {}
    for network in NETS:
        said = said_of(network)
        name = said["notebook"]
        about[network] = {
            "in_short": said["in_short"],
            "notebook": name,
            "notebook_title": lecture[name]["title"],
        }
    target = Path(app.outdir) / "explorer" / "about.js"
    target.parent.mkdir(exist_ok=True)
    text = json.dumps(about, ensure_ascii=False, indent=1)
    target.write_text(f"const ABOUT = {text};\n", "utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    for directive in (Overview, Counted, Differences, Use):
        app.add_directive(directive.__name__.lower(), directive)
    app.connect("build-finished", write_about)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
