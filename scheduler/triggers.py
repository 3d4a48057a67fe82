"""Reads the news of friends: starts scenarios, ends those whose goal is reached, lets leavers go."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import structlog
from sqlalchemy import Integer, bindparam, select, update
from sqlalchemy.orm import Session, selectinload

from scheduler import apologies, block_rates, bulk, enrolments, goals, waking
from scheduler.event_starts import TAKEN_BACK, is_started_by, start_of
from scheduler.matching import is_news_for
from scheduler.models import Enrolment, EnrolmentState, Scenario
from scheduler.reasons import Reason
from scheduler.taking_back import take_back
from segments import shop
from segments.models import CustomerEvent, EventKind, Friend
from segments.shop import Shop

log = structlog.get_logger(__name__)

BATCH = 500
EXITS = {EventKind.BLOCKED: Reason.BLOCKED, EventKind.OPTED_OUT: Reason.OPTED_OUT}
# Built once: asked at every tick, and building it takes longer than asking.
_UNREAD = (
    select(CustomerEvent)
    # News of kinds that only newer versions know is left to their workers.
    .where(CustomerEvent.read_at.is_(None), CustomerEvent.kind.in_(list(EventKind)))
    .order_by(CustomerEvent.id)
    .limit(bindparam("most", type_=Integer()))
    .with_for_update(skip_locked=True)
)


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
    events = session.scalars(_UNREAD, {"most": limit}).all()
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
    told_of = {event.friend_id for event in events}
    goals.look(session, scenarios, told_of, now, reading.settings)
    waking.wake(session, scenarios, told_of, now)
    session.execute(
        update(CustomerEvent)
        .where(CustomerEvent.id.in_(ids), CustomerEvent.read_at.is_(None))
        .values(read_at=now)
        .execution_options(synchronize_session=False)
    )
    return len(ids)


def _meaning(reading: _Reading, event: CustomerEvent) -> _News | None:
    """Return what an event means, None when it means nothing to any scenario."""
    starts = [
        each
        for each in reading.scenarios
        if is_started_by(each, event) and not apologies.is_history(each.key, event, reading.now)
    ]
    reaches = [each.id for each in reading.scenarios if is_news_for(each.goal, event)]
    ends = event.kind in EXITS or event.kind is TAKEN_BACK
    return _News(event, starts, reaches) if starts or reaches or ends else None


def _act_safely(reading: _Reading, news: Sequence[_News]) -> None:
    """Act on all at once; when that breaks, one by one, to find the one it breaks for."""
    if not news:
        return
    try:
        with reading.session.begin_nested():
            _lock(reading.session, news)
            for round_ in _rounds(news):
                _act(reading, round_)
    except Exception:
        if len(news) == 1:
            log.exception("event_not_acted_on", event_id=news[0].event.id, kind=news[0].event.kind)
            return
        log.warning("events_acted_on_one_by_one", events=len(news), exc_info=True)
        for each in news:
            _act_safely(reading, [each])


def _rounds(news: Sequence[_News]) -> list[list[_News]]:
    """Part the news into rounds with at most one of each friend, whose own keep their order."""
    rounds: list[list[_News]] = []
    seen: Counter[int] = Counter()
    for each in news:
        place = seen[each.event.friend_id]
        seen[each.event.friend_id] += 1
        if place == len(rounds):
            rounds.append([])
        rounds[place].append(each)
    return rounds


def _lock(session: Session, news: Sequence[_News]) -> None:
    """Have another process wait that reads news of the same friends: each would wait for the other halfway."""
    these = bulk.among(session, Friend.id, sorted({each.event.friend_id for each in news}))
    session.execute(select(Friend.id).where(these).order_by(Friend.id).with_for_update(key_share=True))


def _act(reading: _Reading, round_: Sequence[_News]) -> None:
    """Act on one piece of news of each of many friends: a handful of statements however many they are."""
    _let_leave(reading, round_)
    _end_at_goals(reading, round_)
    mistaken = [each.event for each in round_ if each.event.kind is TAKEN_BACK]
    starts = take_back(reading.session, mistaken, reading.scenarios, reading.now)
    for each in round_:
        for scenario in each.starts:
            starts[scenario.id].append(start_of(each.event, reading.now))
    for scenario in reading.scenarios:
        if scenario.id in starts:
            enrolments.enter_many(
                reading.session, scenario, starts[scenario.id], reading.now, reading.settings
            )


def _let_leave(reading: _Reading, round_: Sequence[_News]) -> None:
    for kind, reason in EXITS.items():
        leaving = [each.event.friend_id for each in round_ if each.event.kind is kind]
        if leaving:
            mine = bulk.among(reading.session, Enrolment.friend_id, leaving)
            enrolments.end_many(reading.session, mine, EnrolmentState.LEFT, reason, reading.now)


def _end_at_goals(reading: _Reading, round_: Sequence[_News]) -> None:
    reaching: dict[tuple[int, ...], list[int]] = {}
    for each in round_:
        if each.reaches:
            reaching.setdefault(tuple(each.reaches), []).append(each.event.friend_id)
    for scenario_ids, friend_ids in reaching.items():
        mine = bulk.among(reading.session, Enrolment.friend_id, friend_ids)
        there = mine & Enrolment.scenario_id.in_(scenario_ids)
        enrolments.end_many(reading.session, there, EnrolmentState.GOAL, Reason.GOAL, reading.now)
