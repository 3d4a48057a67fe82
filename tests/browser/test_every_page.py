"""Every page of the console in a real browser: both languages, phone and desk, light and dark.

Nothing is complained of in the browser's console, the content security policy refuses nothing, nothing sticks out
sideways, there is one main heading, and axe-core finds nothing serious.
"""

from collections.abc import Generator, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize

from bot.services import Services
from tests.bot import every_page
from tests.bot.apps import new_app
from tests.bot.browsing import PASSWORD, Visitor
from tests.bot.conftest import services_over
from tests.bot.furnishing import furnish
from tests.bot.serving import served
from tests.browser.pages import needs_chromium
from tests.databases import sqlite_copy
from tests.fakes.clock import FakeClock

pytestmark = needs_chromium

PHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1440, "height": 900}
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
LOOKING = """
window.refused = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.refused.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile || ""}`));
"""
STICKS_OUT = """() => {
  const edge = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= edge) return "";
  const wide = [...document.querySelectorAll("main *, header *")].find((one) => {
    const box = one.getBoundingClientRect();
    return box.width && box.right > edge + 1;
  });
  return `${document.documentElement.scrollWidth}px wide: ${wide ? wide.outerHTML.slice(0, 160) : "?"}`;
}"""
RULES = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]},
    "preload": False,
}
JUDGE = """async (rules) => (await axe.run(document, rules)).violations
  .filter((found) => ["serious", "critical"].includes(found.impact))
  .map((found) => `${found.id} (${found.nodes.length}): ${found.nodes[0].html.slice(0, 160)} — `
    + found.nodes[0].failureSummary.split("\\n").slice(1, 3).join(" "))"""


@pytest.fixture(scope="module")
def shop(sqlite_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Generator[Services]:
    folder = tmp_path_factory.mktemp("shop")
    with sqlite_copy(sqlite_file, folder) as database:
        services = services_over(database, FakeClock(), folder)
        furnish(services)
        yield services


@pytest.fixture(scope="module")
def visited(shop: Services) -> Generator[tuple[str, list[str]]]:
    """Return the address of the served console and the paths of all its pages."""
    app = new_app(shop)
    # The browser asks once for what all pages share.
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 3600
    visitor = Visitor(app)
    visitor.try_to_log_in("hanako", PASSWORD)
    found = every_page.find(app, visitor.client, shop.database)
    assert found.closed == []
    with served(app) as address:
        yield address, found.pages


@pytest.mark.parametrize(
    ("language", "first", "second", "scheme"),
    [("ja", PHONE, DESK, "light"), ("en", DESK, PHONE, "dark")],
    ids=["ja-light", "en-dark"],
)
def test_every_page_is_whole(
    browser: Browser,
    visited: tuple[str, list[str]],
    language: str,
    first: ViewportSize,
    second: ViewportSize,
    scheme: Any,
) -> None:
    address, paths = visited
    context = browser.new_context(base_url=address, viewport=first, color_scheme=scheme)
    complaints = {path: list(found) for path, found in _walk(context, language, paths, (first, second))}
    context.close()
    assert len(complaints) > 30
    told = [f"{path}: {found}" for path, each in complaints.items() for found in each]
    assert not told, "\n".join(told)


@pytest.mark.parametrize(
    ("path", "fields", "button", "shows"),
    [
        ("/console/settings/api-keys/", {"使うシステムの名前": "本店のレジ"}, "発行して表示する", "kk_"),
        (
            "/console/settings/staff/",
            {"ログイン名": "saburo"},
            "追加して、1回かぎりのパスワードを表示する",
            "saburo",
        ),
        ("/console/targets/f2", {"期日": "2026-01-01"}, "目標を保存する", "明日から3年以内"),
        ("/console/reviews/", {"結果を確かめる日": "2026-01-01"}, "決めたことを記録する", "今日から1年ほど"),
    ],
    ids=["key", "password", "target", "decision"],
)
def test_a_page_that_answers_a_form_is_whole(
    browser: Browser,
    visited: tuple[str, list[str]],
    path: str,
    fields: dict[str, str],
    button: str,
    shows: str,
) -> None:
    context = browser.new_context(base_url=visited[0], viewport=PHONE)
    context.add_init_script(LOOKING)
    page = context.new_page()
    _log_in(page, "ja")
    noted: list[str] = []
    page.on("pageerror", lambda error: noted.append(str(error)))
    page.goto(path)
    for label, value in fields.items():
        page.get_by_label(label).first.fill(value)
    page.get_by_role("button", name=button).click()
    page.get_by_text(shows).first.wait_for()
    assert [*_looked_at(page, "ja", (PHONE, DESK)), *noted] == []
    context.close()


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_door_is_whole_before_anybody_logged_in(
    browser: Browser, visited: tuple[str, list[str]], language: str
) -> None:
    context = browser.new_context(base_url=visited[0], viewport=PHONE)
    context.add_init_script(LOOKING)
    page = context.new_page()
    page.goto("/")
    page.wait_for_url("**/console/login**")
    if language == "en":
        page.get_by_role("button", name="English").click()
        page.wait_for_function("document.documentElement.lang === 'en'")
    assert list(_looked_at(page, language, (PHONE, DESK))) == []
    context.close()


def test_what_is_unreadable_or_has_no_name_is_found(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content("<html lang=ja><title>1</title><p style='color:#ccc'>薄い</p><input></html>")
    assert [found.partition(" ")[0] for found in _judged(page)] == ["color-contrast", "label"]
    page.close()


def _walk(
    context: BrowserContext, language: str, paths: list[str], sizes: tuple[ViewportSize, ViewportSize]
) -> Iterator[tuple[str, list[str]]]:
    context.add_init_script(LOOKING)
    page = context.new_page()
    _log_in(page, language)
    noted: list[str] = []
    page.on("console", lambda message: noted.extend(_complaint(message)))
    page.on("pageerror", lambda error: noted.append(str(error)))
    for path in paths:
        noted.clear()
        page.set_viewport_size(sizes[0])
        page.goto(path)
        yield path, [*_looked_at(page, language, sizes), *noted]


def _log_in(page: Page, language: str) -> None:
    page.goto("/console/login")
    page.get_by_label("ログイン名").fill("hanako")
    page.get_by_label("パスワード").fill(PASSWORD)
    page.get_by_role("button", name="ログイン").click()
    page.wait_for_url("**/console/")
    # The account remembers the language of whoever looked before.
    if page.locator("html").get_attribute("lang") != language:
        page.get_by_role("button", name={"en": "English", "ja": "日本語"}[language]).click()
        page.wait_for_function(f"document.documentElement.lang === '{language}'")


def _looked_at(page: Page, language: str, sizes: tuple[ViewportSize, ...]) -> Iterator[str]:
    if page.locator("h1").count() != 1:
        yield f"{page.locator('h1').count()} main headings"
    if page.locator("html").get_attribute("lang") != language:
        yield "in another language"
    yield from page.evaluate("window.refused")
    yield from _judged(page)
    for size in sizes:
        page.set_viewport_size(size)
        if sticks_out := page.evaluate(STICKS_OUT):
            yield f"at {size['width']}: {sticks_out}"


def _judged(page: Page) -> list[str]:
    # Evaluated, not put into the page as a script: the policy would rightly refuse that.
    page.evaluate(AXE)
    return page.evaluate(JUDGE, RULES)


def _complaint(message: ConsoleMessage) -> list[str]:
    return [message.text] if message.type in {"error", "warning"} else []
