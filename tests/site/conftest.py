"""The built site in a real browser. `make docs` builds it; Chromium comes from the system."""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ROOT = Path(__file__).parents[2]
SITE = ROOT / "build" / "site"
PHONE = {"width": 390, "height": 844}

sys.path.insert(0, str(ROOT / "docs" / "_ext"))


@pytest.fixture(scope="session")
def site() -> Path:
    """The folder of the built site."""
    if not (SITE / "index.html").exists():
        pytest.fail(f"{SITE}: found no site; run `make docs` first, as `make test` does.")
    return SITE


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def phone() -> dict[str, int]:
    return PHONE


@pytest.fixture(scope="session")
def visit(browser: Browser) -> Callable[..., AbstractContextManager[Page]]:
    """Opens a page for a fresh visitor without a network; options are those of a context.

    At the end it fails where the page has complained or missed a file.
    """

    @contextmanager
    def visit(**options: Any) -> Iterator[Page]:
        context = browser.new_context(offline=True, **options)
        page = context.new_page()
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        page.on(
            "console",
            lambda said: (
                complaints.append(f"{page.url}: {said.text}") if said.type == "error" else None
            ),
        )
        page.on("requestfailed", lambda request: complaints.append(f"{page.url}: no {request.url}"))
        yield page
        context.close()
        assert complaints == []

    return visit


@pytest.fixture
def page(visit) -> Iterator[Page]:
    with visit() as page:
        yield page
