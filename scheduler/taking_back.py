"""Complaints that turned out to be none: what they started ends, and a later one that stands starts it instead."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import bulk, enrolments
from scheduler.event_starts import is_started_by, start_of
from scheduler.matching import cause_of
from scheduler.models import Enrolment, EnrolmentState, Scenario
from scheduler.reasons import Reason
from segments.models import CustomerEvent, EventKind


def take_back(
    session: Session, events: Sequence[CustomerEvent], scenarios: Iterable[Scenario], now: datetime
) -> defaultdict[int, list[enrolments.Start]]:
    """End what the complaints in `events`, at most one of a friend, started; return, by scenario, what starts instead.

    A later complaint had no effect while the friend was in the scenario for the earlier one. It has now, unless
    something was sent already.
    """
    starts: defaultdict[int, list[enrolments.Start]] = defaultdict(list)
    if not events:
        return starts
    by_id = {scenario.id: scenario for scenario in scenarios}
    later = _later(session, events)
    for scenario_id, friend_id in _end(session, events, now):
        for event in later[friend_id]:
            if is_started_by(by_id[scenario_id], event):
                starts[scenario_id].append(start_of(event, now)._replace(at=now))
    return starts


def _end(session: Session, events: Sequence[CustomerEvent], now: datetime) -> list[tuple[int, int]]:
    """End what the events started and is not over; return scenario and friend where nothing was sent."""
    theirs = bulk.among(session, Enrolment.friend_id, [event.friend_id for event in events])
    begun = theirs & Enrolment.cause.in_([cause_of(event) for event in events])
    enrolments.end_many(session, begun, EnrolmentState.LEFT, Reason.COMPLAINT_WITHDRAWN, now)
    unsent = begun & ~enrolments.SENT
    rows = session.execute(select(Enrolment.scenario_id, Enrolment.friend_id).where(unsent))
    return [(scenario_id, friend_id) for scenario_id, friend_id in rows]


def _later(session: Session, events: Sequence[CustomerEvent]) -> defaultdict[int, list[CustomerEvent]]:
    """Return by friend the complaints that stand, were read and came after the one taken back."""
    taken_back = {event.friend_id: event.id for event in events}
    query = select(CustomerEvent).where(
        bulk.among(session, CustomerEvent.friend_id, sorted(taken_back)),
        CustomerEvent.kind == EventKind.COMPLAINED,
        CustomerEvent.read_at.is_not(None),
    )
    found: defaultdict[int, list[CustomerEvent]] = defaultdict(list)
    for event in session.scalars(query.order_by(CustomerEvent.id)):
        if event.id > taken_back[event.friend_id]:
            found[event.friend_id].append(event)
    return found
