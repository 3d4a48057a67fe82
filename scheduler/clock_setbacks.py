"""Notices that the clock was set back, and lets go on what would stand still until it has caught up.

A clock that ran ahead cannot be told from a machine that was off: what it skipped counts as time that passed.
"""

from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import BigInteger, ColumnElement, DateTime, Interval, literal, select, type_coerce, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from scheduler import chunks, heartbeats
from scheduler.jobs import JobQueue
from scheduler.models import (
    Broadcast,
    BroadcastState,
    Chunk,
    ChunkMode,
    Delivery,
    DeliveryState,
    Heartbeat,
    RateBucket,
)
from scheduler.plan_jobs import enqueue_plan
from segments.db import EPOCH, MICROSECOND

log = structlog.get_logger(__name__)

BELL = "bell"
NOTICED = "set_back"
LEAST = timedelta(minutes=2)
"""By how much the newest ring lies ahead before the clock counts as set back: machines differ by seconds."""
REST = timedelta(minutes=1)
"""How long a broadcast that leaves at so many a minute rests then, so that no minute holds more."""


def notice(session: Session, queue: JobQueue, now: datetime) -> timedelta:
    """Take note of a ring of the bell; return by how much the clock was set back since the one before, mostly by nothing.

    Asked by whoever rings, so that all rings are seen by one clock: two machines' clocks are never quite the same.
    """
    before = session.scalar(select(Heartbeat.at).where(Heartbeat.name == BELL))
    heartbeats.beat(session, BELL, heartbeats.CLOCK, now)
    if before is None or before - now < LEAST:
        return timedelta()
    log.warning("clock_set_back", seconds=round((before - now).total_seconds()))
    heartbeats.beat(session, NOTICED, heartbeats.CLOCK, now)
    _age_keys(session, before - now)
    _restart_lines(session, now)
    _go_on(session, queue, before, now)
    return before - now


def era(session: Session) -> str:
    """Return what sets ids made of moments apart from those of the time before the clock was set back; mostly nothing."""
    noticed = session.scalar(select(Heartbeat.at).where(Heartbeat.name == NOTICED))
    return f"~{noticed.isoformat()}" if noticed else ""


def _age_keys(session: Session, by: timedelta) -> None:
    """Let retry keys stay as old as they are: at LINE the clock was not set back."""
    tried = (Chunk.state.in_(chunks.OPEN_CHUNK), Chunk.first_attempt_at.is_not(None))
    chunk = update(Chunk).where(*tried).values(first_attempt_at=_earlier(session, Chunk.first_attempt_at, by))
    session.execute(chunk.execution_options(synchronize_session=False))
    # Along the index of chunks: those of a broadcast may be a million.
    under_way = select(Chunk.id).where(Chunk.state.in_(chunks.OPEN_CHUNK))
    sending = (Delivery.chunk_id.in_(under_way), Delivery.state == DeliveryState.SENDING)
    aged = _earlier(session, Delivery.first_attempt_at, by)
    delivery = update(Delivery).where(*sending).values(first_attempt_at=aged)
    session.execute(delivery.execution_options(synchronize_session=False))


def _earlier(
    session: Session, column: InstrumentedAttribute[datetime | None], by: timedelta
) -> ColumnElement[Any]:
    if session.get_bind().dialect.name == "sqlite":
        return type_coerce(column, BigInteger) - by // MICROSECOND
    return type_coerce(column, DateTime(timezone=True)) - literal(by, Interval())


def _restart_lines(session: Session, now: datetime) -> None:
    """Have the turns of broadcasts that leave at so many a minute begin anew, and no earlier than they may."""
    soon = (now + REST - EPOCH).total_seconds()
    ahead = RateBucket.name.like("broadcast:%") & (RateBucket.next_free > soon)
    restarted = update(RateBucket).where(ahead).values(next_free=soon)
    session.execute(restarted.execution_options(synchronize_session=False))
    waiting = update(Chunk).where(Chunk.state.in_(chunks.OPEN_CHUNK), Chunk.slot_at > now)
    session.execute(waiting.values(slot_at=None).execution_options(synchronize_session=False))


def _go_on(session: Session, queue: JobQueue, before: datetime, now: datetime) -> None:
    """Give new jobs to what was put off by the clock as it was; the old ones find nothing to do later."""
    is_open = Chunk.state.in_(chunks.OPEN_CHUNK)
    put_off = session.scalars(
        select(Chunk).where(is_open, Chunk.next_attempt_at > before).order_by(Chunk.id).with_for_update()
    ).all()
    # Those whose jobs run are left to the sweep, which must not believe that they are not due for hours.
    under_way = update(Chunk).where(is_open, Chunk.next_attempt_at.between(now, before))
    session.execute(under_way.values(next_attempt_at=now).execution_options(synchronize_session=False))
    for mode in ChunkMode:
        chunks.enqueue_all(session, queue, [each for each in put_off if each.mode is mode], now)
    planning = select(Broadcast.id).where(Broadcast.state == BroadcastState.PLANNING).order_by(Broadcast.id)
    for broadcast_id in session.scalars(planning).all():
        enqueue_plan(session, queue, broadcast_id)
