"""What friends do, kept both ways at once: as news in the timeline and as a fact that may move their stage."""

from datetime import datetime
from typing import Any

from sqlalchemy import case, func, literal, or_, select, update
from sqlalchemy.orm import Session

from segments import events, facts, facts_locking, touching, trust
from segments.db import UtcDateTime
from segments.errors import NotFound
from segments.models import CustomerEvent, EventKind, Facts, TrustKind


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


def join_event(
    session: Session,
    friend_id: int,
    event: str,
    at: datetime,
    *,
    reference: str | None = None,
    now: datetime | None = None,
) -> bool:
    """Take note that a friend joined an event or a study session; tell whether that is news.

    `reference` is the teller's own number for it: told again, it changes nothing. `now` is when we learn of
    it, `at` when it happened. Raises NotFound("friend_unknown").
    """
    known = facts_locking.lock_one(session, friend_id).facts
    if _told_before(session, friend_id, reference, EventKind.EVENT_JOINED):
        return False
    events.append(session, EventKind.EVENT_JOINED, friend_id, at, **_named(reference, event=event))
    known.event_count += 1
    touching.touch(session, [friend_id])
    facts.refresh(session, friend_id, now or at)
    return True


def complain(
    session: Session,
    friend_id: int,
    at: datetime,
    *,
    reference: str | None = None,
    now: datetime | None = None,
    **payload: Any,
) -> bool:
    """Take note of a complaint; tell whether it is news. A withdrawn one that is told again stays withdrawn.

    `reference` is the teller's own number for it, `payload` says where it came from. Raises
    NotFound("friend_unknown").
    """
    known = facts_locking.lock_one(session, friend_id).facts
    if _told_before(session, friend_id, reference, EventKind.COMPLAINED, EventKind.COMPLAINT_WITHDRAWN):
        return False
    event = events.append(session, EventKind.COMPLAINED, friend_id, at, **_named(reference, **payload))
    session.flush()
    trust.enter(session, TrustKind.COMPLAINT, [friend_id], now or at, cause=trust.complaint_cause(event.id))
    known.complaint_count += 1
    known.complained_at = max(filter(None, (known.complained_at, at)))
    touching.touch(session, [friend_id])
    facts.refresh(session, friend_id, now or at)
    return True


def withdraw_complaint(session: Session, event_id: int, by: str, now: datetime) -> bool:
    """Take back a complaint that was none; it stays in the timeline as withdrawn. Tell whether it still counted.

    Raises NotFound("complaint_unknown").
    """
    told = session.get(CustomerEvent, event_id)
    if told is None or told.kind not in {EventKind.COMPLAINED, EventKind.COMPLAINT_WITHDRAWN}:
        raise NotFound("complaint_unknown", event_id=event_id)
    known = facts_locking.lock_one(session, told.friend_id).facts
    session.refresh(told, with_for_update=True)  # The scheduler may be reading it at this moment.
    if told.kind is EventKind.COMPLAINT_WITHDRAWN:
        return False
    told.kind = EventKind.COMPLAINT_WITHDRAWN
    told.read_at = None  # News again: what the complaint started ends.
    told.payload = {**told.payload, "withdrawn_by": by, "withdrawn_at": now.isoformat()}
    session.flush()
    left = CustomerEvent.friend_id == told.friend_id, CustomerEvent.kind == EventKind.COMPLAINED
    known.complaint_count -= 1
    known.complained_at = session.scalar(select(func.max(CustomerEvent.at)).where(*left))
    trust.withdraw_complaint(session, told.friend_id, told.id, now)
    touching.touch(session, [told.friend_id])
    facts.refresh(session, told.friend_id, now)
    return True


def _named(reference: str | None, **payload: Any) -> dict[str, Any]:
    return payload if reference is None else payload | {"reference": reference}


def _told_before(session: Session, friend_id: int, reference: str | None, *kinds: EventKind) -> bool:
    """Tell whether this was told already; the friend's facts are locked, so nobody tells it meanwhile."""
    if reference is None:
        return False
    same = (
        CustomerEvent.friend_id == friend_id,
        CustomerEvent.kind.in_(kinds),
        CustomerEvent.payload["reference"].as_string() == reference,
    )
    return session.scalar(select(CustomerEvent.id).where(*same).limit(1)) is not None


def wrote(session: Session, friend_id: int, at: datetime, **payload: Any) -> None:
    """Take note that a friend wrote; what they wrote stays in the chat alone."""
    events.append(session, EventKind.WROTE, friend_id, at, **payload)
    _count(session, friend_id, at, "message_count")
    trust.enter(session, TrustKind.REPLY, [friend_id], at)


def tapped(session: Session, friend_id: int, at: datetime, **payload: Any) -> None:
    """Take note that a friend tapped a button or a link."""
    events.append(session, EventKind.TAPPED, friend_id, at, **payload)
    _count(session, friend_id, at, "tap_count")
    trust.enter(session, TrustKind.TAP, [friend_id], at)


def _count(session: Session, friend_id: int, at: datetime, column: str) -> None:
    last = Facts.last_reaction_at
    later = case((or_(last.is_(None), last < at), literal(at, UtcDateTime())), else_=last)
    counted = update(Facts).where(Facts.friend_id == friend_id)
    values = {column: Facts.__table__.c[column] + 1, "last_reaction_at": later}
    settled = session.scalar(counted.values(values).returning(Facts.settled_count))
    touching.touch(session, [friend_id])
    if settled:
        # Reactions lift on the growth ladder alone, and there only who has made a habit of a product.
        facts.refresh(session, friend_id, at)
