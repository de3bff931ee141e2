"""How does a report become one HTML file that opens anywhere, without a network?

What is not `Html` already is escaped, so that a class called ``<script>`` is only a name.
"""

import html
import io
from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from string import Template
from typing import Any

from PIL import Image
from torch import Tensor

STYLE = """
:root { color-scheme: light dark; --ink: #1b1b1b; --paper: #fff; --quiet: #595959;
  --line: #c8c8c8; --shade: #f3f3f3; --link: #0050a0; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e6e6; --paper: #161616; --quiet: #ababab;
  --line: #484848; --shade: #242424; --link: #8ec5ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 46rem; padding: 1rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: break-word; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: .5rem 0; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; }
a { color: var(--link); }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1rem; padding: 0; list-style: none; }
figure { margin: 0; }
figure img { display: block; width: 40rem; max-width: 100%; height: auto;
  padding: .5rem; background: #fff; border-radius: .3rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--quiet); padding-bottom: .25rem;
  max-width: calc(100vw - 2rem); }
th, td { padding: .3rem clamp(.4rem, 2vw, .9rem) .3rem 0;
  border-bottom: 1px solid var(--line); text-align: left; }
tr > :last-child { padding-right: 0; }
tbody th { max-width: 14rem; }
.numbers td, .numbers thead th + th { text-align: right; }
.numbers td, .images { white-space: nowrap; }
.images img { width: clamp(2.5rem, 12vw, 4.5rem); height: auto; vertical-align: middle; }
pre { background: var(--shade); padding: .75rem; border-radius: .3rem; font-size: .85rem;
  white-space: pre-wrap; overflow-wrap: anywhere; }
@media (max-width: 30rem) { table { font-size: .85rem; } }
.quiet { color: var(--quiet); }
@media print { :root { color-scheme: light; --ink: #000; --paper: #fff; --quiet: #444;
  --line: #999; --shade: #fff; }
  body { max-width: none; padding: 0; font-size: 10pt; } nav { display: none; }
  h2 { break-after: avoid; } figure, tr { break-inside: avoid; } .scroll { overflow: visible; }
  figure img { width: auto; max-height: 22cm; } }
"""

PAGE = Template("""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>$title</title>
<style>$style</style>
</head>
<body>
<main>
<h1>$title</h1>
$lead
<nav aria-label="Sections"><ul>
$links
</ul></nav>
$sections
</main>
</body>
</html>
""")


class Html(str):
    """Text that is HTML already."""


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it; ``name`` is its anchor."""

    name: str
    title: str
    body: Html


def escape(text: Any) -> str:
    return text if isinstance(text, Html) else html.escape(str(text))


def paragraph(text: str, kind: str = "") -> Html:
    return Html(f'<p class="{kind}">{escape(text)}</p>' if kind else f"<p>{escape(text)}</p>")


def preformatted(text: str) -> Html:
    return Html(f"<pre>{escape(text)}</pre>")


def image(data: bytes, alt: str, kind: str = "png") -> Html:
    """An image file's bytes, within the page."""
    source = b64encode(data).decode()
    return Html(f'<img alt="{html.escape(alt)}" src="data:image/{kind};base64,{source}">')


def figure(data: bytes, alt: str) -> Html:
    return Html(f"<figure>{image(data, alt)}</figure>")


def thumbnail(pixels: Tensor, alt: str, side: int = 144) -> Html:
    """A ``uint8`` image (3, H, W), no larger than ``side``."""
    picture = Image.fromarray(pixels.permute(1, 2, 0).contiguous().numpy())
    picture.thumbnail((side, side))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=90)
    return image(file.getvalue(), alt, "jpeg")


def table(
    caption: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, numbers: bool = False
) -> Html:
    """A table whose first column names the rows; ``numbers`` sets the others to the right."""
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    body = "\n".join(
        f'<tr><th scope="row">{escape(first)}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        + "</tr>"
        for first, *cells in rows
    )
    kind = ' class="numbers"' if numbers else ""
    return Html(
        # What scrolls sideways on a phone can be reached by keyboard.
        f'<div class="scroll" role="region" aria-label="{html.escape(caption)}" tabindex="0">'
        f"<table{kind}><caption>{escape(caption)}</caption>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{body}\n</tbody></table></div>"
    )


def page(title: str, lead: Html, sections: Sequence[Section]) -> str:
    """The whole page: a title, what is most worth knowing, and the sections."""
    links = (f'<li><a href="#{each.name}">{escape(each.title)}</a></li>' for each in sections)
    bodies = (
        f'<section id="{each.name}">\n<h2>{escape(each.title)}</h2>\n{each.body}\n</section>'
        for each in sections
    )
    return PAGE.substitute(
        title=escape(title),
        style=STYLE,
        lead=lead,
        links="\n".join(links),
        sections="\n".join(bodies),
    )
