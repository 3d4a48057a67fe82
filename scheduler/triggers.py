"""Reads the news of friends: starts scenarios, ends those whose goal is reached, lets leavers go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session, selectinload

from scheduler import block_rates, enrolments, waking
from scheduler.matching import cause_of, is_news_for
from scheduler.models import Enrolment, EnrolmentState, Scenario
from scheduler.reasons import Reason
from segments import shop
from segments.models import CustomerEvent, EventKind
from segments.shop import Shop

log = structlog.get_logger(__name__)

BATCH = 500
EXITS = {EventKind.BLOCKED: Reason.BLOCKED, EventKind.OPTED_OUT: Reason.OPTED_OUT}


@dataclass(frozen=True)
class _Reading:
    """One round of reading."""

    session: Session
    scenarios: Sequence[Scenario]
    settings: Shop
    now: datetime


class _News(NamedTuple):
    """An event and what it means for which scenarios."""

    event: CustomerEvent
    starts: list[Scenario]
    reaches: list[int]


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
    ids = [event.id for event in events]
    scenarios = session.scalars(select(Scenario).options(selectinload(Scenario.steps))).all()
    reading = _Reading(session, scenarios, shop.load(session), now)
    # Friend by friend: two processes then lock friends in the same order. Each friend's news stays in its own.
    in_order = sorted(events, key=lambda each: (each.friend_id, each.id))
    _act_safely(reading, [news for event in in_order if (news := _meaning(reading, event))])
    blocks = [(event.friend_id, event.at) for event in events if event.kind is EventKind.BLOCKED]
    block_rates.note_blocks(session, blocks, now)
    waking.wake(session, scenarios, {event.friend_id for event in events}, now)
    session.execute(
        update(CustomerEvent)
        .where(CustomerEvent.id.in_(ids), CustomerEvent.read_at.is_(None))
        .values(read_at=now)
        .execution_options(synchronize_session=False)
    )
    return len(ids)


def _meaning(reading: _Reading, event: CustomerEvent) -> _News | None:
    """Return what an event means, None when it means nothing to any scenario."""
    starts = [each for each in reading.scenarios if is_news_for(each.trigger, event)]
    reaches = [each.id for each in reading.scenarios if is_news_for(each.goal, event)]
    return _News(event, starts, reaches) if starts or reaches or event.kind in EXITS else None


def _act_safely(reading: _Reading, news: Sequence[_News]) -> None:
    """Act on all at once; when that breaks, one by one, to find the one it breaks for."""
    try:
        with reading.session.begin_nested():
            for each in news:
                _act(reading, each)
    except Exception:
        if len(news) == 1:
            log.exception("event_not_acted_on", event_id=news[0].event.id, kind=news[0].event.kind)
            return
        log.warning("events_acted_on_one_by_one", events=len(news), exc_info=True)
        for each in news:
            _act_safely(reading, [each])


def _act(reading: _Reading, news: _News) -> None:
    session, event, now = reading.session, news.event, reading.now
    if event.kind in EXITS:
        enrolments.leave_all(session, event.friend_id, EXITS[event.kind], now)
    if news.reaches:
        mine = (Enrolment.friend_id == event.friend_id) & Enrolment.scenario_id.in_(news.reaches)
        enrolments.end_many(session, mine, EnrolmentState.GOAL, Reason.GOAL, now)
    context = {**event.payload, "event": event.kind.value, "at": event.at.isoformat()}
    start = enrolments.Start(event.friend_id, cause_of(event), context, event.at)
    for scenario in news.starts:
        enrolments.enter(session, scenario, start, now, reading.settings)
