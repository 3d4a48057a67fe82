"""Replies: written before the call, and what became of them after it."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from scheduler.gateway import (
    Accepted,
    GatewayError,
    RateLimited,
    RefusedByLine,
    TemporaryGatewayError,
    UncertainGatewayError,
)
from scheduler.models import Attempt, Delivery, DeliveryBody, DeliveryKind, DeliveryState, Purpose
from scheduler.replies import record_replies, record_reply, uncertain_leftovers, write_reply
from segments.db import Database
from segments.models import ChatMessage, Direction
from tests.builders import a_friend
from tests.fakes.clock import A_SATURDAY

NOW = A_SATURDAY
MESSAGES: list[dict[str, Any]] = [
    {"type": "text", "text": "こんにちは"},
    {"type": "flex", "altText": "ご案内", "contents": {"type": "bubble"}},
]


@contextmanager
def _counted(database: Database) -> Generator[list[str]]:
    """Collect the statements sent to the database."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield statements
    event.remove(database.engine, "before_cursor_execute", note)


def _written(session: Session) -> Delivery:
    return write_reply(session, a_friend(session), MESSAGES, "token", NOW)


def _history(session: Session) -> list[tuple[str, str]]:
    rows = session.scalars(select(ChatMessage).order_by(ChatMessage.id)).all()
    assert all(row.direction is Direction.OUT and row.delivery_id for row in rows)
    return [(row.kind, row.text) for row in rows]


def test_a_reply_is_written_down_before_it_is_sent(database: Database) -> None:
    with database.begin() as session:
        delivery_id = _written(session).id
    with database.reading() as session:
        delivery = session.get_one(Delivery, delivery_id)
        body = session.get_one(DeliveryBody, delivery_id)
    assert (delivery.state, delivery.kind, delivery.purpose) == (
        DeliveryState.SENDING,
        DeliveryKind.REPLY,
        Purpose.SERVICE,
    )
    assert (body.messages, body.reply_token) == (MESSAGES, "token")


def test_an_accepted_reply_enters_the_chat_history_once(database: Database) -> None:
    with database.begin() as session:
        delivery = _written(session)
        assert record_reply(session, delivery.id, Accepted("req-1"), NOW)
        assert not record_reply(session, delivery.id, Accepted("req-1"), NOW)
        session.refresh(delivery)
        assert (delivery.state, delivery.request_id, delivery.ended_at) == (
            DeliveryState.ACCEPTED,
            "req-1",
            NOW,
        )
        assert session.get_one(DeliveryBody, delivery.id, populate_existing=True).reply_token is None
        assert _history(session) == [("text", "こんにちは"), ("flex", "ご案内")]
        assert session.scalars(select(Attempt)).one().outcome == "accepted"


@pytest.mark.parametrize(
    ("error", "state", "reason"),
    [
        (RefusedByLine("Invalid reply token", status=400), DeliveryState.FAILED, "refused"),
        (RateLimited("429", status=429), DeliveryState.FAILED, "rate_limited"),
        (TemporaryGatewayError("500", status=500), DeliveryState.FAILED, "temporary"),
        (UncertainGatewayError("timeout"), DeliveryState.UNCERTAIN, "uncertain"),
    ],
)
def test_a_reply_that_was_not_accepted_says_why(
    database: Database, error: GatewayError, state: DeliveryState, reason: str
) -> None:
    with database.begin() as session:
        delivery = _written(session)
        record_reply(session, delivery.id, error, NOW)
        session.refresh(delivery)
        assert (delivery.state, delivery.reason) == (state, reason)
        attempt = session.scalars(select(Attempt)).one()
        assert (attempt.outcome, attempt.status, attempt.error) == (reason, error.status, str(error))
        # The friend may be reading an uncertain one: the history must show it.
        assert len(_history(session)) == (2 if state is DeliveryState.UNCERTAIN else 0)


def test_a_reply_left_by_a_crash_becomes_uncertain_after_two_minutes(database: Database) -> None:
    with database.begin() as session:
        delivery = _written(session)
        assert uncertain_leftovers(session, NOW + timedelta(minutes=2)) == 0
        late = NOW + timedelta(minutes=2, seconds=1)
        assert uncertain_leftovers(session, late) == 1
        assert uncertain_leftovers(session, late) == 0
        session.refresh(delivery)
        assert (delivery.state, delivery.reason) == (DeliveryState.UNCERTAIN, "crashed")
        # The answer that comes after all changes nothing any more: a person decides.
        assert not record_reply(session, delivery.id, Accepted("late"), late)


def test_a_batch_of_replies_is_recorded_in_a_handful_of_statements(database: Database) -> None:
    with database.begin() as session:
        written = [_written(session).id for _ in range(30)]
        failed = RefusedByLine("Invalid reply token", status=400)
        outcomes: list[tuple[int, Accepted | GatewayError]] = [(id_, Accepted("req")) for id_ in written[1:]]
        with _counted(database) as statements:
            assert record_replies(session, [(written[0], failed), *outcomes], NOW) == 30
        assert len(statements) <= 5
        assert record_replies(session, outcomes, NOW) == 0
    with database.reading() as session:
        states = session.scalars(select(Delivery.state).order_by(Delivery.id)).all()
        assert states == [DeliveryState.FAILED] + [DeliveryState.ACCEPTED] * 29
        assert len(session.scalars(select(Attempt)).all()) == 30
        assert len(_history(session)) == 29 * 2


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # SQLite has one writer at a time
def test_a_reply_that_is_just_being_recorded_is_no_leftover_of_a_crash(database: Database) -> None:
    with database.begin() as session:
        delivery_id = _written(session).id
    with database.begin() as recording, database.begin() as ticking:
        assert record_reply(recording, delivery_id, Accepted("req-1"), NOW)
        assert uncertain_leftovers(ticking, NOW + timedelta(hours=1)) == 0
