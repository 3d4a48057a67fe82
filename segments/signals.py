"""What friends do, kept both ways at once: as news in the timeline and as a fact that may move their stage."""

from datetime import datetime
from typing import Any

from sqlalchemy import case, literal, or_, update
from sqlalchemy.orm import Session

from segments import events, facts, facts_locking
from segments.db import UtcDateTime
from segments.models import EventKind, Facts


def claim_free_item(session: Session, friend_id: int, at: datetime) -> bool:
    """Take note that a friend claimed the free item; tell whether for the first time (only that is news)."""
    if facts_locking.lock_one(session, friend_id).facts.free_item_claimed_at is not None:
        return False
    events.append(session, EventKind.FREE_ITEM_CLAIMED, friend_id, at)
    facts.note(session, friend_id, at, free_item_claimed_at=at)
    return True


def inquire(session: Session, friend_id: int, at: datetime, **payload: Any) -> None:
    """Take note that a friend asked something."""
    events.append(session, EventKind.ASKED, friend_id, at, **payload)
    facts.note(session, friend_id, at, inquired_at=at)


def offer_trial(session: Session, friend_id: int, ends_at: datetime, at: datetime) -> None:
    """Take note that a friend was offered the trial until `ends_at`; letting it pass ends all offers."""
    events.append(session, EventKind.TRIAL_OFFERED, friend_id, at, ends_at=ends_at.isoformat())
    facts.note(session, friend_id, at, trial_offered_at=at, trial_offer_ends_at=ends_at)


def answer_satisfaction(session: Session, friend_id: int, satisfied: bool, at: datetime) -> None:
    """Take note of a friend's answer to whether they are satisfied; the latest answer counts."""
    events.append(session, EventKind.SATISFIED if satisfied else EventKind.DISSATISFIED, friend_id, at)
    if satisfied:
        facts.note(session, friend_id, at, satisfied_at=at)
    else:
        facts.note(session, friend_id, at, dissatisfied_at=at)


def wrote(session: Session, friend_id: int, at: datetime, **payload: Any) -> None:
    """Take note that a friend wrote; what they wrote stays in the chat alone."""
    events.append(session, EventKind.WROTE, friend_id, at, **payload)
    _count(session, friend_id, at, "message_count")


def tapped(session: Session, friend_id: int, at: datetime, **payload: Any) -> None:
    """Take note that a friend tapped a button or a link."""
    events.append(session, EventKind.TAPPED, friend_id, at, **payload)
    _count(session, friend_id, at, "tap_count")


def _count(session: Session, friend_id: int, at: datetime, column: str) -> None:
    last = Facts.last_reaction_at
    later = case((or_(last.is_(None), last < at), literal(at, UtcDateTime())), else_=last)
    counted = update(Facts).where(Facts.friend_id == friend_id)
    session.execute(counted.values({column: Facts.__table__.c[column] + 1, "last_reaction_at": later}))
