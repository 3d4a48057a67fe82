"""When what came of a broadcast is counted, and what was counted last.

Counting reads each of the broadcast's deliveries, so it is done when the broadcast has ended and every hour after that
while its days are not over (`refresh`), never for a page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from scheduler.broadcast_counting import count
from scheduler.broadcast_figures import Figures
from scheduler.models import Broadcast, BroadcastResult, BroadcastState
from segments.db import Database

DAYS = (1, 3, 7, 14, 30)
"""Within how many days something may be counted."""
DEFAULT_DAYS = 7
EVERY = timedelta(hours=1)
STARTED = (BroadcastState.SENDING, BroadcastState.PAUSED, BroadcastState.DONE, BroadcastState.CANCELLED)


@dataclass(frozen=True)
class Counted:
    """Figures and when they were counted."""

    figures: Figures
    at: datetime


def kept(session: Session, broadcast_id: int, days: int) -> Counted | None:
    """Return what was counted last; None when it never was."""
    row = session.get(BroadcastResult, (broadcast_id, days))
    return Counted(Figures.from_json(row.figures), row.at) if row else None


def keep(session: Session, broadcast_id: int, days: int, figures: Figures, now: datetime) -> None:
    """Keep what was counted."""
    row = BroadcastResult(broadcast_id=broadcast_id, days=days, at=now, figures=figures.to_json())
    session.merge(row)


def due(session: Session, now: datetime, limit: int = 5) -> Sequence[tuple[int, int]]:
    """Return broadcasts, with the days, whose figures are missing or older than an hour while they may still move."""
    over = BroadcastResult.at > func.coalesce(Broadcast.ended_at, Broadcast.started_at)
    found: list[tuple[int, int]] = []
    for days in DAYS:
        row = and_(BroadcastResult.broadcast_id == Broadcast.id, BroadcastResult.days == days)
        # A day more than the days: a delivery may have waited for the end of quiet hours.
        moves = func.coalesce(Broadcast.ended_at, now) > now - timedelta(days=days + 1)
        stale = or_(BroadcastResult.at.is_(None), ~over, and_(moves, BroadcastResult.at < now - EVERY))
        query = (
            select(Broadcast.id)
            .outerjoin(BroadcastResult, row)
            .where(Broadcast.state.in_(STARTED), Broadcast.started_at.is_not(None), stale)
            .order_by(Broadcast.id.desc())
            .limit(limit)
        )
        found += [(broadcast_id, days) for broadcast_id in session.scalars(query)]
    return found


def refresh(database: Database, now: datetime) -> int:
    """Count what is due, the latest broadcasts first, and return how many figures that were.

    Counted without a lock on anything, then written in a moment: nobody waits for it.
    """
    with database.reading() as session:
        waiting = due(session, now)
    for broadcast_id, days in waiting:
        with database.reading() as session:
            figures = count(session, broadcast_id, days)
        with database.begin() as session:
            keep(session, broadcast_id, days, figures, now)
    return len(waiting)
