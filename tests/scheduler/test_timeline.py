"""One line of everything that happened with a friend: whole, in order, page by page, in few queries."""

from datetime import datetime

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from scheduler import timeline
from scheduler.models import Decision, Delivery, DeliveryKind, DeliveryState, Purpose
from scheduler.timeline import Mark
from scheduler.timeline_entries import Sort, What
from segments import coupons, events, friend_notes, points, tags
from segments.db import Database
from segments.models import (
    ChatMessage,
    Direction,
    EventKind,
    Link,
    LinkTap,
    StageChange,
    SurveyAnswer,
)
from tests.builders import a_friend, a_purchase, a_scenario, days_ago
from tests.fakes.clock import A_SATURDAY


def a_life(session: Session) -> int:
    """Add a friend with whom one thing of every kind has happened, some of them at one moment."""
    friend = a_friend(session)
    link = Link(name=f"案内{friend.id}", url="https://example.jp", created_at=days_ago(90))
    scenario = a_scenario(session, {})
    session.add(link)
    session.flush()
    a_purchase(session, friend, bought_at=days_ago(9), refunded_at=days_ago(8), refunded_yen=500)
    tags.tag(session, friend.id, "常連", days_ago(7), "operator:1", announce=False)
    friend_notes.add(session, friend.id, "メモ", "operator:1", days_ago(6))
    coupon = coupons.grant(session, "referral_newcomer", friend.id, f"c:{friend.id}", days_ago(5))
    coupon.redeemed_at, coupon.redeemed_by = days_ago(4), "till"
    events.append(session, EventKind.FOLLOWED, friend.id, days_ago(10))
    events.append(session, EventKind.WROTE, friend.id, days_ago(3))
    points.adjust(session, friend.id, 50, f"t:{friend.id}", "operator:1", days_ago(2))
    session.add_all(
        (
            ChatMessage(
                friend_id=friend.id, direction=Direction.IN, kind="text", text="やあ", at=days_ago(3)
            ),
            LinkTap(link_id=link.id, friend_id=friend.id, at=days_ago(3)),
            StageChange(friend_id=friend.id, to_stage="aware", reason="followed", at=days_ago(10)),
            SurveyAnswer(friend_id=friend.id, question="満足", answer="はい", at=days_ago(3)),
            _delivery(friend.id, DeliveryState.ACCEPTED, days_ago(1)),
            _delivery(friend.id, DeliveryState.SKIPPED, days_ago(1)),
            Decision(
                friend_id=friend.id,
                broadcast_id=0,
                enrolment_id=0,
                step_id=scenario.steps[0].id,
                rule="quiet_hours",
                at=days_ago(1),
                until=A_SATURDAY,
            ),
        )
    )
    session.flush()
    return friend.id


def _delivery(friend_id: int, state: DeliveryState, at: datetime) -> Delivery:
    return Delivery(
        friend_id=friend_id,
        kind=DeliveryKind.STEP,
        purpose=Purpose.CARE,
        state=state,
        created_at=at,
        ended_at=at,
    )


def test_everything_is_told_once_newest_first_whatever_the_size_of_a_page(database: Database) -> None:
    with database.begin() as session:
        friend = a_life(session)
        a_life(session)
        whole = timeline.page(session, friend)
        assert whole.next is None
        assert {each.what for each in whole.entries} == set(What)
        times = [each.at for each in whole.entries]
        assert times == sorted(times, reverse=True)
        for size in (1, 2, 3, 5):
            pieces: list[tuple[datetime, What, Sort]] = []
            mark: timeline.Mark | None = Mark()
            while mark is not None:
                page = timeline.page(session, friend, after=timeline.read_mark(str(mark)), limit=size)
                pieces += [(each.at, each.what, each.sort) for each in page.entries]
                mark = page.next
            assert pieces == [(each.at, each.what, each.sort) for each in whole.entries]


@pytest.mark.parametrize("sort", list(Sort))
def test_one_sort_alone_is_what_the_whole_has_of_it(sqlite: Database, sort: Sort) -> None:
    with sqlite.begin() as session:
        friend = a_life(session)
        alone = [each.what for each in timeline.page(session, friend, [sort]).entries]
        assert alone == [each.what for each in timeline.page(session, friend).entries if each.sort is sort]
        assert alone


def test_a_page_takes_at_most_fifteen_queries(sqlite: Database) -> None:
    with sqlite.begin() as session:
        friend = a_life(session)
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    event.listen(sqlite.engine, "before_cursor_execute", note)
    with sqlite.reading() as session:
        timeline.page(session, friend)
    event.remove(sqlite.engine, "before_cursor_execute", note)
    assert 0 < len([each for each in asked if each.startswith("SELECT")]) <= 15


@pytest.mark.parametrize("text", ["", "x", "1", "1.x", "-1.2", "9" * 17 + ".1", "1.100000", "１.１"])
def test_a_mark_that_is_none_is_the_beginning(text: str) -> None:
    assert timeline.read_mark(text) == Mark()
