"""Reviews: what moved beside the time before, the campaigns, and decisions that are followed up."""

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from bot.console import review_span
from bot.console.review_span import Span, Unit
from bot.models import AuditEntry, ReviewDecision, Role
from scheduler import campaign_days
from scheduler.models import Broadcast, Delivery, DeliveryKind, DeliveryState, Purpose
from segments import day_counts, friends
from tests.bot.browsing import PASSWORD, Visitor
from tests.builders import a_friend, a_purchase, days_ago
from tests.fakes.clock import A_SATURDAY as NOW
from tests.fakes.clock import FakeClock

PAGE = "/console/reviews/"
LAST_WEEK = {"unit": "week", "start": "2026-11-09"}


@pytest.fixture
def owner(visitor: Visitor) -> Visitor:
    """Log in to a shop in whose last whole week (9 to 15 November) something happened."""
    visitor.log_in()
    database = visitor.services.database
    with database.begin() as session:
        one = a_friend(session, followed_at=days_ago(10))
        two = a_friend(session, followed_at=days_ago(17))
        a_friend(session, followed_at=days_ago(18))
        broadcast = Broadcast(name="秋のお知らせ", created_at=days_ago(12))
        session.add(broadcast)
        session.flush()
        for friend in (one, two):
            session.add(
                Delivery(
                    friend_id=friend.id, kind=DeliveryKind.BROADCAST, purpose=Purpose.CARE,
                    broadcast_id=broadcast.id, state=DeliveryState.ACCEPTED,
                    created_at=days_ago(9), ended_at=days_ago(9),
                )
            )  # fmt: skip
        a_purchase(session, one, bought_at=days_ago(8), amount_yen=2500)
        friends.block(session, two, days_ago(8))
    day_counts.refresh(database, NOW)
    campaign_days.count(database, NOW)
    return visitor


def row(page: str, name: str) -> list[list[str]]:
    """Return this time's value, the one before and how it moved."""
    found = re.search(rf">{name}</a>(.*?)</th>(.*?)</tr>", page)
    assert found, name
    values = re.findall(r"<td[^>]*>(.*?)</td>", found[2])
    return [[each] for each in values] + [re.sub(r"<[^>]+>", " ", found[1]).split()]


def test_the_last_whole_week_stands_beside_the_one_before(owner: Visitor) -> None:
    page = owner.get(PAGE).text
    assert "2026年11月9日（月）〜2026年11月15日（日）" in page
    assert row(page, "新しい友だち") == [["1"], ["2"], ["▼", "1", "要注意"]]
    assert row(page, "ブロック") == [["1"], ["0"], ["▲", "1", "要注意"]]
    assert row(page, "配信停止") == [["0"], ["0"], ["変わりません"]]
    assert row(page, "ブロック率") == [["50.0%"], ["—"], []]
    campaigns = page[page.index('id="campaigns"') :]
    assert "秋のお知らせ" in campaigns
    assert re.search(
        r"秋のお知らせ</a></th>.*?>2</td>.*?>0</td>.*?>1</td>.*?>1</td>.*?>2,500円</td>", campaigns
    )
    assert "配信のおかげとは限りません" in campaigns


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_month_tells_what_was_bought_too(owner: Visitor, language: str) -> None:
    owner.post("/console/language", {"language": language, "next": PAGE})
    page = owner.get(f"{PAGE}?unit=month&start=2026-11-01").text
    assert ("友だちの購入金額" if language == "ja" else "¥2,500") in page
    assert ("まだ終わっていません" in page) is (language == "ja")
    if language == "en":
        main = re.sub("秋のお知らせ|みどり", "", page[page.index("<main") :])
        assert not re.search(r"[ぁ-んァ-ヶ]", main)


def test_a_decision_is_written_down_followed_up_and_settled(owner: Visitor, clock: FakeClock) -> None:
    typed = LAST_WEEK | {"text": "木曜の配信を\nやめてみる", "follow_up_on": "2026-11-28"}
    assert owner.submit(PAGE, typed).location == f"{PAGE}?unit=week&start=2026-11-09#decisions"
    page = owner.get(PAGE).text
    assert "木曜の配信を\nやめてみる" in page
    assert "様子を見ています" in page
    assert "ふりかえりで決めたこと" not in owner.get("/console/").text
    clock.advance(timedelta(days=7))
    owner.try_to_log_in("hanako", PASSWORD)
    assert "ふりかえりで決めたこと1件を確かめる" in owner.get("/console/").text
    page = owner.get(PAGE).text
    assert "ほかの期間に決めて" in page
    assert "確かめる日になりました" in page
    empty = owner.submit(PAGE, LAST_WEEK | {"outcome": " "}, to=f"{PAGE}decisions/1")
    assert empty.status_code == 422
    assert 'id="outcome-1-error"' in empty.text
    owner.submit(PAGE, LAST_WEEK | {"outcome": "ブロックが半分になった"}, to=f"{PAGE}decisions/1")
    page = owner.get(f"{PAGE}?unit=week&start=2026-11-11").text
    assert "ブロックが半分になった" in page
    assert "結果あり" in page
    again = owner.submit(PAGE, LAST_WEEK | {"outcome": "もう一度"}, to=f"{PAGE}decisions/1")
    assert "すでに別の人が書き込みました" in owner.get(again.location.partition("#")[0]).text
    owner.submit(PAGE, LAST_WEEK, to=f"{PAGE}decisions/1/reopen")
    with owner.services.database.reading() as session:
        assert session.scalars(select(ReviewDecision.settled_at)).all() == [None]
        actions = session.scalars(select(AuditEntry.action)).all()
        assert {"review_decided", "review_settled", "review_reopened"} <= set(actions)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"text": " ", "follow_up_on": "2026-11-28"}, "決めたことを入力してください。"),
        ({"text": "あ" * 1001, "follow_up_on": "2026-11-28"}, "1000文字以内で"),
        ({"text": "やめる", "follow_up_on": "2026-11-20"}, "確かめる日は、今日から"),
        ({"text": "やめる", "follow_up_on": ""}, "確かめる日は、今日から"),
        ({"text": "やめる", "follow_up_on": "x"}, "日付を 2026-11-21 のように"),
    ],
)
def test_a_decision_that_lacks_something_is_not_lost(
    owner: Visitor, typed: dict[str, str], words: str
) -> None:
    answer = owner.submit(PAGE, LAST_WEEK | typed)
    assert answer.status_code == 422
    assert words in answer.text
    assert typed["text"].strip() in answer.text
    assert "2026年11月9日（月）〜" in answer.text


def test_a_viewer_reads_reviews_and_decides_nothing(visitor: Visitor) -> None:
    visitor.log_in(Role.VIEWER)
    assert "決めたことを記録する" not in visitor.get(PAGE).text
    assert visitor.post(PAGE, LAST_WEEK | {"text": "x", "follow_up_on": "2026-11-28"}).status_code == 403
    assert visitor.post(f"{PAGE}decisions/1", {"outcome": "x"}).status_code == 403


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ({}, date(2026, 11, 9), date(2026, 11, 15)),
        ({"unit": "month"}, date(2026, 10, 1), date(2026, 10, 31)),
        ({"unit": "month", "start": "2026-02-14"}, date(2026, 2, 1), date(2026, 2, 28)),
        ({"unit": "week", "start": "2026-11-18"}, date(2026, 11, 16), date(2026, 11, 22)),
        ({"unit": "year", "start": "2027-01-01"}, date(2026, 11, 9), date(2026, 11, 15)),
        ({"start": "x"}, date(2026, 11, 9), date(2026, 11, 15)),
    ],
)
def test_a_span_is_read_from_the_address(asked: dict[str, str], first: date, last: date) -> None:
    span = review_span.read(MultiDict(asked), NOW.date())
    assert (span.first, span.last) == (first, last)


def test_spans_follow_each_other() -> None:
    january = Span(Unit.MONTH, date(2026, 1, 1))
    assert january.before.first == date(2025, 12, 1)
    assert january.after.first == date(2026, 2, 1)
    assert january.after.before == january
