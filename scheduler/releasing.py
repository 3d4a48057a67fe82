"""Lets go what waited for money, once there is some: what cares before what sells, the most valuable friends first."""

from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from scheduler import bulk, meter
from scheduler.affording import waits_for_money, waits_until
from scheduler.models import Delivery, Purpose
from scheduler.months import next_month
from scheduler.reserved import queued, reserved
from scheduler.step_forecast import step_messages
from segments import friend_values

log = structlog.get_logger(__name__)

MOST = 20_000
"""Deliveries let go in one transaction."""


def keep_for_care(session: Session, now: datetime) -> int:
    """Set aside what care and answers will need until the month ends, while there is a limit; return how many."""
    if meter.cap(session).messages is None:
        wanted = 0
    else:
        wanted = reserved(session, now).care + round(step_messages(session, now, next_month(now)).care)
    if meter.read(session, now).kept_for_care != wanted:
        meter.keep_for_care(session, wanted, now)
    return wanted


def release(session: Session, now: datetime) -> int:
    """Let go as many as this month has room for; return how many, 0 when nothing waits or nothing may go."""
    if meter.held_since(session) is None:
        return 0
    this_month = meter.read(session, now)
    if not this_month.claimed and not this_month.kept_for_care:
        keep_for_care(session, now)  # A new month: what it needs is not known yet.
    released = 0
    for is_care in (True, False):
        room = _room(session, now, sales=not is_care)
        wanted = MOST if room is None else min(MOST, room)
        if wanted > 0 and (chosen := _chosen(session, wanted, now, is_care=is_care)):
            _let_go(session, chosen, now)
            released += len(chosen)
    if released:
        log.info("messages_let_go", deliveries=released)
    else:
        # Locked before the look: who begins to wait at this moment holds the meter, and is seen once it is free.
        meter.lock_held(session)
        if _is_anything_held(session):
            _wait_on(session, now)
        else:
            meter.nothing_held(session)
    return released


def _room(session: Session, now: datetime, *, sales: bool) -> int | None:
    """Return how many more messages this month may have, beside those that are about to claim theirs; None = any."""
    limit = meter.cap(session).messages
    if limit is None:
        return None
    now_read = meter.read(session, now)
    left = limit - now_read.taken - (now_read.kept_for_care if sales else 0)
    return left - queued(session, now) if left > 0 else 0


def _chosen(session: Session, count: int, now: datetime, *, is_care: bool) -> Sequence[int]:
    of_kind = Delivery.purpose != Purpose.SALES if is_care else Delivery.purpose == Purpose.SALES
    held = select(Delivery.id, Delivery.friend_id).where(waits_for_money(), of_kind).order_by(Delivery.id)
    rows = session.execute(held.limit(count + 1)).all()
    if len(rows) <= count:
        return [row[0] for row in rows]
    rows = session.execute(held).all()
    friends = {row[1] for row in rows}
    place = {id_: at for at, id_ in enumerate(friend_values.best_first(session, sorted(friends), now))}
    ordered = sorted(rows, key=lambda row: (place.get(row[1], len(place)), row[0]))
    return [row[0] for row in ordered[:count]]


def _let_go(session: Session, ids: Sequence[int], now: datetime) -> None:
    freed = update(Delivery).where(bulk.among(session, Delivery.id, ids), waits_for_money())
    values = {"not_before": now, "reason": None}
    session.execute(freed.values(values).execution_options(synchronize_session=False))


def _is_anything_held(session: Session) -> bool:
    return session.scalar(select(Delivery.id).where(waits_for_money()).limit(1)) is not None


def _wait_on(session: Session, now: datetime) -> None:
    """Let what found no room in a new month wait for the one after it, so that its date stays true."""
    until = next_month(now)
    late = update(Delivery).where(waits_for_money(), Delivery.not_before <= now)
    late = late.values(not_before=waits_until(until))
    session.execute(late.execution_options(synchronize_session=False))
