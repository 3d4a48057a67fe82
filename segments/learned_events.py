"""Facts that follow from the timeline, the referrals and the points of friends, as columns."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import ColumnElement, Select, String, bindparam, func, select, type_coerce
from sqlalchemy.orm import Session

from segments import driver_queries
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

_CODES = {kind.value: code for code, kind in enumerate(_KINDS)}


def _names_of(columns: Mapping[str, Iterable[EventKind]]) -> dict[str, list[str]]:
    """Return for each kind the columns that follow from it."""
    return {kind: [name for name, kinds in columns.items() if kind in kinds] for kind in _KINDS}


_NAMES_OF_FIRST, _NAMES_OF_LAST = _names_of(FIRSTS), _names_of(LASTS)
_NAMES_OF_COUNT = _names_of({name: (kind,) for name, kind in COUNTS.items()})

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
        # As text: making an object of each kind costs more than all else here.
        select(
            friend, type_coerce(kind, String), func.count(), as_micros(func.min(at)), as_micros(func.max(at))
        )
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
    _take_told(found, driver_queries.fetched(session, queries.told, wanted), friend_ids)
    _take_ends(found, session.connection().execute(queries.offers, wanted), friend_ids)
    for name, query in (("referral_count", queries.brought), ("points", queries.points)):
        if rows := driver_queries.fetched(session, query, wanted):
            friends, numbers = zip(*rows, strict=True)
            among, place = _places(friend_ids, friends)
            found[name][place] = np.array(numbers, dtype=np.int64)[among]
    return found


def _places(friend_ids: Ints, friends: Sequence[int]) -> tuple[Any, Ints]:
    """Tell which of `friends` are among the ids, and at which places those stand."""
    asked = np.array(friends, dtype=np.int64)
    place = np.minimum(np.searchsorted(friend_ids, asked), len(friend_ids) - 1)
    among = friend_ids[place] == asked
    return among, place[among]


def _take_told(found: Columns, rows: Sequence[Any], friend_ids: Ints) -> None:
    if not rows:
        return
    friends, kinds, counts, firsts, lasts = zip(*rows, strict=True)
    among, place = _places(friend_ids, friends)
    code = np.fromiter(map(_CODES.__getitem__, kinds), np.int8, len(kinds))[among]
    count, first, last = (np.array(each, dtype=np.float64)[among] for each in (counts, firsts, lasts))
    for kind, number in _CODES.items():
        mine = code == number
        at = place[mine]
        for name in _NAMES_OF_FIRST.get(kind, ()):
            found[name][at] = np.fmin(found[name][at], first[mine])
        for name in _NAMES_OF_LAST.get(kind, ()):
            found[name][at] = np.fmax(found[name][at], last[mine])
        for name in _NAMES_OF_COUNT.get(kind, ()):
            found[name][at] = count[mine].astype(np.int64)


def _take_ends(found: Columns, rows: Iterable[Any], friend_ids: Ints) -> None:
    column = found["trial_offer_ends_at"]
    for friend_id, payload in rows:
        if "ends_at" not in payload:
            continue
        _among, place = _places(friend_ids, [friend_id])
        ends_at = float(micros_of(datetime.fromisoformat(payload["ends_at"])) or 0)
        column[place] = np.fmax(column[place], ends_at)
