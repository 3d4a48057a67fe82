"""Points (ロイヤリティプログラム): a ledger whose sum is the balance; nothing in it is ever changed or deleted."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from segments import facts_locking, point_ledger, point_policy
from segments.errors import Conflict, Invalid
from segments.models import PointEntry
from segments.point_earning import RULE, follow_purchases
from segments.point_lots import expiry_cause, standing
from segments.upsert import insert_ignore

__all__ = ["Statement", "adjust", "expire", "follow_purchases", "history", "set_imported", "statement"]

MOST = 10_000_000
"""Points of one entry at most."""
HIGHEST = 2_000_000_000
LONGEST_CAUSE = 128
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
OWN_CAUSES = ("purchase:", "expiry:", "import:")
"""Causes of entries that follow from something else: nobody enters them by hand."""


@dataclass(frozen=True)
class Statement:
    """How a friend's points stand at one moment."""

    balance: int
    """What they can spend; below zero when points were spent whose purchase was refunded since."""
    expiring: Sequence[tuple[datetime, int]]
    """On which days points go and how many, the next first."""
    is_kept: bool
    """Whether the shop gives points, or the friend ever had any."""


def statement(session: Session, friend_id: int, now: datetime) -> Statement:
    """Return how a friend's points stand at `now`."""
    entries = point_ledger.entries_of(session, [friend_id])[friend_id]
    state = standing(entries)
    is_kept = bool(entries) or point_policy.in_force(session).is_on
    return Statement(state.balance(now), state.expiring(now), is_kept)


def history(session: Session, friend_id: int, limit: int = 100) -> Sequence[PointEntry]:
    """Return a friend's entries, the newest first."""
    newest = select(PointEntry).where(PointEntry.friend_id == friend_id).order_by(PointEntry.id.desc())
    return session.scalars(newest.limit(limit)).all()


def adjust(
    session: Session, friend_id: int, points: int, cause: str, by: str, now: datetime
) -> tuple[PointEntry, bool]:
    """Give points, or with a negative number spend them; return the entry and whether this call wrote it.

    `cause` is unique in all the shop (`api:receipt-17`): told again, it changes nothing. Raises Invalid
    (points_invalid, points_cause_invalid), NotFound (friend_unknown) or Conflict (points_insufficient with
    balance and asked; points_cause_used with stored and given).
    """
    _check(points, cause)
    facts_locking.lock_one(session, friend_id)
    written = _told(session, friend_id, points, cause)
    if written is not None:
        return written, False
    entries = point_ledger.entries_of(session, [friend_id])[friend_id]
    balance = standing(entries).balance(now)
    if points < 0 and balance + points < 0:
        raise Conflict("points_insufficient", balance=balance, asked=-points)
    if points > 0 and balance + points > HIGHEST:
        raise Invalid("points_invalid", limit=HIGHEST)
    ends = point_policy.in_force(session).expires_at(now)
    row = point_ledger.row(friend_id, points, cause, by, now, expires_at=ends)
    created = insert_ignore(session, PointEntry, [row]) == 1
    point_ledger.sum_up(session, [friend_id])
    entry = _told(session, friend_id, points, cause)
    assert entry is not None
    return entry, created


def expire(session: Session, now: datetime, limit: int = 500) -> int:
    """Take off what is left of points whose day has come, found by that day; return how many entries were looked at."""
    waiting = PointEntry.expires_at <= now, PointEntry.expired_at.is_(None)
    first = select(PointEntry.friend_id).where(*waiting).order_by(PointEntry.expires_at).limit(limit)
    friend_ids = sorted(set(session.scalars(first)))
    if not friend_ids:
        return 0
    facts_locking.lock(session, friend_ids)
    seen: list[int] = []
    rows: list[dict[str, object]] = []
    for friend_id, entries in point_ledger.entries_of(session, friend_ids).items():
        state = standing(entries)
        for entry in entries:
            if entry.expired_at is None and entry.expires_at is not None and entry.expires_at <= now:
                seen.append(entry.id)
                if left := state.left_of(entry.id):
                    rows.append(point_ledger.row(friend_id, -left, expiry_cause(entry.id), RULE, now))
    session.execute(update(PointEntry).where(PointEntry.id.in_(seen)).values(expired_at=now))
    point_ledger.write(session, rows)
    return len(seen)


def set_imported(session: Session, told: Mapping[int, int], by: str, now: datetime) -> set[int]:
    """Let the points that came from elsewhere be what a file says of each friend; return whose were not.

    The same file again changes nothing, a corrected one makes up the difference; what friends earned and
    spent here since stays. The friends have their facts rows.
    """
    friend_ids = sorted(told)
    facts_locking.lock(session, friend_ids)
    brought = PointEntry.friend_id.in_(friend_ids), PointEntry.cause.startswith("import:")
    sums = select(PointEntry.friend_id, func.sum(PointEntry.points), func.count()).where(*brought)
    known = {row[0]: (int(row[1]), row[2]) for row in session.execute(sums.group_by(PointEntry.friend_id))}
    ends = point_policy.in_force(session).expires_at(now)
    rows: list[dict[str, object]] = []
    for friend_id in friend_ids:
        points, count = known.get(friend_id, (0, 0))
        if missing := told[friend_id] - points:
            cause = f"import:{friend_id}:{count + 1}"
            rows.append(point_ledger.row(friend_id, missing, cause, by, now, expires_at=ends))
    point_ledger.write(session, rows)
    return {friend_id for friend_id in friend_ids if told[friend_id] != known.get(friend_id, (0, 0))[0]}


def _check(points: int, cause: str) -> None:
    if points == 0 or abs(points) > MOST:
        raise Invalid("points_invalid", limit=MOST)
    fine = 0 < len(cause) <= LONGEST_CAUSE and not _CONTROL.search(cause)
    if not fine or cause.startswith(OWN_CAUSES):
        raise Invalid("points_cause_invalid", limit=LONGEST_CAUSE)


def _told(session: Session, friend_id: int, points: int, cause: str) -> PointEntry | None:
    """Return the entry of a cause; raises Conflict when it says something else."""
    entry = session.scalar(select(PointEntry).where(PointEntry.cause == cause))
    if entry is not None and (entry.friend_id, entry.points) != (friend_id, points):
        raise Conflict("points_cause_used", cause=cause, stored=entry.points, given=points)
    return entry
