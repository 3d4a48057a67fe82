"""News of friends starting, reaching and leaving scenarios."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event as sql_event
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from scheduler.matching import is_news_for
from scheduler.models import Delivery, DeliveryState, Enrolment, EnrolmentState, Reentry
from scheduler.scenarios import advance
from scheduler.triggers import read_events
from segments import events, tags
from segments.db import Database
from segments.models import CustomerEvent, EventKind, Facts
from tests.builders import a_friend, a_scenario, days_ago
from tests.fakes.clock import A_SATURDAY

NOW = A_SATURDAY
DAY = timedelta(days=1)


def news(
    session: Session, friend_id: int, kind: EventKind = EventKind.PURCHASED, **payload: Any
) -> CustomerEvent:
    event = events.append(session, kind, friend_id, NOW, **payload)
    session.flush()
    return event


def states(session: Session) -> list[tuple[EnrolmentState, str | None]]:
    session.expire_all()
    return [
        (each.state, each.end_reason) for each in session.scalars(select(Enrolment).order_by(Enrolment.id))
    ]


def test_news_starts_the_scenarios_that_wait_for_it_once(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        a_scenario(session)
        a_scenario(session, trigger={"event": "followed"})
        event = events.append(session, EventKind.PURCHASED, friend.id, days_ago(0.1), order_id="A-1")
        session.flush()
        assert read_events(session, NOW) == 1
        assert read_events(session, NOW) == 0
        enrolment = session.scalars(select(Enrolment)).one()
        assert (enrolment.cause, enrolment.entered_at) == (f"event:{event.id}", event.at)
        assert enrolment.context == {"order_id": "A-1", "event": "purchased", "at": event.at.isoformat()}
        session.refresh(event)
        assert event.read_at == NOW


@pytest.mark.parametrize(
    ("where", "payload", "holds"),
    [
        (None, {}, True),
        ({"first": True}, {"first": True}, True),
        ({"first": True}, {"first": False}, False),
        ({"first": True}, {}, False),
        ({"count_at_least": 2}, {"count": 2}, True),
        ({"count_at_least": 2}, {"count": 1}, False),
        ({"count_at_most": 2}, {"count": 3}, False),
        ({"count_at_least": 2}, {}, False),
        ({"to": "regular"}, {"to": "regular"}, True),
        ({"to": ["regular", "existing"]}, {"to": "existing"}, True),
        ({"product_codes": "A"}, {"product_codes": ["A", "B"]}, True),
        ({"product_codes": "C"}, {"product_codes": ["A", "B"]}, False),
        ({"first": True, "trial": False}, {"first": True, "trial": True}, False),
    ],
)
def test_a_trigger_asks_about_the_payload(
    where: dict[str, Any] | None, payload: dict[str, Any], holds: bool
) -> None:
    event = CustomerEvent(kind=EventKind.PURCHASED, friend_id=1, at=NOW, payload=payload)
    assert is_news_for({"event": "purchased", "where": where}, event) is holds
    assert not is_news_for({"event": "followed", "where": where}, event)
    assert not is_news_for({"date": "birthday"}, event)


@pytest.mark.parametrize(
    ("where", "ladder", "holds"),
    [
        (None, "pyramid", True),
        (None, "growth", False),
        ({"to": "fan"}, "growth", False),
        ({"ladder": "growth", "to": "fan"}, "growth", True),
        ({"ladder": "growth"}, "class", False),
        (None, None, True),
    ],
)
def test_moves_on_the_pyramid_are_meant_unless_another_ladder_is_named(
    where: dict[str, Any] | None, ladder: str | None, holds: bool
) -> None:
    payload = {"to": "fan"} | ({"ladder": ladder} if ladder else {})
    event = CustomerEvent(kind=EventKind.STAGE_CHANGED, friend_id=1, at=NOW, payload=payload)
    assert is_news_for({"event": "stage_changed", "where": where}, event) is holds


def test_a_goal_ends_the_scenario_and_withdraws_its_message(database: Database) -> None:
    with database.begin() as session:
        friend, other = a_friend(session), a_friend(session)
        a_scenario(session, {}, {"delay": DAY}, trigger={"event": "cycle_due"}, goal={"event": "purchased"})
        for each in (friend, other):
            news(session, each.id, EventKind.CYCLE_DUE)
        read_events(session, NOW)
        advance(session, NOW)
        news(session, friend.id)
        read_events(session, NOW)
        assert states(session) == [(EnrolmentState.GOAL, "goal"), (EnrolmentState.ACTIVE, None)]
        found = {each.friend_id: each.state for each in session.scalars(select(Delivery))}
        assert found == {friend.id: DeliveryState.CANCELLED, other.id: DeliveryState.QUEUED}


def test_what_ends_one_round_may_start_the_next(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        a_scenario(session, {"delay": DAY}, goal={"event": "purchased"}, reentry=Reentry.ALWAYS)
        news(session, friend.id)
        read_events(session, NOW)
        news(session, friend.id)
        read_events(session, NOW)
        assert states(session) == [(EnrolmentState.GOAL, "goal"), (EnrolmentState.ACTIVE, None)]
        advance(session, NOW + DAY)
        # The purchase that started it is not its own goal.
        assert states(session)[1] == (EnrolmentState.COMPLETED, "completed")


@pytest.mark.parametrize(
    ("kind", "reason"), [(EventKind.BLOCKED, "blocked"), (EventKind.OPTED_OUT, "opted_out")]
)
def test_who_turns_away_leaves_every_scenario(database: Database, kind: EventKind, reason: str) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        for _ in range(2):
            a_scenario(session, {"delay": DAY})
        news(session, friend.id)
        news(session, friend.id, kind)
        assert read_events(session, NOW) == 2
        assert states(session) == [(EnrolmentState.LEFT, reason)] * 2


def test_one_bad_event_does_not_hold_up_the_others(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        a_scenario(session, condition={"is": "a condition nobody knows"}, trigger={"event": "followed"})
        a_scenario(session)
        news(session, friend.id, EventKind.FOLLOWED)
        news(session, friend.id)
        assert read_events(session, NOW) == 2
        assert read_events(session, NOW) == 0
        assert states(session) == [(EnrolmentState.ACTIVE, None)]


def test_events_are_read_in_portions(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        a_scenario(session, reentry=Reentry.ALWAYS)
        for _ in range(5):
            news(session, friend.id)
        assert [read_events(session, NOW, limit=2) for _ in range(4)] == [2, 2, 1, 0]
        assert len(states(session)) == 5


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # SQLite has one writer at a time
def test_two_processes_read_different_events(database: Database) -> None:
    with database.begin() as session:
        a_scenario(session)
        for _ in range(6):
            news(session, a_friend(session).id)
    with database.begin() as first, database.begin() as second:
        assert read_events(first, NOW, limit=4) == 4
        assert read_events(second, NOW, limit=4) == 2
    with database.begin() as session:
        assert len(states(session)) == 6


def test_many_friends_enter_in_a_handful_of_statements(database: Database) -> None:
    def statements_for(friends: int) -> int:
        with database.begin() as session:
            for _ in range(friends):
                friend = a_friend(session)
                news(session, friend.id, EventKind.FOLLOWED)
                news(session, friend.id, EventKind.TAGGED, tag="秋")
            seen: list[str] = []

            def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
                seen.append(statement)

            sql_event.listen(database.engine, "before_cursor_execute", note)
            try:
                assert read_events(session, NOW) == 2 * friends
            finally:
                sql_event.remove(database.engine, "before_cursor_execute", note)
            return len(seen)

    with database.begin() as session:
        whom = {"is": "purchase_count", "at_most": 0}
        a_scenario(session, {"delay": DAY}, trigger={"event": "followed"}, condition=whom)
        a_scenario(session, trigger={"event": "tagged", "where": {"tag": "秋"}})
        a_scenario(session, trigger={"event": "purchased"}, goal={"event": "tagged"}, reentry=Reentry.ALWAYS)
    few, many = statements_for(3), statements_for(120)
    assert many == few
    assert many < 60
    with database.begin() as session:
        assert len(states(session)) == 2 * 123


def test_a_friends_news_keep_their_order_among_those_of_others(database: Database) -> None:
    with database.begin() as session:
        a_scenario(session, {"delay": DAY}, goal={"event": "purchased"}, reentry=Reentry.ALWAYS)
        friends = [a_friend(session) for _ in range(3)]
        for friend in friends:
            news(session, friend.id)
        for friend in friends:
            news(session, friend.id, EventKind.BLOCKED)
        news(session, friends[1].id)
        assert read_events(session, NOW) == 7
        assert sorted(states(session)) == [
            (EnrolmentState.ACTIVE, None),
            *[(EnrolmentState.LEFT, "blocked")] * 3,
        ]


def test_a_goal_that_is_a_condition_ends_the_scenario_when_news_make_it_true(database: Database) -> None:
    goal = {"if": {"is": "tag", "names": ["会員"]}}
    with database.begin() as session:
        a_scenario(session, {"delay": DAY}, goal=goal)
        friends = [a_friend(session) for _ in range(3)]
        for friend in friends:
            news(session, friend.id)
        read_events(session, NOW)
        tags.tag(session, friends[1].id, "会員", NOW, "test")
        read_events(session, NOW)
        rows = session.execute(select(Enrolment.friend_id, Enrolment.state).order_by(Enrolment.id)).all()
    expected = [EnrolmentState.ACTIVE, EnrolmentState.GOAL, EnrolmentState.ACTIVE]
    assert [tuple(row) for row in rows] == [
        (friend.id, state) for friend, state in zip(friends, expected, strict=True)
    ]


def test_a_goal_that_came_true_without_news_is_noticed_before_the_next_message(database: Database) -> None:
    goal = {"if": {"is": "purchase_count", "at_least": 1}}
    with database.begin() as session:
        a_scenario(session, {"delay": DAY}, trigger={"event": "followed"}, goal=goal)
        friend = a_friend(session)
        news(session, friend.id, EventKind.FOLLOWED)
        read_events(session, NOW)
        session.execute(update(Facts).values(purchase_count=1))
        assert advance(session, NOW + DAY) == 1
        assert states(session) == [(EnrolmentState.GOAL, "goal")]
        assert session.scalars(select(Delivery)).all() == []


def test_who_is_at_the_goal_already_does_not_enter(database: Database) -> None:
    goal = {"if": {"is": "purchase_count", "at_least": 1}}
    with database.begin() as session:
        a_scenario(session, trigger={"event": "followed"}, goal=goal)
        news(session, a_friend(session, facts={"purchase_count": 2}).id, EventKind.FOLLOWED)
        outside = a_friend(session)
        news(session, outside.id, EventKind.FOLLOWED)
        read_events(session, NOW)
        assert session.scalars(select(Enrolment.friend_id)).all() == [outside.id]
