"""Facts that follow from the timeline, the referrals and the points of friends, as columns."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import ColumnElement, Select, bindparam, func, select
from sqlalchemy.orm import Session

from segments.facts_columns import Columns
from segments.micros import as_micros, micros_of
from segments.models import CustomerEvent, EventKind, PointEntry, Referral
from segments.purchase_columns import Ints

FIRSTS = {
    "free_item_claimed_at": (EventKind.FREE_ITEM_CLAIMED,),
    "inquired_at": (EventKind.ASKED, EventKind.ANSWERED),
}
"""Moments of the first of these kinds of news."""
LASTS = {
    "trial_offered_at": (EventKind.TRIAL_OFFERED,),
    "satisfied_at": (EventKind.SATISFIED,),
    "dissatisfied_at": (EventKind.DISSATISFIED,),
    "last_reaction_at": (EventKind.WROTE, EventKind.TAPPED),
    "complained_at": (EventKind.COMPLAINED,),
}
"""Moments of the last."""
COUNTS = {
    "message_count": EventKind.WROTE,
    "tap_count": EventKind.TAPPED,
    "answer_count": EventKind.ANSWERED,
    "event_count": EventKind.EVENT_JOINED,
    "complaint_count": EventKind.COMPLAINED,
}
SIGNALS = (*FIRSTS, *LASTS, *COUNTS, "trial_offer_ends_at", "referral_count", "points")
"""The columns of facts that follow from these."""
_KINDS = sorted(
    {kind for kinds in (*FIRSTS.values(), *LASTS.values()) for kind in kinds} | set(COUNTS.values())
)

_events: Any = CustomerEvent.__table__.c
_referrals: Any = Referral.__table__.c
_points: Any = PointEntry.__table__.c


class _Queries(NamedTuple):
    """What is asked of friends whose ids lie in a range, or are listed."""

    told: Select[*tuple[Any, ...]]
    offers: Select[*tuple[Any, ...]]
    brought: Select[*tuple[Any, ...]]
    points: Select[*tuple[Any, ...]]


def _queries(among: Callable[[Any], ColumnElement[bool]]) -> _Queries:
    friend, kind, at = _events.friend_id, _events.kind, _events.at
    ours = among(friend)
    return _Queries(
        select(friend, kind, func.count(), as_micros(func.min(at)), as_micros(func.max(at)))
        .where(ours, kind.in_(_KINDS))
        .group_by(friend, kind),
        select(friend, _events.payload).where(ours, kind == EventKind.TRIAL_OFFERED),
        select(_referrals.referrer_id, func.count())
        .where(among(_referrals.referrer_id))
        .group_by(_referrals.referrer_id),
        select(_points.friend_id, func.sum(_points.points))
        .where(among(_points.friend_id))
        .group_by(_points.friend_id),
    )


_OF_RANGE = _queries(lambda column: column.between(bindparam("first"), bindparam("last")))
_OF_FRIENDS = _queries(lambda column: column.in_(bindparam("friend_ids", expanding=True)))


def signals(session: Session, friend_ids: Ints, *, whole_range: bool = False) -> Columns:
    """Return what is known of friends, given by ascending id, that does not come of purchases.

    With `whole_range` they are all the friends there are between the first and the last of them.
    """
    size, ids = len(friend_ids), friend_ids.tolist()
    found: Columns = {name: np.full(size, np.nan) for name in (*FIRSTS, *LASTS, "trial_offer_ends_at")}
    found |= {name: np.zeros(size, dtype=np.int64) for name in (*COUNTS, "referral_count", "points")}
    if not size:
        return found
    queries, wanted = (
        (_OF_RANGE, {"first": ids[0], "last": ids[-1]}) if whole_range else (_OF_FRIENDS, {"friend_ids": ids})
    )
    connection, place = session.connection(), {friend_id: row for row, friend_id in enumerate(ids)}
    _take_told(found, connection.execute(queries.told, wanted), place)
    _take_ends(found, connection.execute(queries.offers, wanted), place)
    for name, query in (("referral_count", queries.brought), ("points", queries.points)):
        for friend_id, number in connection.execute(query, wanted):
            if friend_id in place:
                found[name][place[friend_id]] = number
    return found


def _take_told(found: Columns, rows: Iterable[Any], place: dict[int, int]) -> None:
    firsts, lasts = (
        {kind: name for name, kinds in each.items() for kind in kinds} for each in (FIRSTS, LASTS)
    )
    counts = {kind: name for name, kind in COUNTS.items()}
    for friend_id, kind, count, first, last in rows:
        row = place.get(friend_id)
        if row is None:
            continue
        if kind in firsts:
            column = found[firsts[kind]]
            column[row] = np.fmin(column[row], first)
        if kind in lasts:
            column = found[lasts[kind]]
            column[row] = np.fmax(column[row], last)
        if kind in counts:
            found[counts[kind]][row] = count


def _take_ends(found: Columns, rows: Iterable[Any], place: dict[int, int]) -> None:
    column = found["trial_offer_ends_at"]
    for friend_id, payload in rows:
        row = place.get(friend_id)
        if row is not None and "ends_at" in payload:
            column[row] = np.fmax(
                column[row], float(micros_of(datetime.fromisoformat(payload["ends_at"])) or 0)
            )
