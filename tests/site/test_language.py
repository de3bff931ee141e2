"""Does the site speak English, Chinese or both, and remember which?"""

import pytest

NOTEBOOK = "lecture/03_filter_cascades.html"


def choose(page, language: str) -> None:
    page.locator(f".language-switch button[value={language}]").click()


@pytest.mark.parametrize(
    ("language", "heading"),
    [
        ("en", "3 · Filter cascades"),
        ("zh", "3 · 级联卷积核"),
        ("both", "3 · Filter cascades / 级联卷积核"),
    ],
)
def test_a_notebook_speaks_the_language_that_was_chosen(page, site, language, heading):
    page.goto((site / NOTEBOOK).as_uri())
    choose(page, language)
    assert page.locator("article h1").inner_text().rstrip("#\n ") == heading
    for code, shown in (("en", language != "zh"), ("zh-Hans", language != "en")):
        words = page.locator(f"article div[lang='{code}']").first
        contents = page.locator(f"#pst-page-toc-nav [lang='{code}']").first
        assert words.is_visible() == contents.is_visible() == shown


def test_the_language_is_remembered_on_other_pages_and_after_a_reload(page, site):
    page.goto((site / "index.html").as_uri())
    choose(page, "zh")
    page.get_by_role("link", name="级联卷积核").first.click()
    assert page.locator("article h1").inner_text().startswith("3 · 级联卷积核")
    page.reload()
    pressed = page.locator(".language-switch button[aria-pressed=true]")
    assert pressed.inner_text() == "中文"
    assert page.evaluate("localStorage.getItem('lecture-nets-language')") == "zh"


def test_a_new_visitor_reads_english(page, site):
    page.goto((site / "index.html").as_uri())
    assert page.locator("html").get_attribute("data-language") == "en"
    assert page.get_by_role("link", name="Deeper is better").first.is_visible()
    assert not page.get_by_role("link", name="越深越好").first.is_visible()


def test_chinese_words_are_marked_for_screen_readers(page, site):
    page.goto((site / NOTEBOOK).as_uri())
    unmarked = page.evaluate("""() => {
      const walker = document.createTreeWalker(document.querySelector("article"), 4);
      const found = [];
      while (walker.nextNode()) {
        const words = walker.currentNode;
        const parent = words.parentElement;
        if (/[\\u4e00-\\u9fff]{2}/.test(words.data) && !parent.closest(":lang(zh), pre, summary")) {
          found.push(words.data);
        }
      }
      return found;
    }""")
    assert unmarked == []
