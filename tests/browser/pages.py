"""What every browser test of the console does: open a page that complains, log in, see that nothing sticks out."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from bot.services import Services
from tests.bot.apps import new_app
from tests.bot.browsing import PASSWORD
from tests.bot.serving import served

CHROMIUM = Path("/usr/bin/chromium")
PHONE, DESK = {"width": 360, "height": 780}, {"width": 1440, "height": 900}
Look = tuple[dict[str, int], str, bool]

needs_chromium = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no browser at {CHROMIUM}")


@contextmanager
def watched_page(browser: Browser, **context: Any) -> Generator[Page]:
    """Open a page that complains at its end when the browser did: errors, refused scripts, CSP violations."""
    opened_context = browser.new_context(**context)
    opened = opened_context.new_page()
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        # A refused form is answered with 422, which the browser calls an error of its own.
        if message.type in {"error", "warning"} and "status of 422" not in message.text:
            complaints.append(message.text)

    opened.on("console", note)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    opened_context.close()
    assert complaints == []


@contextmanager
def console_page(browser: Browser, services: Services, how: Look) -> Generator[Page]:
    """Serve the console and open it as somebody would: on what screen, light or dark, with scripts or without."""
    viewport, scheme, scripts = how
    with (
        served(new_app(services)) as address,
        watched_page(
            browser,
            viewport=viewport,
            color_scheme=scheme,
            base_url=address,
            java_script_enabled=scripts,
        ) as opened,
    ):
        yield opened


def log_in(page: Page, path: str) -> None:
    """Ask for a page of the console and log in as the owner on the way to it."""
    page.goto(path)
    page.get_by_label("ログイン名").fill("hanako")
    page.get_by_label("パスワード").fill(PASSWORD)
    page.get_by_role("button", name="ログイン").click()
    page.wait_for_url(_at(path))


def fits(page: Page, path: str) -> bool:
    """Wait for a page to be there, then tell whether nothing sticks out sideways; works without scripts too."""
    page.wait_for_url(_at(path))
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def _at(path: str) -> re.Pattern[str]:
    return re.compile(rf"^http://[^/]+{path}$")
