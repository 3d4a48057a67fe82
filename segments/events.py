"""News of friends: rows appended in the transaction that made them, which triggers read later."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from segments.models import CustomerEvent, EventKind


def append(
    session: Session, kind: EventKind, friend_id: int, at: datetime, /, **payload: Any
) -> CustomerEvent:
    """Add one piece of news of a friend; `payload` holds plain JSON (moments as ISO 8601 text)."""
    event = CustomerEvent(kind=kind, friend_id=friend_id, at=at, payload=payload)
    session.add(event)
    return event


def append_many(session: Session, news: Iterable[tuple[EventKind, int, datetime]]) -> None:
    """Add news of many friends in this order, each a kind, whose it is and when."""
    rows = [{"kind": kind, "friend_id": friend_id, "at": at} for kind, friend_id, at in news]
    if rows:
        session.execute(insert(CustomerEvent), rows)
