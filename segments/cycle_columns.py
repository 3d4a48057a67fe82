"""Purchase-cycle rows as columns: compared with what is stored, and written where they changed."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from segments import driver_queries, driver_rows
from segments.learned_cycles import Cycles
from segments.leaves.scanning import unindexed
from segments.micros import Floats, as_micros, differing, floats
from segments.models import Cycle
from segments.purchase_columns import Bools, Ints
from segments.purchase_history import EVERYTHING

KEY = ("friend_id", "category")
VALUES = tuple(each.name for each in fields(Cycles) if each.name not in {"who", "category"})
MOMENTS = frozenset(name for name in (*VALUES, "reminded_at") if name.endswith("_at"))
_READ = (*KEY, *VALUES, "reminded_at")
_cycles: Any = Cycle.__table__.c
_STORED = select(*(as_micros(_cycles[name]) if name in MOMENTS else _cycles[name] for name in _READ))
_OF_ONE = _STORED.where(_cycles.friend_id == bindparam("friend_id"))
_OF_FRIENDS = _STORED.where(_cycles.friend_id.in_(bindparam("friend_ids", expanding=True)))
_OF_RANGE = _STORED.where(_cycles.friend_id.between(bindparam("first"), bindparam("last")))

_DATES = ("due_at", "slip_at", "lapse_at")
_OVERALL = select(_cycles.friend_id, *(as_micros(_cycles[name]) for name in _DATES)).where(
    # SQLite would read the cycle over everything of all friends there are.
    unindexed(_cycles.category) == EVERYTHING,
    _cycles.friend_id.in_(bindparam("friend_ids", expanding=True)),
)


@dataclass(frozen=True, slots=True)
class Stored:
    """Rows as they are stored, sorted by friend and category."""

    friend_id: Ints
    category: tuple[str, ...]
    columns: dict[str, Any]


def stored(session: Session, friend_ids: Sequence[int]) -> Stored:
    """Return the rows of friends."""
    return _columns(driver_queries.of_friends(session, _OF_ONE, _OF_FRIENDS, friend_ids))


def overall(session: Session, friend_ids: Ints) -> dict[str, Floats]:
    """Return due_at, slip_at and lapse_at of the cycle over everything, an element a friend by ascending id."""
    dates = {name: np.full(len(friend_ids), np.nan) for name in _DATES}
    found = session.connection().execute(_OVERALL, {"friend_ids": friend_ids.tolist()}).fetchall()
    if found:
        who, *columns = zip(*found, strict=True)
        for name, column in zip(_DATES, columns, strict=True):
            dates[name][np.searchsorted(friend_ids, who)] = floats(column)
    return dates


def stored_range(session: Session, first: int, last: int) -> Stored:
    """Return the rows of all friends whose ids lie between two, both included."""
    return _columns(driver_queries.fetched(session, _OF_RANGE, {"first": first, "last": last}))


def _columns(found: Iterable[Any]) -> Stored:
    friend_id, category, *values = tuple(zip(*found, strict=True)) or ((),) * len(_READ)
    columns = {name: _column(name, each) for name, each in zip(_READ[2:], values, strict=True)}
    return Stored(np.array(friend_id, dtype=np.int64), category, columns)


def _column(name: str, values: Sequence[Any]) -> Any:
    whole = name in {"n", "sum_amount", "last_quantity"}
    return np.array(values, dtype=np.int64) if whole else floats(values)


def keep(
    session: Session, friend_ids: Ints, made: Cycles, names: Sequence[str], before: Stored, now_us: float
) -> Bools:
    """Make the stored rows of friends those that were made; tell for which friends any row changed.

    `names` are the categories by their places in `made`.
    """
    place = _places(friend_ids, made, names, before)
    new = {name: getattr(made, name) for name in VALUES}
    new["reminded_at"] = _reminded_at(made, before, place, now_us)
    changed = place < 0
    at = np.maximum(place, 0)
    if len(before.friend_id):
        stored_values = [before.columns[name][at] for name in new]
        changed |= differing(list(new.values()), stored_values).any(axis=0)
    rows = np.flatnonzero(changed)
    ids = friend_ids[made.who]
    categories: list[int] = made.category[rows].tolist()
    write = _change if len(before.friend_id) else driver_rows.insert
    _write(session, write, ids[rows], [names[one] for one in categories], new, rows)
    gone = np.ones(len(before.friend_id), dtype=np.bool_)
    gone[place[place >= 0]] = False
    _delete(session, before, np.flatnonzero(gone))
    touched = np.zeros(len(friend_ids), dtype=np.bool_)
    touched[made.who[rows]] = True
    touched[np.searchsorted(friend_ids, before.friend_id[gone])] = True
    return touched


def _places(friend_ids: Ints, made: Cycles, names: Sequence[str], before: Stored) -> Ints:
    """Return where each row made is stored, -1 where it is not yet."""
    if not len(before.friend_id):
        return np.full(len(made.who), -1, dtype=np.int64)
    code = {name: place for place, name in enumerate(names)}
    # A category nobody of these buys from any more has no row made: its code matches none.
    category = np.array([code.get(name, len(names)) for name in before.category], dtype=np.int64)
    kinds = len(names) + 1
    keys = np.searchsorted(friend_ids, before.friend_id) * kinds + category
    order = np.argsort(keys, kind="stable")
    wanted = made.who * kinds + made.category
    found = order[np.minimum(np.searchsorted(keys, wanted, sorter=order), len(keys) - 1)]
    return np.where(keys[found] == wanted, found, -1)


def _reminded_at(made: Cycles, before: Stored, place: Ints, now_us: float) -> Floats:
    # A purchase learned so late that its reminder's day is over (an import) is not reminded of.
    reminded = np.where(made.remind_at <= now_us, now_us, np.nan)
    if len(before.friend_id):
        at = np.maximum(place, 0)
        # One reminder a purchase, even when new parameters move its day.
        known = (place >= 0) & (before.columns["last_at"][at] == made.last_at)
        reminded = np.where(known, before.columns["reminded_at"][at], reminded)
    return reminded


Write = Callable[[Session, str, dict[str, Any]], None]


def _change(session: Session, table: str, columns: dict[str, Any]) -> None:
    driver_rows.upsert(session, table, KEY, columns)


def _write(
    session: Session, write: Write, ids: Ints, categories: list[str], new: dict[str, Any], rows: Ints
) -> None:
    if not len(rows):
        return
    columns: dict[str, Any] = {"friend_id": ids, "category": categories}
    for name, values in new.items():
        chosen = values[rows]
        columns[name] = driver_rows.Moments(chosen) if name in MOMENTS else chosen
    write(session, "cycles", columns)
    _forget(session, ids)


def _delete(session: Session, before: Stored, gone: Ints) -> None:
    if not len(gone):
        return
    ids = before.friend_id[gone]
    places: list[int] = gone.tolist()
    columns: dict[str, driver_rows.Values] = {
        "friend_id": ids,
        "category": [before.category[one] for one in places],
    }
    driver_rows.delete(session, "cycles", columns)
    _forget(session, ids)


def _forget(session: Session, ids: Ints) -> None:
    """Make the session read rows it holds as objects anew when they are next asked for."""
    if not len(session.identity_map):
        return
    changed = set(ids.tolist())
    for held in list(session.identity_map.values()):
        if isinstance(held, Cycle) and held.friend_id in changed:
            session.expire(held)
