"""The connection with LINE in the console: what is wrong and what to do; no credential is ever shown."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr

from bot.line.ports import WebhookEndpoint
from bot.models import Role
from bot.services import Services
from scheduler.gateway import TokenInvalid
from segments import shop
from segments.shop import Shop
from tests.bot.apps import new_app
from tests.bot.browsing import Visitor
from tests.fakes.clock import A_SATURDAY, FakeClock
from tests.fakes.gateway import FakeGateway

PAGE = "/console/settings/connection/"
SECRET, TOKEN = "the-channel-secret", "the-access-token"


@pytest.fixture
def connected(services: Services) -> Visitor:
    """Return somebody at a shop that is reached by https and has its channel's credentials."""
    given = {
        "public_url": "https://shop.example",
        "channel_secret": SecretStr(SECRET),
        "channel_access_token": SecretStr(TOKEN),
    }
    app = new_app(replace(services, settings=services.settings.model_copy(update=given)))
    # The client speaks plain http.
    app.config["SESSION_COOKIE_SECURE"] = False
    return Visitor(app)


def gateway(visitor: Visitor) -> FakeGateway:
    found = visitor.services.gateway
    assert isinstance(found, FakeGateway)
    return found


def checked(visitor: Visitor) -> str:
    visitor.post(f"{PAGE}check")
    return visitor.get(PAGE).text


def test_everything_right_says_so_and_fills_in_the_shops_id(connected: Visitor) -> None:
    connected.log_in()
    gateway(connected).webhook = WebhookEndpoint("https://shop.example/webhook", active=True)
    page = checked(connected)
    assert "すべて正しくつながっています。" in page
    basic_id = gateway(connected).bot_info().basic_id
    with connected.services.database.reading() as session:
        assert shop.load(session).basic_id == basic_id
    assert "<svg" in page
    assert f"https://line.me/R/ti/p/{basic_id.replace('@', '%40')}" in page


def test_no_credential_stands_on_the_page(connected: Visitor) -> None:
    connected.log_in()
    page = checked(connected)
    assert SECRET not in page
    assert TOKEN not in page
    assert page.count("設定済み") >= 2


def test_a_webhook_that_is_not_set_says_what_to_do_and_is_set_from_here(connected: Visitor) -> None:
    connected.log_in()
    assert "Webhook URLが設定されていません。" in checked(connected)
    connected.post(f"{PAGE}webhook")
    endpoint = gateway(connected).webhook_endpoint()
    assert endpoint is not None
    assert endpoint.url == "https://shop.example/webhook"


def refuse_the_token(line: FakeGateway) -> None:
    line.fail("info", TokenInvalid("no", status=401))


def lose_the_webhook(line: FakeGateway) -> None:
    line.webhook_works = False


def use_up_the_quota(line: FakeGateway) -> None:
    line.quota_limit = 0


@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        (refuse_the_token, "トークンを発行し直し"),
        (lose_the_webhook, "LINEからWebhook"),
        (use_up_the_quota, "今月の通数を使い切っています"),
    ],
)
def test_what_is_wrong_is_told_with_what_to_do_next(
    connected: Visitor, break_it: Callable[[FakeGateway], None], words: str
) -> None:
    connected.log_in()
    line = gateway(connected)
    line.webhook = WebhookEndpoint("https://shop.example/webhook", active=True)
    break_it(line)
    page = checked(connected)
    assert "直すところがあります。" in page
    assert words in page


def test_another_accounts_id_in_the_settings_is_found_and_not_overwritten(connected: Visitor) -> None:
    connected.log_in()
    with connected.services.database.begin() as session:
        shop.save(session, Shop(basic_id="@other"), A_SATURDAY)
    assert "お店の設定のベーシックIDは @other" in checked(connected)
    with connected.services.database.reading() as session:
        assert shop.load(session).basic_id == "@other"


def test_two_presses_in_a_row_ask_line_once(connected: Visitor, clock: FakeClock) -> None:
    connected.log_in()
    checked(connected)
    asked = len(gateway(connected).calls)
    checked(connected)
    assert len(gateway(connected).calls) == asked
    clock.advance(timedelta(seconds=11))
    checked(connected)
    assert len(gateway(connected).calls) > asked


def test_an_address_that_line_cannot_reach_is_said_and_not_set(visitor: Visitor) -> None:
    visitor.log_in()
    assert "このアドレスはLINEから開けません" in visitor.get(PAGE).text
    visitor.post(f"{PAGE}webhook")
    assert "先に、https:// で始まる公開アドレス" in visitor.get(PAGE).text
    assert gateway(visitor).webhook is None


def test_a_viewer_sees_the_findings_and_no_button(connected: Visitor) -> None:
    connected.log_in(Role.VIEWER)
    page = connected.get(PAGE).text
    assert "まだ確認していません。" in page
    assert 'action="/console/settings/connection' not in page
