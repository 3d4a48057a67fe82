"""Webhook events whose handler failed every time: looked at, tried again, let go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot import operators
from bot.models import InboundEvent, InboundState
from segments.errors import NotFound
from segments.models import Friend

PAGE = 50


@dataclass(frozen=True)
class ParkedRow:
    """One parked event; what the friend wrote stays out of it."""

    id: int
    kind: str
    occurred_at: datetime
    attempts: int
    error: str | None
    friend_id: int | None
    friend_name: str | None


def parked(session: Session, after_id: int = 0) -> tuple[Sequence[ParkedRow], int | None]:
    """Return a page of parked events, the oldest first, and where the next page starts."""
    event = InboundEvent
    wanted = (
        select(
            event.id,
            event.kind,
            event.occurred_at,
            event.attempts,
            event.error,
            Friend.id,
            Friend.display_name,
        )
        .outerjoin(Friend, Friend.line_user_id == event.line_user_id)
        .where(event.state == InboundState.PARKED, event.id > after_id)
        .order_by(event.id)
    )
    rows = [ParkedRow(*row) for row in session.execute(wanted.limit(PAGE + 1))]
    return rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None


def retry(session: Session, event_id: int, by: str, now: datetime) -> None:
    """Put a parked event back in line, with all its attempts before it. Raises NotFound when it is not parked."""
    _leave(session, event_id, state=InboundState.PENDING, attempts=0, next_attempt_at=now)
    operators.note(session, by, "inbound_retried", str(event_id), now)


def dismiss(session: Session, event_id: int, by: str, now: datetime) -> None:
    """Let a parked event go. Raises NotFound when it is not parked."""
    _leave(session, event_id, state=InboundState.IGNORED, handled_at=now)
    operators.note(session, by, "inbound_dismissed", str(event_id), now)


def _leave(session: Session, event_id: int, **values: object) -> None:
    parked = (InboundEvent.id == event_id) & (InboundEvent.state == InboundState.PARKED)
    moved = update(InboundEvent).where(parked).values(**values).returning(InboundEvent.id)
    if session.scalar(moved) is None:
        raise NotFound("event_not_parked", id=event_id)
