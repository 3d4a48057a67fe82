"""The list of broadcasts: by where they stand, by name, by day; and drafts thrown away or copied."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scheduler import broadcast_lookup, drafts
from scheduler.models import Broadcast, BroadcastState, Message, MessageVersion, Purpose
from scheduler.reports import BroadcastRow
from segments.errors import NotFound

PAGE = 50


class Standing(StrEnum):
    """What a list can be narrowed to."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    SENDING = "sending"
    DONE = "done"
    CANCELLED = "cancelled"


STATES = {
    Standing.DRAFT: (BroadcastState.DRAFT, BroadcastState.AWAITING_APPROVAL),
    Standing.SCHEDULED: (BroadcastState.SCHEDULED,),
    Standing.SENDING: (BroadcastState.PLANNING, BroadcastState.SENDING, BroadcastState.PAUSED),
    Standing.DONE: (BroadcastState.DONE,),
    Standing.CANCELLED: (BroadcastState.CANCELLED,),
}


@dataclass(frozen=True)
class Wanted:
    """Which broadcasts a list shows."""

    standing: Standing | None = None
    words: str = ""
    day: date | None = None
    """On which they left, will leave, or were begun."""


def broadcasts(
    session: Session, wanted: Wanted, zone: ZoneInfo, before_id: int | None = None
) -> tuple[Sequence[BroadcastRow], int | None]:
    """Return a page of broadcasts, the newest first, and the id to ask the next page with."""
    query = select(Broadcast).where(Broadcast.removed_at.is_(None)).order_by(Broadcast.id.desc())
    if wanted.standing is not None:
        query = query.where(Broadcast.state.in_(STATES[wanted.standing]))
    if wanted.words:
        query = query.where(Broadcast.name.icontains(wanted.words, autoescape=True))
    if wanted.day is not None:
        begins = datetime.combine(wanted.day, time.min, zone)
        ends = datetime.combine(wanted.day + timedelta(days=1), time.min, zone)
        at = func.coalesce(Broadcast.started_at, Broadcast.scheduled_at, Broadcast.created_at)
        query = query.where(at >= begins, at < ends)
    if before_id is not None:
        query = query.where(Broadcast.id < before_id)
    found = session.scalars(query.limit(PAGE + 1)).all()
    rows = [
        BroadcastRow(each.id, each.name, each.state, each.started_at or each.scheduled_at or each.created_at)
        for each in found[:PAGE]
    ]
    return rows, rows[-1].id if len(found) > PAGE else None


def copy(session: Session, broadcast_id: int, name: str, by: str, now: datetime) -> Broadcast:
    """Begin a new draft that says the same to the same audience."""
    old = broadcast_lookup.get(session, broadcast_id)
    if old.message_version_id is None:
        raise NotFound("message_unknown", key=broadcast_id)
    draft = drafts.Draft(
        name=name,
        message_version_id=old.message_version_id,
        condition=old.condition,
        audience_id=old.audience_id if old.condition is None else None,
        purpose=_purpose(session, old.message_version_id),
        per_minute=old.per_minute,
        holdout_percent=old.holdout_percent,
        by_mail=old.by_mail,
        through=old.through,
    )
    return drafts.create(session, draft, now=now, by=by)


def _purpose(session: Session, version_id: int) -> Purpose:
    query = select(Message.purpose).join(MessageVersion).where(MessageVersion.id == version_id)
    return session.scalar(query) or Purpose.SALES


def remove(session: Session, broadcast_id: int, now: datetime) -> None:
    """Throw a draft away; raises Conflict (broadcast_state) when it is none any more."""
    broadcast = broadcast_lookup.in_state(session, broadcast_id, [BroadcastState.DRAFT])
    broadcast.removed_at = now


def take_back(session: Session, broadcast_id: int) -> None:
    """Undo that."""
    broadcast_lookup.get(session, broadcast_id, lock=True).removed_at = None
