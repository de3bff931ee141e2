"""Every page of the site, opened once on a phone: does it lead where it says, and fit?"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urlparse

import pytest
from axe_playwright_python.sync_playwright import Axe

# What a page tells about itself.
LOOK = """() => ({
  links: [...document.querySelectorAll("a[href]")].map(a => a.href),
  ids: [...document.querySelectorAll("[id]")].map(part => part.id),
  images: [...document.images].map(image => ({
    src: image.src, alt: image.alt, drawn: image.complete && image.naturalWidth > 0,
  })),
  loaded: performance.getEntriesByType("resource").map(entry => entry.name),
  width: document.documentElement.scrollWidth,
})"""
KINDS = {
    "start": "index.html",
    "notebook": "lecture/03_filter_cascades.html",
    "claims": "lecture/claims.html",
    "network": "networks/inception_v2.html",
    "callbacks": "callbacks.html",
    "data": "data.html",
    "gallery": "gallery.html",
    "results": "results.html",
    "api": "api/callbacks.html",
    "search": "search.html",
}
# axe-core would load the style sheets again, which browsers refuse for files.
AXE = {"preload": False, "resultTypes": ["violations"]}


def html_pages(site: Path) -> list[Path]:
    """The pages that Sphinx wrote; decks and explorer have tests of their own."""
    others = (site / "slides", site / "explorer", site / "_static")
    return [
        path
        for path in sorted(site.rglob("*.html"))
        if not any(path.is_relative_to(folder) for folder in others)
    ]


@pytest.fixture(scope="module")
def looks(visit, site, phone) -> Iterator[dict[Path, dict[str, Any]]]:
    """Page -> what it told. Errors that a page complained about come when all have been seen."""
    with visit(viewport=phone) as page:
        seen = {}
        for path in html_pages(site):
            page.goto(path.as_uri())
            seen[path] = page.evaluate(LOOK)
        yield seen


def place(address: str) -> tuple[Path, str]:
    """``file:///site/a.html#b`` -> the file and its anchor."""
    target, anchor = urldefrag(address)
    return Path(unquote(urlparse(target).path)), unquote(anchor)


def test_every_link_leads_to_a_file_and_an_anchor_that_exist(looks, site):
    broken = []
    for path, look in looks.items():
        for link in look["links"]:
            if not link.startswith("file:"):
                continue
            target, anchor = place(link)
            if not target.is_file():
                broken.append(f"{path.relative_to(site)}: {link}")
            elif anchor and target in looks and anchor not in looks[target]["ids"]:
                broken.append(f"{path.relative_to(site)}: no anchor {link}")
    assert broken == []


def test_every_picture_is_drawn_and_has_words(looks):
    images = [image for look in looks.values() for image in look["images"]]
    assert len(images) > 50
    assert [image["src"][:99] for image in images if not image["drawn"]] == []
    assert [image["src"][:99] for image in images if not image["alt"].strip()] == []


def test_no_page_asks_for_the_network(looks):
    asked = {name for look in looks.values() for name in look["loaded"]}
    assert [name for name in asked if not name.startswith(("file:", "data:"))] == []


def test_no_page_is_wider_than_a_phone(looks, site, phone):
    wide = {str(path.relative_to(site)): look["width"] for path, look in looks.items()}
    assert {name: width for name, width in wide.items() if width > phone["width"]} == {}


def test_all_pages_can_be_reached_from_the_start(looks, site):
    reached, ahead = set(), {site / "index.html"}
    while ahead:
        reached |= ahead
        found = {place(link)[0] for path in ahead for link in looks[path]["links"]}
        ahead = (found & set(looks)) - reached
    made_by_sphinx = {site / name for name in ("genindex.html", "py-modindex.html", "search.html")}
    assert set(looks) - reached - made_by_sphinx == set()


@pytest.mark.parametrize(
    ("kind", "scheme"),
    [(kind, "light") for kind in KINDS] + [(kind, "dark") for kind in ("start", "notebook", "api")],
)
def test_axe_finds_nothing_serious(visit, site, kind, scheme):
    with visit(color_scheme=scheme) as page:
        page.goto((site / KINDS[kind]).as_uri())
        # A color on its way from one scheme to the other has no contrast worth judging.
        page.add_style_tag(content="* { transition: none !important }")
        found = Axe().run(page, options=AXE).response["violations"]
    serious = [fault for fault in found if fault["impact"] in ("serious", "critical")]
    assert [
        f"{fault['id']}: {node['html'][:200]}" for fault in serious for node in fault["nodes"]
    ] == []


def test_search_finds_a_page_without_a_server(page, site):
    page.goto(f"{(site / 'search.html').as_uri()}?q=smoothing")
    page.wait_for_selector("#search-results li a")
    assert page.locator("#search-results li a", has_text="callbacks").count() > 0
