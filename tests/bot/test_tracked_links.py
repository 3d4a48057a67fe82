"""`/r/<token>`, as friends' phones, previews and the curious ask for it."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bot.services import Services
from bot.wiring import secret_key
from segments import links
from segments.db import Database
from segments.link_tokens import Tapped, Tracking
from segments.models import Facts, LinkTap
from tests.bot.apps import new_app
from tests.bot.conftest import services_over
from tests.builders import a_friend
from tests.databases import SmallDisk
from tests.fakes.clock import A_SATURDAY, FakeClock

URL = "https://example.com/春?a=1"
SENT = "https://example.com/%E6%98%A5?a=1"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Safari Line/14.1.0"


class Phone:
    """A friend's phone with one link in its chat."""

    def __init__(self, app: Flask, services: Services) -> None:
        self.services = services
        self.client: FlaskClient = app.test_client()
        with services.database.begin() as session:
            self.friend = a_friend(session, display_name="山田花子")
            self.link_id = links.register(session, "春", URL, A_SATURDAY).id
        self.tracking = Tracking("https://shop.example", secret_key(services.settings))
        self.token = self.tracking.token(Tapped(self.link_id, self.friend.id, 7))

    def taps(self) -> int:
        """Return what the facts count."""
        with self.services.database.reading() as session:
            return session.get_one(Facts, self.friend.id).tap_count


@pytest.fixture
def phone(app: Flask, services: Services) -> Phone:
    return Phone(app, services)


def test_a_tap_is_counted_and_leads_on(phone: Phone) -> None:
    answer = phone.client.get(f"/r/{phone.token}", headers={"User-Agent": PHONE})
    assert (answer.status_code, answer.headers["Location"]) == (302, SENT)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in answer.headers
    assert "山田" not in answer.text
    assert phone.taps() == 1
    with phone.services.database.reading() as session:
        tap = session.get_one(LinkTap, 1)
        assert (tap.friend_id, tap.delivery_id, tap.at) == (phone.friend.id, 7, A_SATURDAY)


def test_a_double_tap_counts_once_and_leads_on_twice(phone: Phone) -> None:
    for _ in range(2):
        assert phone.client.get(f"/r/{phone.token}").status_code == 302
    assert phone.taps() == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"User-Agent": "facebookexternalhit/1.1;line-poker/1.0"},
        {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
        {"User-Agent": "Slackbot-LinkExpanding 1.0"},
        {"User-Agent": PHONE, "Purpose": "prefetch"},
        {"User-Agent": PHONE, "Sec-Purpose": "prefetch;prerender"},
        {"User-Agent": PHONE, "X-Purpose": "preview"},
    ],
)
def test_previews_and_prefetches_are_led_on_but_not_counted(phone: Phone, headers: dict[str, str]) -> None:
    answer = phone.client.get(f"/r/{phone.token}", headers=headers)
    assert (answer.status_code, answer.headers["Location"]) == (302, SENT)
    assert phone.taps() == 0


def test_asking_for_the_head_alone_counts_nothing(phone: Phone) -> None:
    assert phone.client.head(f"/r/{phone.token}").status_code == 302
    assert phone.taps() == 0


def test_a_phone_of_the_make_cubot_counts(phone: Phone) -> None:
    phone.client.get(
        f"/r/{phone.token}", headers={"User-Agent": "Mozilla/5.0 (Linux; Android 12; CUBOT X30) Line/14"}
    )
    assert phone.taps() == 1


@pytest.mark.parametrize(
    "token", ["x", "1-1-1.AAAAAAAAAAAAAAAA", "https:%2F%2Fevil.example", "あ", "a" * 500, "1-1"]
)
def test_what_is_no_token_finds_a_polite_page_in_both_languages(phone: Phone, token: str) -> None:
    answer = phone.client.get(f"/r/{token}")
    assert answer.status_code == 404
    assert "ページが見つかりません" in answer.text
    assert "Page not found" in answer.text
    assert "Location" not in answer.headers
    assert phone.taps() == 0


def test_a_token_signed_with_another_secret_is_none(phone: Phone) -> None:
    forged = Tracking("", "guessed").token(Tapped(phone.link_id, phone.friend.id, 7))
    assert phone.client.get(f"/r/{forged}").status_code == 404


def test_a_friend_who_is_gone_is_led_on_and_a_link_that_is_gone_is_not(phone: Phone) -> None:
    stranger = phone.tracking.token(Tapped(phone.link_id, 999, None))
    assert phone.client.get(f"/r/{stranger}").status_code == 302
    gone = phone.tracking.token(Tapped(999, phone.friend.id, None))
    assert phone.client.get(f"/r/{gone}").status_code == 404


def test_a_tap_that_cannot_be_counted_leads_on_all_the_same(phone: Phone, clock: FakeClock) -> None:
    disk = SmallDisk(phone.services.database)
    disk.fill()
    answers: list[TestResponse] = []
    # The last pages may still have room for a few taps.
    while len(answers) == phone.taps() < 1000:
        clock.advance(timedelta(minutes=1))
        answers.append(phone.client.get(f"/r/{phone.token}"))
    assert phone.taps() == len(answers) - 1
    assert {(each.status_code, each.headers["Location"]) for each in answers} == {(302, SENT)}
    disk.make_room()
    phone.client.get(f"/r/{phone.token}")
    assert phone.taps() == len(answers)


def test_only_asking_is_allowed(phone: Phone) -> None:
    assert phone.client.post(f"/r/{phone.token}").status_code in {400, 405}
    assert phone.taps() == 0


def test_a_tap_works_on_both_databases(
    database: Database, clock: FakeClock, tmp_path_factory: pytest.TempPathFactory
) -> None:
    services = services_over(database, clock, tmp_path_factory.mktemp("data"))
    phone = Phone(new_app(services), services)
    assert phone.client.get(f"/r/{phone.token}").status_code == 302
    assert phone.taps() == 1
