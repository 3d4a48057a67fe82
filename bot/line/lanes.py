"""Which events are due, friend by friend: one process at a time works on a friend, in the order things happened."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, case, func, select, text, update
from sqlalchemy.orm import Session

from bot.models import InboundEvent, InboundState
from segments import driver_queries
from segments.models import Friend

WAITS = (
    timedelta(seconds=1),
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
)
"""How long after its n-th failure an event is tried again; after the last of them it is parked."""
LANE_LENGTH = 20
"""Events of one friend in one transaction at most."""
LOCKS = 0x6B6F6B79
"""Namespace of our advisory locks ("koky")."""
_PENDING = InboundEvent.state == InboundState.PENDING
_WORK = select(InboundEvent.id).where(_PENDING, InboundEvent.next_attempt_at <= bindparam("now")).limit(1)


def is_work(session: Session, now: datetime) -> bool:
    """Tell whether any event may be handled: asked several times a second, mostly in vain, so it is to cost little."""
    return bool(driver_queries.asked(session, _WORK, {"now": now}))


def due(session: Session, now: datetime, limit: int, hopeful_since: datetime | None = None) -> list[str]:
    """Return the friends whose next event may be handled, who waited longest first.

    While an event waits to be tried again its friend's later ones wait behind it. Friends of whom we heard since
    `hopeful_since` come before all others: an answer still reaches them, and to those it would be late anyway.
    """
    order: list[Any] = [func.min(InboundEvent.id)]
    if hopeful_since is not None:
        order.insert(0, case((func.max(InboundEvent.received_at) >= hopeful_since, 0), else_=1))
    waiting = select(InboundEvent.line_user_id).where(
        _PENDING, InboundEvent.next_attempt_at > now, InboundEvent.line_user_id.is_not(None)
    )
    lanes = (
        select(InboundEvent.line_user_id)
        .where(_PENDING, InboundEvent.line_user_id.is_not(None), InboundEvent.line_user_id.not_in(waiting))
        .group_by(InboundEvent.line_user_id)
        .order_by(*order)
        .limit(limit)
    )
    return [lane for lane in session.scalars(lanes) if lane is not None]


def strangers(session: Session, lanes: Sequence[str]) -> list[str]:
    """Return those of `lanes` whose name LINE has not told us yet."""
    known = select(Friend.line_user_id).where(
        Friend.line_user_id.in_(lanes), Friend.profile_fetched_at.is_not(None)
    )
    named = set(session.scalars(known))
    return [lane for lane in lanes if lane not in named]


def lock(session: Session, lanes: Sequence[str]) -> list[str]:
    """Take `lanes` for this transaction, but for those another process has; return which are ours.

    On SQLite the transaction itself is the lock: one writes at a time.
    """
    if session.get_bind().dialect.name == "sqlite":
        return list(lanes)
    statement = text(
        "SELECT lane FROM unnest(CAST(:lanes AS text[])) AS lane"
        " WHERE pg_try_advisory_xact_lock(:space, hashtext(lane))"
    )
    return list(session.scalars(statement, {"lanes": list(lanes), "space": LOCKS}))


def events_of(session: Session, lanes: Sequence[str]) -> dict[str, list[InboundEvent]]:
    """Return the pending events of locked lanes, each lane in the order things happened."""
    # Asked anew under the lock: another process may just have handled some.
    found = session.scalars(
        select(InboundEvent)
        .where(_PENDING, InboundEvent.line_user_id.in_(lanes))
        .order_by(InboundEvent.occurred_at, InboundEvent.id)
    )
    by_lane: dict[str, list[InboundEvent]] = {lane: [] for lane in lanes}
    for event in found:
        queue = by_lane[str(event.line_user_id)]
        if len(queue) < LANE_LENGTH:
            queue.append(event)
    return by_lane


def ignore_nobodys(session: Session, now: datetime, limit: int) -> int:
    """Set aside events that belong to no friend's chat (groups, channel news); return how many."""
    mine = (
        select(InboundEvent.id)
        .where(_PENDING, InboundEvent.line_user_id.is_(None))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    done = (
        update(InboundEvent)
        .where(InboundEvent.id.in_(mine))
        .values(state=InboundState.IGNORED, handled_at=now)
        .returning(InboundEvent.id)
        .execution_options(synchronize_session=False)
    )
    return len(session.scalars(done).all())


def finish(session: Session, event_ids: Sequence[int], state: InboundState, now: datetime) -> None:
    """Take note that events were handled, or ignored."""
    if not event_ids:
        return
    done = update(InboundEvent).where(InboundEvent.id.in_(event_ids))
    session.execute(
        done.values(state=state, handled_at=now, error=None).execution_options(synchronize_session=False)
    )


def fail(event: InboundEvent, error: str, now: datetime) -> None:
    """Take note of a failed attempt: wait and try again, or park it."""
    event.attempts += 1
    event.error = error
    if event.attempts > len(WAITS):
        event.state = InboundState.PARKED
    else:
        event.next_attempt_at = now + WAITS[event.attempts - 1]
