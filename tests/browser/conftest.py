"""A real Chromium that opens reports from files; `make test-browser` runs what is in this folder."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

# No first-run pages, no updates, no accounts: what is requested is requested by the page.
FLAGS = [
    "--no-sandbox",  # which does not start where root runs the tests, as in containers
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium():
    """The path of the browser; CHROMIUM names another than those of Debian."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None or not Path(found).exists():
        pytest.fail(
            "There is no Chromium, which these tests drive. Debian and Ubuntu: apt-get install chromium. "
            "Elsewhere: CHROMIUM=/path/to/chrome make test-browser.",
            pytrace=False,
        )
    return found


@pytest.fixture(scope="session")
def browser():
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        pytest.fail(
            "There is no playwright, which these tests drive Chromium by: make test-browser installs it, or "
            "pip install 'skdl[browser]'. It has to download no browser.",
            pytrace=False,
        )
    with sync_playwright() as playwright:
        # A profile of its own, which is empty, and removed at the end.
        started = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield started
        started.close()


class Opened:
    """A page with a report, and all that it asked for or complained of."""

    def __init__(self, context, path):
        self.requests, self.complaints, self.dialogs = [], [], []
        self.path = path
        self.page = context.new_page()
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", self._dismiss)
        self.page.add_init_script(
            "document.addEventListener('securitypolicyviolation', event =>"
            " console.error('CSP', event.violatedDirective, event.blockedURI))"
        )
        self.page.goto(path.as_uri())

    def _hear(self, message):
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _dismiss(self, dialog):
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def evaluate(self, code, *values):
        return self.page.evaluate(code, *values)

    def texts(self, selector):
        """What elements show, one by one."""
        return [text.strip() for text in self.page.locator(selector).all_inner_texts()]

    def column(self, place):
        """What the rows that are shown have in a column, from the top."""
        return self.texts(f"#candidate-table tbody tr:not([hidden]) > :nth-child({place + 1})")


@pytest.fixture
def open_page(browser):
    """``open_page(path, width=..., ...)`` opens a report; options are those of a browser context."""
    contexts = []

    def opened(path, *, width=1280, height=900, **options):
        context = browser.new_context(
            viewport={"width": width, "height": height}, accept_downloads=True, **options
        )
        contexts.append(context)
        return Opened(context, path)

    yield opened
    for context in contexts:
        context.close()
