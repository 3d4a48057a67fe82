"""When something happens next on the copy, read from the due ends of the indexes that the tick reads."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from scheduler.chunks import OPEN_CHUNK
from scheduler.models import (
    Broadcast,
    BroadcastState,
    Chunk,
    Delivery,
    DeliveryState,
    Enrolment,
    EnrolmentState,
)
from segments.db import UtcDateTime
from segments.models import CustomerEvent, Cycle, Facts, PointEntry, Touched

_NOW = bindparam("now", type_=UtcDateTime())
_WAITS = (Delivery.state == DeliveryState.QUEUED) & Delivery.chunk_id.is_(None)
_GOES_ON = Enrolment.state == EnrolmentState.ACTIVE
_BEGINS = Broadcast.state == BroadcastState.SCHEDULED
_ENDS = PointEntry.expired_at.is_(None) & PointEntry.expires_at.is_not(None)
_LEAVES = Chunk.state.in_(OPEN_CHUNK)


class NextDue(NamedTuple):
    """The first moments later than now at which the tick will find something; None for nothing of that kind."""

    send: datetime | None
    """Of steps, messages that wait and broadcasts."""
    review: datetime | None
    """Of ladders, reminders and points: what sends may follow from."""


def next_due(session: Session, after: datetime) -> NextDue:
    """Return what comes next after `after`."""
    found = session.execute(_NEXT, {"now": after}).one()
    sends, reviews = found[: len(_SENDS)], found[len(_SENDS) :]
    return NextDue(_first(sends), _first(reviews))


def is_at_rest(session: Session, now: datetime) -> bool:
    """Say whether nothing of now is left that another tick would take up at once."""
    return not session.scalar(_LEFT, {"now": now})


def _first(moments: Any) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)


def _soonest(column: Any, *which: Any) -> Select[Any]:
    return select(column).where(*which, column > _NOW).order_by(column).limit(1)


_SENDS = (
    _soonest(Enrolment.next_at, _GOES_ON),
    _soonest(Delivery.not_before, _WAITS),
    _soonest(Broadcast.scheduled_at, _BEGINS),
    _soonest(Chunk.next_attempt_at, _LEAVES),
)
_REVIEWS = (
    _soonest(Facts.review_at),
    _soonest(Cycle.remind_at, Cycle.reminded_at.is_(None)),
    _soonest(PointEntry.expires_at, _ENDS),
)
_NEXT = select(*(each.scalar_subquery() for each in (*_SENDS, *_REVIEWS)))
# Built once: writing these queries anew for each jump would take longer than asking them.
_LEFT = select(
    or_(
        exists().where(CustomerEvent.read_at.is_(None)),
        exists().where(Touched.id.is_not(None)),
        exists().where(_WAITS, Delivery.not_before <= _NOW),
        exists().where(_GOES_ON, Enrolment.next_at <= _NOW),
        exists().where(_BEGINS, Broadcast.scheduled_at <= _NOW),
        exists().where(Broadcast.state == BroadcastState.PLANNING),
    )
)
