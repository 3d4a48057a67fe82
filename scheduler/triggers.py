"""Reads the news of friends: starts scenarios, ends those whose goal is reached, lets leavers go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session, selectinload

from scheduler import enrolments
from scheduler.matching import cause_of, is_news_for
from scheduler.models import Enrolment, EnrolmentState, Scenario
from scheduler.reasons import Reason
from segments.models import CustomerEvent, EventKind

log = structlog.get_logger(__name__)

BATCH = 500
EXITS = {EventKind.BLOCKED: Reason.BLOCKED, EventKind.OPTED_OUT: Reason.OPTED_OUT}


@dataclass(frozen=True)
class _Reading:
    """One round of reading."""

    session: Session
    scenarios: Sequence[Scenario]
    now: datetime


def read_events(session: Session, now: datetime, limit: int = BATCH) -> int:
    """Act on at most `limit` unread events and mark them read; return how many, 0 when none is left.

    An event that cannot be acted on is logged and counts as read: it must not hold up the others.
    """
    events = session.scalars(
        select(CustomerEvent)
        .where(CustomerEvent.read_at.is_(None))
        .order_by(CustomerEvent.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    if not events:
        return 0
    scenarios = session.scalars(select(Scenario).options(selectinload(Scenario.steps))).all()
    reading = _Reading(session, scenarios, now)
    # Friend by friend: two processes then lock friends in the same order. Each friend's news stays in its own.
    for event in sorted(events, key=lambda each: (each.friend_id, each.id)):
        _act_safely(reading, event)
    session.execute(
        update(CustomerEvent)
        .where(CustomerEvent.id.in_([event.id for event in events]), CustomerEvent.read_at.is_(None))
        .values(read_at=now)
        .execution_options(synchronize_session=False)
    )
    return len(events)


def _act_safely(reading: _Reading, event: CustomerEvent) -> None:
    number, kind = event.id, event.kind
    started = [each for each in reading.scenarios if is_news_for(each.trigger, event)]
    reaching = [each.id for each in reading.scenarios if is_news_for(each.goal, event)]
    if not (started or reaching or kind in EXITS):
        return
    try:
        with reading.session.begin_nested():
            _act(reading, event, started, reaching)
    except Exception:
        log.exception("event_not_acted_on", event_id=number, kind=kind)


def _act(
    reading: _Reading, event: CustomerEvent, started: Sequence[Scenario], reaching: Sequence[int]
) -> None:
    session, now = reading.session, reading.now
    if event.kind in EXITS:
        enrolments.leave_all(session, event.friend_id, EXITS[event.kind], now)
    if reaching:
        mine = (Enrolment.friend_id == event.friend_id) & Enrolment.scenario_id.in_(reaching)
        enrolments.end_many(session, mine, EnrolmentState.GOAL, Reason.GOAL, now)
    for scenario in started:
        context = {**event.payload, "event": event.kind.value, "at": event.at.isoformat()}
        enrolments.enrol(
            session, scenario, event.friend_id, cause_of(event), context, now, entered_at=event.at
        )
