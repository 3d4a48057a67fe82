"""The rows of the points ledger: read, written, and summed up in the facts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from segments import touching
from segments.models import Facts, PointEntry


def entries_of(session: Session, friend_ids: Sequence[int]) -> dict[int, list[PointEntry]]:
    """Return friends' entries, in the order in which they were written."""
    query = select(PointEntry).where(PointEntry.friend_id.in_(friend_ids)).order_by(PointEntry.id)
    found: dict[int, list[PointEntry]] = {friend_id: [] for friend_id in friend_ids}
    for entry in session.scalars(query.execution_options(populate_existing=True)):
        found[entry.friend_id].append(entry)
    return found


def row(
    friend_id: int,
    points: int,
    cause: str,
    by: str,
    now: datetime,
    *,
    purchase_id: int | None = None,
    expires_at: datetime | None = None,
) -> dict[str, Any]:
    """Return one entry as `write` takes it; what is taken away never expires."""
    return {
        "friend_id": friend_id,
        "points": points,
        "cause": cause,
        "by": by,
        "at": now,
        "purchase_id": purchase_id,
        "expires_at": expires_at if points > 0 else None,
    }


def write(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Add entries and sum up the friends concerned, whose facts the caller has locked."""
    if not rows:
        return
    # A None is written as such: rows that leave a column out would need a statement of their own.
    session.execute(insert(PointEntry).execution_options(render_nulls=True), list(rows))
    sum_up(session, sorted({each["friend_id"] for each in rows}))


def sum_up(session: Session, friend_ids: Sequence[int]) -> None:
    """Make the points in friends' facts the sum of their entries."""
    total = select(func.coalesce(func.sum(PointEntry.points), 0)).where(
        PointEntry.friend_id == Facts.friend_id
    )
    summed = update(Facts).where(Facts.friend_id.in_(friend_ids)).values(points=total.scalar_subquery())
    session.execute(summed.execution_options(synchronize_session="fetch"))
    touching.touch(session, friend_ids)
