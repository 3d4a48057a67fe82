"""Very many rows at once: written and read as few are, whatever is in them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import BigInteger, bindparam, cast, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from segments import driver_queries, driver_rows
from segments.copied_rows import WORTH_IT
from segments.db import Database
from segments.driver_rows import Moments
from segments.micros import as_micros, micros_of
from segments.models import Cycle, Facts, Friend, StageChange
from tests.fakes.clock import A_SATURDAY as NOW

MANY = WORTH_IT + 50
FEW = 50
"""Rows that are written one by one on either database."""
CATEGORIES = ("", "お茶", "a\tb\n\\N", "é")


def some_friends(session: Session, count: int) -> list[int]:
    """Add friends; return their ids."""
    rows = [{"created_at": NOW} for _ in range(count)]
    return sorted(session.scalars(insert(Friend).returning(Friend.id), rows))


def moments(numbers: Any) -> Moments:
    """Return moments to the microsecond, before and after 2000 and 1970; every third is never."""
    at = (micros_of(NOW) or 0) + (numbers - 100) * 20_000_000_000_123.0
    return Moments(np.where(numbers % 3 == 0, np.nan, at))


def cycles(ids: Sequence[int], numbers: Any) -> dict[str, Any]:
    """Return columns of cycle rows, of every kind that there is."""
    return {
        "n": numbers,
        "s1": numbers / 7,
        "s2": -numbers / 3e5,
        "first_at": Moments(numbers * 86_400_000_000),
        "last_at": Moments(numbers * 86_400_000_001),
        "sum_amount": numbers * 10**12,
        "last_quantity": (numbers % 5).tolist(),
        "cycle_days": np.where(numbers % 4 == 0, 0.1, numbers / 9),
        "due_at": moments(numbers),
        "friend_id": list(ids),
        "category": [CATEGORIES[one % 4] for one in numbers.tolist()],
    }


def written(session: Session, model: Any, ids: Sequence[int]) -> list[tuple[Any, ...]]:
    """Return all that is stored of friends, by their places among them."""
    names = [each.key for each in model.__table__.columns if each.key not in {"id", "friend_id"}]
    query = select(*(getattr(model, name) for name in names)).where(model.friend_id.in_(ids))
    return [tuple(row) for row in session.execute(query.order_by(model.friend_id))]


def in_parts(columns: dict[str, Any], size: int) -> list[dict[str, Any]]:
    """Return columns cut into parts of so many rows."""
    rows = len(columns["friend_id"])
    return [
        {
            name: Moments(each.micros[start : start + size])
            if isinstance(each, Moments)
            else each[start : start + size]
            for name, each in columns.items()
        }
        for start in range(0, rows, size)
    ]


@pytest.mark.parametrize("size", [MANY, FEW])
def test_rows_are_added_changed_and_deleted_many_at_once_as_few(database: Database, size: int) -> None:
    numbers = np.arange(MANY)
    other = numbers[::-1].copy()
    with database.begin() as session:
        ids = some_friends(session, MANY)
        first, second = cycles(ids, numbers), cycles(ids, other)
        second["category"] = first["category"]
        for part in in_parts(first, size):
            driver_rows.insert(session, "cycles", part)
        assert [row[1:4] for row in written(session, Cycle, ids)] == [
            (one, one / 7, -one / 3e5) for one in range(MANY)
        ]
        due = [row[-5] for row in written(session, Cycle, ids)]
        assert due[:2] == [None, NOW + timedelta(microseconds=-99 * 20_000_000_000_123)]
        assert [row[0] for row in written(session, Cycle, ids)][:4] == list(CATEGORIES)
        for part in in_parts(second, size):
            driver_rows.update(session, "cycles", ("friend_id", "category"), part)
        changed = written(session, Cycle, ids)
        assert [row[1] for row in changed] == other.tolist()
        # Half of them are there, the others are new.
        third = cycles(ids, numbers)
        third["category"] = ["neu" if one % 2 else name for one, name in enumerate(first["category"])]
        for part in in_parts(third, size):
            driver_rows.upsert(session, "cycles", ("friend_id", "category"), part)
        assert len(written(session, Cycle, ids)) == MANY + MANY // 2
        for part in in_parts({"friend_id": np.array(ids), "category": third["category"]}, size):
            driver_rows.delete(session, "cycles", part)
        assert written(session, Cycle, ids) == [row for one, row in enumerate(changed) if one % 2]


@pytest.mark.parametrize("size", [MANY, FEW])
def test_texts_and_json_come_back_as_they_were(database: Database, size: int) -> None:
    numbers = np.arange(MANY)
    with database.begin() as session:
        ids = some_friends(session, MANY)
        columns: dict[str, Any] = {
            "friend_id": ids,
            "ladder": ["growth"] * MANY,
            "from_stage": [None if one % 3 else "気付き" for one in range(MANY)],
            "to_stage": ["x\\." for _ in range(MANY)],
            "reason": [f"r{one}" for one in range(MANY)],
            "reason_params": [f'{{"名": "{one}"}}' for one in range(MANY)],
            "at": Moments(np.full(MANY, micros_of(NOW))),
        }
        for part in in_parts(columns, size):
            driver_rows.insert(session, "stage_changes", part)
        assert written(session, StageChange, ids) == [
            ("growth", None if one % 3 else "気付き", "x\\.", f"r{one}", {"名": str(one)}, NOW)
            for one in numbers.tolist()
        ]


def test_a_row_of_nobody_is_refused_as_ever(database: Database) -> None:
    nobody = cycles([10**6 + one for one in range(MANY)], np.arange(MANY))
    with pytest.raises(IntegrityError), database.begin() as session:
        driver_rows.insert(session, "cycles", nobody)
    with database.reading() as session:
        assert session.scalars(select(Cycle)).all() == []


def test_rows_are_read_as_the_numbers_and_names_they_are(database: Database) -> None:
    query = (
        select(Cycle.friend_id, Cycle.category, as_micros(Cycle.due_at), Cycle.s1, Cycle.sum_amount)
        .where(Cycle.friend_id.between(bindparam("first"), bindparam("last")), Cycle.n.in_([0, 1, 2]))
        .order_by(Cycle.friend_id)
    )
    with database.begin() as session:
        ids = some_friends(session, MANY)
        driver_rows.insert(session, "cycles", cycles(ids, np.arange(MANY)))
        asked = {"first": ids[0], "last": ids[-1]}
        found = [tuple(row) for row in driver_queries.fetched(session, query, asked)]
        assert found == [
            (ids[0], "", None, 0.0, 0),
            (ids[1], "お茶", micros_of(NOW - 99 * timedelta(microseconds=20_000_000_000_123)), 1 / 7, 10**12),
            (ids[2], "a\tb\n\\N", micros_of(NOW - 98 * timedelta(microseconds=20_000_000_000_123)), 2 / 7, 2 * 10**12),
        ]  # fmt: skip


def test_whole_numbers_come_as_arrays(database: Database) -> None:
    between = Facts.friend_id.between(bindparam("first"), bindparam("last"))
    query = select(
        Facts.friend_id,
        as_micros(Facts.stage_since),
        Facts.trust,
        cast(Facts.trust, BigInteger) * 10**12,
        Facts.friend_id > 0,
    ).where(between)
    with database.begin() as session:
        ids = some_friends(session, 3)
        rows: list[dict[str, Any]] = [
            {"friend_id": one, "stage_since": NOW - timedelta(days=10_000 * place), "trust": -place}
            for place, one in enumerate(ids)
        ]
        session.execute(insert(Facts), rows)
        columns = driver_queries.arrays(session, query, {"first": ids[0], "last": ids[-1]})
        order = np.argsort(columns[0])
        assert [each[order].tolist() for each in columns] == [
            ids,
            [micros_of(row["stage_since"]) for row in rows],
            [0, -1, -2],
            [0, -(10**12), -2 * 10**12],
            [1, 1, 1],
        ]
        none = driver_queries.arrays(session, query, {"first": -2, "last": -1})
        assert [(each.dtype, len(each)) for each in none] == [(np.dtype(np.int64), 0)] * 5
