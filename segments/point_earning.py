"""Points that purchases earn: entered when a purchase is learnt, corrected when it is refunded or moves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from segments import point_ledger, point_policy
from segments.models import CustomerEvent, EventKind, PointEntry, Purchase
from segments.point_policy import PointRules

RULE = "rule"
"""Who enters what the shop's rule says."""

Key = tuple[int, int]
"""A friend and a purchase."""


@dataclass(frozen=True)
class _Due:
    points: int
    expires_at: datetime | None


@dataclass(frozen=True)
class _Written:
    points: int
    entries: int
    expires_at: datetime | None
    """When the first of them goes, or went."""


def follow_purchases(
    session: Session,
    friend_ids: Sequence[int],
    now: datetime,
    *,
    rules: PointRules | None = None,
    announce: bool = True,
) -> None:
    """Make the points that friends' purchases earned follow from the purchases as they now stand.

    For any number of friends the queries are as many; none at all when `rules`, every rule the shop had, are
    given and none of them gave points: a rule switched off still has refunds take back what it gave. The caller has locked the friends' facts. A purchase whose points have expired is
    settled: neither a refund nor a new owner changes points any more.
    """
    if not friend_ids:
        return
    known = point_policy.rules(session) if rules is None else rules
    if not known.ever_on:
        return
    due = _due(session, friend_ids, known)
    written = _written(session, friend_ids)
    rows = [row for key in sorted(due.keys() | written.keys()) if (row := _entry(key, due, written, now))]
    point_ledger.write(session, rows)
    if announce:
        first = [row for row in rows if (row["friend_id"], row["purchase_id"]) not in written]
        _tell(session, first, now)


def _tell(session: Session, rows: Sequence[dict[str, Any]], now: datetime) -> None:
    news = [
        {
            "kind": EventKind.POINTS_EARNED,
            "friend_id": row["friend_id"],
            "at": now,
            "payload": {"points": row["points"], "purchase_id": row["purchase_id"]},
        }
        for row in rows
    ]
    if news:
        session.execute(insert(CustomerEvent), news)


def _due(session: Session, friend_ids: Sequence[int], rules: PointRules) -> dict[Key, _Due]:
    """Return what each purchase since the first rule earns by the rule it was bought under."""
    since = rules.versions[0][0]
    kept = Purchase.amount_yen - Purchase.refunded_yen
    bought = select(Purchase.friend_id, Purchase.id, Purchase.bought_at, kept).where(
        Purchase.friend_id.in_(friend_ids), Purchase.bought_at >= since
    )
    found: dict[Key, _Due] = {}
    for friend_id, purchase_id, bought_at, yen in session.execute(bought):
        rule = rules.at(bought_at)
        found[friend_id or 0, purchase_id] = _Due(rule.earned(yen), rule.expires_at(bought_at))
    return found


def _written(session: Session, friend_ids: Sequence[int]) -> dict[Key, _Written]:
    key = PointEntry.friend_id, PointEntry.purchase_id
    told = func.sum(PointEntry.points), func.count(), func.min(PointEntry.expires_at)
    entered = (
        select(*key, *told)
        .where(PointEntry.friend_id.in_(friend_ids), PointEntry.purchase_id.is_not(None))
        .group_by(*key)
    )
    return {
        (friend_id, purchase_id or 0): _Written(int(points), entries, ends)
        for friend_id, purchase_id, points, entries, ends in session.execute(entered)
    }


def _entry(
    key: Key, due: dict[Key, _Due], written: dict[Key, _Written], now: datetime
) -> dict[str, Any] | None:
    """Return the entry that makes up the difference; None when there is none, or nothing to change any more."""
    owed, known = due.get(key, _Due(0, None)), written.get(key, _Written(0, 0, None))
    missing = owed.points - known.points
    ends = known.expires_at if known.entries else owed.expires_at
    if missing == 0 or (ends is not None and ends <= now):
        return None
    friend_id, purchase_id = key
    # Each correction has a cause of its own, also when a purchase comes back to a friend.
    cause = f"purchase:{purchase_id}:{friend_id}:{known.entries + 1}"
    return point_ledger.row(
        friend_id, missing, cause, RULE, now, purchase_id=purchase_id, expires_at=owed.expires_at
    )
