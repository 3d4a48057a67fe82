"""News of friends: rows appended in the transaction that made them, which triggers read later."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from segments.models import CustomerEvent, EventKind


def append(
    session: Session, kind: EventKind, friend_id: int, at: datetime, /, **payload: Any
) -> CustomerEvent:
    """Add one piece of news of a friend; `payload` holds plain JSON (moments as ISO 8601 text)."""
    event = CustomerEvent(kind=kind, friend_id=friend_id, at=at, payload=payload)
    session.add(event)
    return event
