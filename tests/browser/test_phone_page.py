"""The simulator's phone page in a real browser: taps, typing, new messages, small screens."""

from collections.abc import Generator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from bot.simulator.config import SimulatorConfig
from bot.simulator.pictures import png
from bot.simulator.server import RunningSimulator, start
from tests.bot.simulator import samples
from tests.bot.simulator.conftest import Wire, text
from tests.browser.pages import needs_chromium, watched_page
from tests.fakes.simulator import SimulatorClient

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def running() -> Generator[RunningSimulator]:
    with start(SimulatorConfig()) as simulator:
        yield simulator


@pytest.fixture
def sim(running: RunningSimulator) -> SimulatorClient:
    client = SimulatorClient(running.url)
    client.reset()
    return client


@pytest.fixture
def wire(sim: SimulatorClient) -> Wire:
    return Wire(sim.url)


@pytest.fixture
def page(browser: Browser) -> Generator[Page]:
    with watched_page(browser, viewport={"width": 390, "height": 844}) as opened:
        opened.route("https://example.com/**", _picture)
        yield opened


def _picture(route: Route) -> None:
    route.fulfill(body=png(40, 30), content_type="image/png")


def test_a_message_appears_without_reloading(page: Page, sim: SimulatorClient, wire: Wire) -> None:
    friend = sim.add_friend()
    page.goto(f"{sim.url}/phone/{friend}")
    wire.push(friend, text("いま届きました"))
    expect(page.locator(".theirs .balloon")).to_have_text("いま届きました")


def test_a_friend_is_added_with_the_button(page: Page, sim: SimulatorClient) -> None:
    page.goto(sim.url)
    page.get_by_label("名前").fill("田中 さくら")
    page.get_by_role("button", name="友だちを追加").click()
    expect(page.get_by_role("textbox", name="メッセージを入力")).to_be_visible()
    assert [friend["displayName"] for friend in sim.friends()["friends"]] == ["田中 さくら"]


def test_typed_text_becomes_a_webhook(page: Page, sim: SimulatorClient) -> None:
    friend = sim.add_friend()
    page.goto(f"{sim.url}/phone/{friend}")
    page.get_by_label("メッセージを入力").fill("予約したい")
    page.get_by_label("送信").click()
    expect(page.locator(".mine .balloon")).to_have_text("予約したい")
    assert sim.webhooks()[0]["event"]["message"]["text"] == "予約したい"


def test_a_flex_button_posts_back(page: Page, sim: SimulatorClient, wire: Wire) -> None:
    friend = sim.add_friend()
    wire.push(friend, samples.FLEX)
    page.goto(f"{sim.url}/phone/{friend}")
    page.get_by_role("button", name="購入する").click()
    expect(page.locator(".mine .balloon")).to_have_text("購入します")
    assert sim.webhooks()[0]["event"]["postback"] == {"data": "buy=1"}


def test_flex_measures_reach_the_elements(page: Page, sim: SimulatorClient, wire: Wire) -> None:
    friend = sim.add_friend()
    wire.push(friend, samples.FLEX)
    page.goto(f"{sim.url}/phone/{friend}")
    expect(page.get_by_role("button", name="購入する")).to_have_css("background-color", "rgb(11, 110, 79)")
    expect(page.get_by_text("深蒸し煎茶")).to_have_css("font-size", "22px")


def test_a_date_is_picked_in_a_dialog(page: Page, sim: SimulatorClient, wire: Wire) -> None:
    friend = sim.add_friend()
    wire.push(friend, samples.WITH_QUICK_REPLIES)
    page.goto(f"{sim.url}/phone/{friend}")
    page.get_by_role("button", name="日を選ぶ").click()
    page.locator("dialog input").fill("2026-08-01")
    with page.expect_response("**/tap"):
        page.get_by_role("button", name="決定").click()
    assert sim.webhooks()[0]["event"]["postback"]["params"] == {"date": "2026-08-01"}


def test_a_link_opens_in_a_tab_of_its_own(page: Page, sim: SimulatorClient, wire: Wire) -> None:
    friend = sim.add_friend()
    wire.push(friend, {**text(f"{sim.url}/?lang=en")})
    page.goto(f"{sim.url}/phone/{friend}")
    with page.context.expect_page() as opened:
        page.locator(".link").click()
    expect(opened.value).to_have_url(f"{sim.url}/?lang=en")


def test_blocking_closes_the_input_and_unblocking_opens_it(page: Page, sim: SimulatorClient) -> None:
    page.goto(f"{sim.url}/phone/{sim.add_friend()}")
    page.get_by_role("button", name="ブロック", exact=True).click()
    expect(page.get_by_label("メッセージを入力")).to_be_disabled()
    page.get_by_role("button", name="ブロック解除").click()
    expect(page.get_by_label("メッセージを入力")).to_be_enabled()
    assert [entry["type"] for entry in sim.webhooks()] == ["unfollow", "follow"]


def test_html_in_a_message_stays_text(page: Page, sim: SimulatorClient, wire: Wire) -> None:
    friend = sim.add_friend()
    page.goto(f"{sim.url}/phone/{friend}")
    wire.push(friend, text('<img src="x" onerror="document.title=1">'))
    expect(page.locator(".theirs .balloon")).to_contain_text("<img src=")
    expect(page.locator(".theirs .balloon img")).to_have_count(0)


@pytest.mark.parametrize(("width", "height"), [(360, 640), (390, 844), (1440, 900)])
def test_nothing_sticks_out_sideways(
    page: Page, sim: SimulatorClient, wire: Wire, width: int, height: int
) -> None:
    friend = sim.add_friend()
    for message in samples.EVERY_KIND.values():
        assert wire.push(friend, message).status == 200
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{sim.url}/phone/{friend}")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate(
        "document.querySelector('.chat').scrollWidth <= document.querySelector('.chat').clientWidth"
    )
