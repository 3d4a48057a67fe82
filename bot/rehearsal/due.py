"""What happens next on the copy, and what the tick would find now: read from the due ends of the indexes it reads."""

from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Date, Select, bindparam, exists, or_, select
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
    MessageMeter,
    Scenario,
)
from segments.db import UtcDateTime
from segments.models import CustomerEvent, Cycle, Facts, PointEntry, Question, Segment, Touched

_NOW = bindparam("now", type_=UtcDateTime())
_TODAY = bindparam("today", type_=Date())
_WAITS = (Delivery.state == DeliveryState.QUEUED) & Delivery.chunk_id.is_(None)
_GOES_ON = Enrolment.state == EnrolmentState.ACTIVE
_BEGINS = Broadcast.state == BroadcastState.SCHEDULED
_ENDS = PointEntry.expired_at.is_(None) & PointEntry.expires_at.is_not(None)
_LEAVES = Chunk.state.in_(OPEN_CHUNK)
_REMINDS = Cycle.reminded_at.is_(None)
_BY_DATE = Scenario.active & Scenario.trigger["date"].as_string().is_not(None)
_IS_KEPT = or_(Segment.watched, Segment.members_version.is_not(None))


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


def parts_due(session: Session, now: datetime, today: date) -> frozenset[str]:
    """Return the names of those parts of the tick, among PARTS, that may find something on the shop's `today`.

    Rather too many than too few: what a part left out would have done never happens.
    """
    answers = session.execute(_PARTS_DUE, {"now": now, "today": today}).one()
    return frozenset(name for name, is_due in zip(PARTS, answers, strict=True) if is_due)


def _first(moments: Any) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)


def _soonest(column: Any, *which: Any) -> Select[Any]:
    return select(column).where(*which, column > _NOW).order_by(column).limit(1)


# All built once: writing these queries anew for each jump would take longer than asking them.
_SENDS = (
    _soonest(Enrolment.next_at, _GOES_ON),
    _soonest(Delivery.not_before, _WAITS),
    _soonest(Broadcast.scheduled_at, _BEGINS),
    _soonest(Chunk.next_attempt_at, _LEAVES),
)
_REVIEWS = (
    _soonest(Facts.review_at),
    _soonest(Cycle.remind_at, _REMINDS),
    _soonest(PointEntry.expires_at, _ENDS),
)
_NEXT = select(*(each.scalar_subquery() for each in (*_SENDS, *_REVIEWS)))

_EVENTS = exists().where(CustomerEvent.read_at.is_(None))
_TOUCHES = exists().where(Touched.id.is_not(None))
_STEPS = exists().where(_GOES_ON, Enrolment.next_at <= _NOW)
_MESSAGES = exists().where(_WAITS, Delivery.not_before <= _NOW)
_BROADCASTS = exists().where(_BEGINS, Broadcast.scheduled_at <= _NOW)
_SEGMENTS = exists().where(_IS_KEPT)
PARTS: dict[str, ColumnElement[bool]] = {
    "reviewed": or_(
        exists().where(Facts.review_at <= _NOW), exists().where(_REMINDS, Cycle.remind_at <= _NOW)
    ),
    "points_expired": exists().where(_ENDS, PointEntry.expires_at <= _NOW),
    "questions_overdue": exists().where(Question.answered_at.is_(None), Question.overdue_at.is_(None)),
    "time_passed": _SEGMENTS,
    "looked_again": _TOUCHES,
    "filled": _SEGMENTS,
    "events": _EVENTS,
    "dates": exists().where(_BY_DATE, or_(Scenario.dates_through.is_(None), Scenario.dates_through < _TODAY)),
    "steps": _STEPS,
    "broadcasts": _BROADCASTS,
    "let_go": exists().where(MessageMeter.held_at.is_not(None)),
    "collected": _MESSAGES,
    "swept": exists().where(_LEAVES, Chunk.next_attempt_at <= _NOW),
}
"""By the names of scheduler.tick: when each may find something. Others take up what was left behind, by a crash for one."""
_PARTS_DUE = select(*PARTS.values())
_IN_PLANNING = exists().where(Broadcast.state == BroadcastState.PLANNING)
_LEFT = select(or_(_EVENTS, _TOUCHES, _MESSAGES, _STEPS, _BROADCASTS, _IN_PLANNING))
