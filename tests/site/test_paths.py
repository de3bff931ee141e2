"""A newcomer at the start page, who may click three times."""

import pytest

PATHS = {
    "install": (["Install"], "pip install lecture-nets"),
    "train on own photos": (
        ["Train on your own photos"],
        "Sort the photos",
    ),
    "a callback in an own module": (
        ["Use a callback in your own module"],
        "callbacks=[LabelSmoothing(0.1), BatchNormalize()]",
    ),
    "evidence for a claim": (
        ["Find the evidence for a claim", "See the cell of C15"],
        "C15 holds: 18/25",
    ),
    "slides": (["The lecture", "English"], "Deeper is better"),
}


@pytest.mark.parametrize("wish", PATHS)
def test_it_is_found_within_three_clicks(page, site, wish):
    links, sight = PATHS[wish]
    assert len(links) <= 3
    page.goto((site / "index.html").as_uri())
    for link in links:
        page.locator("main a:visible, nav a:visible").filter(has_text=link).first.click()
    # The cell itself, not just its page, must be on the screen.
    words = page.locator("article, .reveal").get_by_text(sight).first
    words.wait_for()
    top = words.bounding_box()["y"]
    assert 0 <= top <= page.viewport_size["height"]


def test_slides_advance_by_key(page, site):
    page.goto((site / "slides" / "03_filter_cascades.en.html").as_uri())
    first = page.locator("section.present").last.inner_text()
    page.keyboard.press("Space")
    page.wait_for_function(
        "first => [...document.querySelectorAll('section.present')].at(-1).innerText !== first",
        arg=first,
    )
