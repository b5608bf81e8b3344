"""A headless Chromium, where one is installed, for pictures of pages and for tests of them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Playwright, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


class NoBrowserError(Exception):
    """No Chromium is installed."""


def executable(playwright: Playwright) -> str:
    """The path of a Chromium: the system's, or the one that `playwright install chromium` fetched."""
    found = next((path for name in NAMES if (path := shutil.which(name))), playwright.chromium.executable_path)
    if not Path(found).exists():
        raise NoBrowserError(
            f"no Chromium: looked for {', '.join(NAMES)}; install one, or run `playwright install chromium`"
        )
    return found


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser, closed at the end. NoBrowserError where none is installed."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(playwright))
        try:
            yield browser
        finally:
            browser.close()
