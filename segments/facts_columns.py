"""Rows of facts as columns: read under lock, and written where they changed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Select, String, bindparam, inspect, select
from sqlalchemy.orm import Session, attributes

from segments import driver_queries, driver_rows
from segments.db import UtcDateTime
from segments.ladder_facts import FACTS, LadderColumns
from segments.ladders import LADDERS
from segments.learned import LEARNED
from segments.micros import Floats, as_micros, differing, floats, moment_of
from segments.models import Facts, Friend
from segments.purchase_columns import Bools, Ints

Columns = dict[str, Any]
"""By name: moments as float64 microseconds (nan for never), counts as int64, names as lists."""

_facts: Any = Facts.__table__.c
_friends: Any = Friend.__table__.c

RUNGS = tuple(
    name
    for each in LADDERS.values()
    for name in (each.rung_column, each.since_column, each.reason_column)
    if name
)
WRITTEN = (*LEARNED, *RUNGS, "suppressed_at", "review_at", "unlearned_since")
"""What learning writes."""
_GIVEN = tuple(name for name in FACTS if name not in LEARNED and hasattr(Facts, name))
_OTHERS = ("trial_offered_at", "answer_count", "complaint_count", "complained_at", "points")
_READ = tuple(dict.fromkeys(("friend_id", *_GIVEN, "message_count", "tap_count", *WRITTEN, *_OTHERS)))
_TYPES = {each.key: each.type for each in Facts.__table__.columns}
MOMENTS = frozenset(name for name in _READ if isinstance(_TYPES[name], UtcDateTime))
NAMES = frozenset(name for name in _READ if isinstance(_TYPES[name], String))


def _query() -> Select[*tuple[Any, ...]]:
    chosen: list[Any] = [as_micros(_facts[name]) if name in MOMENTS else _facts[name] for name in _READ]
    joined = select(*chosen, _friends.followed_at.is_not(None)).join_from(Facts.__table__, Friend.__table__)
    # Rows that merely point at these are not held up: FOR NO KEY UPDATE.
    return joined.order_by(_facts.friend_id).with_for_update(of=Facts.__table__, key_share=True)


_OF_ONE = _query().where(_facts.friend_id == bindparam("friend_id"))
_OF_FRIENDS = _query().where(_facts.friend_id.in_(bindparam("friend_ids", expanding=True)))
_OF_RANGE = _query().where(_facts.friend_id.between(bindparam("first"), bindparam("last")))


def lock(session: Session, friend_ids: Sequence[int]) -> Columns:
    """Return the facts of friends in the order of their ids, so that two callers never wait for each other."""
    return _columns(driver_queries.of_friends(session, _OF_ONE, _OF_FRIENDS, friend_ids))


def lock_range(session: Session, first: int, last: int) -> Columns:
    """Do the same for all friends whose ids lie between two, both included."""
    return _columns(driver_queries.fetched(session, _OF_RANGE, {"first": first, "last": last}))


def _columns(found: Iterable[Any]) -> Columns:
    names = (*_READ, "followed")
    values = tuple(zip(*found, strict=True)) or ((),) * len(names)
    return {name: _column(name, column) for name, column in zip(names, values, strict=True)}


def _column(name: str, values: Sequence[Any]) -> Any:
    if name in MOMENTS:
        return floats(values)
    if name in NAMES:
        return list(values)
    return np.array(values, dtype=np.bool_ if name == "followed" else np.int64)


def seen(kept: Columns, dates: Mapping[str, Floats]) -> LadderColumns:
    """Return what the ladders look at; `dates` are due_at, slip_at and lapse_at of the cycles over everything."""
    told: Columns = kept | dict(dates) | {"reaction_count": kept["message_count"] + kept["tap_count"]}
    return LadderColumns(**{name: told[name] for name in FACTS})


def write(session: Session, kept: Columns, new: Columns) -> Bools:
    """Write the rows that differ in any of the new columns from what was kept; tell which did.

    Only columns that changed are written: every other would cost a place in its index all the same.
    """
    differ = _differing(kept, new)
    turned, moved = np.zeros((2, len(kept["friend_id"])), dtype=np.bool_)
    for name, each in differ.items():
        if name == "review_at":
            moved |= each
        else:
            turned |= each
    for rows in (turned, moved & ~turned):  # most of those whom time moves only get their next date
        places = np.flatnonzero(rows)
        if places.size:
            _write(
                session,
                kept,
                {name: new[name] for name, each in differ.items() if each[places].any()},
                places,
            )
    return turned | moved


def _write(session: Session, kept: Columns, new: Columns, places: Ints) -> None:
    columns = {name: _stored(name, values, places) for name, values in new.items()}
    ids = kept["friend_id"][places]
    driver_rows.update(session, "facts", ("friend_id",), columns | {"friend_id": ids})
    _tell_session(session, ids, {name: (values, places) for name, values in new.items()})


def _differing(kept: Columns, new: Columns) -> dict[str, Bools]:
    """Return, by the columns in which any row differs, which do."""
    numbers = [name for name in new if name not in NAMES]
    # All at once: of a single friend, as at a till, column by column would cost ten times as much.
    rows = differing([kept[name] for name in numbers], [new[name] for name in numbers])
    places = np.flatnonzero(rows.any(axis=1)).tolist()
    found: dict[str, Bools] = {numbers[place]: rows[place] for place in places}
    for name in (name for name in new if name in NAMES):
        before, after = kept[name], list(new[name])
        if before != after:
            found[name] = np.array(before, dtype=object) != np.array(after, dtype=object)
    return found


def _stored(name: str, values: Any, places: Ints) -> driver_rows.Values:
    if name in NAMES:
        return list(values) if len(places) == len(values) else [values[place] for place in places.tolist()]
    chosen = values[places]
    return driver_rows.Moments(chosen) if name in MOMENTS else chosen


def _tell_session(session: Session, ids: Ints, written: Mapping[str, tuple[Any, Ints]]) -> None:
    """Bring objects of the session up to what was written past them."""
    if not len(session.identity_map):
        return
    mapper = inspect(Facts)
    for row, friend_id in enumerate(ids.tolist()):
        held = session.identity_map.get(mapper.identity_key_from_primary_key((friend_id,)))
        if held is None:
            continue
        for name, (values, places) in written.items():
            value = values[places[row]]
            if name in MOMENTS:
                value = None if np.isnan(value) else moment_of(value)
            elif name not in NAMES:
                value = int(value)
            attributes.set_committed_value(held, name, value)
