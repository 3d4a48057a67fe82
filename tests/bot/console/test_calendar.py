"""The calendar's pages: a month, a day, other months by address, both languages."""

from datetime import timedelta

import pytest

from scheduler import broadcasts, drafts
from scheduler.drafts import Draft
from scheduler.enrolments import enrol
from tests.bot.browsing import Visitor
from tests.builders import a_friend, a_scenario
from tests.fakes.clock import A_SATURDAY as NOW
from tests.fakes.queue import FakeQueue

PAGE = "/console/calendar/"


@pytest.fixture
def owner(visitor: Visitor) -> Visitor:
    with visitor.services.database.begin() as session:
        friend = a_friend(session)
        text = {"ja": [{"type": "text", "text": "こんにちは"}]}
        draft = Draft("週末のご案内", text, condition={"is": "everyone"})
        made = drafts.create(session, draft, now=NOW, by="test")
        broadcasts.schedule(session, FakeQueue(), made.id, NOW + timedelta(days=2), NOW, "test")
        scenario = a_scenario(session, {"name": "お礼", "delay": timedelta(days=2)}, name="購入のあと")
        assert enrol(session, scenario, friend.id, "test", {}, NOW)
    return visitor.log_in()


def test_a_month_shows_what_comes_and_a_day_names_it(owner: Visitor) -> None:
    page = owner.get(PAGE).text
    for words in ("2026年11月", "予定 2通", "週末のご案内", "21:00〜翌9:00は"):
        assert words in page, words
    day = owner.get(f"{PAGE}2026-11-23").text
    for words in (
        "2026年11月23日（月） 14:30",
        "週末のご案内",
        "いまの見込みで1人に送ります。",
        "購入のあと",
        "ステップ「お礼」",
    ):
        assert words in day, words
    assert "この日の予定はまだありません" in owner.get(f"{PAGE}2026-11-29").text
    assert "この日に送ったものはありません" in owner.get(f"{PAGE}2026-11-02").text


def test_other_months_have_an_address_and_an_end(owner: Visitor) -> None:
    page = owner.get(f"{PAGE}?month=2026-12").text
    assert "2026年12月" in page
    assert f"{PAGE}?month=2027-01" in page
    assert "2026年11月" in owner.get(f"{PAGE}?month=not-a-month").text
    assert "2026年11月" in owner.get(f"{PAGE}?month=2099-01").text
    for day in ("2026-11-31", "tomorrow", "2099-01-01"):
        assert owner.get(f"{PAGE}{day}").status_code == 404, day


def test_the_calendar_reads_in_english(owner: Visitor) -> None:
    owner.post("/console/language", {"language": "en"})
    page = owner.get(PAGE).text
    assert "Nov 2026" in page
    assert "Planned: 2" in page
    assert "Would reach 1 as things stand." in owner.get(f"{PAGE}2026-11-23").text
