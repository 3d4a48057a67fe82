"""Writes very many rows to PostgreSQL by COPY: one message in its binary format, where statements go row by row.

Rows that are added are copied into their table; by those that change others a table of the transaction's own is
filled first, and one statement does the rest.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, repeat
from typing import Any

import numpy as np
from sqlalchemy import JSON, BigInteger, Boolean, Float, Integer, String
from sqlalchemy.orm import Session

from segments.binary_rows import said_as_usual
from segments.db import Base, UtcDateTime

WORTH_IT = 200
"""Rows from which on this takes less than one statement a row."""
SINCE_2000 = 946_684_800_000_000
"""Where PostgreSQL begins to count, in microseconds since 1970."""
_BEGIN, _END = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
_NULL = b"\xff\xff\xff\xff"
_FRESH = "fresh"
"""The table of rows by which others are changed."""

Columns = Mapping[str, Any]


def insert(session: Session, table: str, columns: Columns) -> None:
    """Add rows."""
    _copy(session, table, table, columns)


def upsert(session: Session, table: str, key: Sequence[str], columns: Columns) -> None:
    """Add rows, or change those that have the same key."""
    names = ", ".join(columns)
    told = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in key)
    with _fresh(session, table, columns) as run:
        run(
            f"INSERT INTO {table} ({names}) SELECT {names} FROM {_FRESH}"  # noqa: S608 — names of ours
            f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {told}"
        )


def update(session: Session, table: str, key: Sequence[str], columns: Columns) -> None:
    """Change the rows that have these keys."""
    told = ", ".join(f"{name} = {_FRESH}.{name}" for name in columns if name not in key)
    with _fresh(session, table, columns) as run:
        run(f"UPDATE {table} SET {told} FROM {_FRESH} WHERE {_same(table, key, columns)}")  # noqa: S608 — as above


def delete(session: Session, table: str, columns: Columns) -> None:
    """Delete the rows that have these values."""
    with _fresh(session, table, columns) as run:
        run(f"DELETE FROM {table} USING {_FRESH} WHERE {_same(table, list(columns), columns)}")  # noqa: S608 — as above


def _same(table: str, key: Sequence[str], columns: Columns) -> str:
    """Return that rows have the same key, and between which numbers it lies: else the whole table would be read."""
    told = [f"{table}.{name} = {_FRESH}.{name}" for name in key]
    numbers = np.asarray(columns[key[0]])
    return " AND ".join([*told, f"{table}.{key[0]} BETWEEN {numbers.min()} AND {numbers.max()}"])


@contextmanager
def _fresh(session: Session, table: str, columns: Columns) -> Generator[Callable[[str], Any]]:
    """Fill a table of this transaction's own with the rows; give what runs a statement on them."""
    run = session.connection().exec_driver_sql
    names = ", ".join(columns)
    run(f"CREATE TEMPORARY TABLE {_FRESH} ON COMMIT DROP AS SELECT {names} FROM {table} WITH NO DATA")  # noqa: S608 — as above
    _copy(session, _FRESH, table, columns)
    yield run
    run(f"DROP TABLE {_FRESH}")


def _copy(session: Session, into: str, table: str, columns: Columns) -> None:
    """Copy rows into one table whose columns are as those of another."""
    kinds = Base.metadata.tables[table].columns
    fields = [_fields(kinds[name].type, values) for name, values in columns.items()]
    size = len(columns).to_bytes(2, "big")
    rows = b"".join(chain.from_iterable(zip(repeat(size, len(fields[0])), *fields, strict=True)))
    connection: Any = session.connection()
    how = f"COPY {into} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)"
    with (
        said_as_usual(connection),
        connection.connection.driver_connection.cursor() as cursor,
        cursor.copy(how) as copy,
    ):
        copy.write(_BEGIN + rows + _END)


def _fields(kind: Any, values: Any) -> list[bytes]:
    """Return a column's values as they go over the wire: each with its length before it."""
    match kind:
        case UtcDateTime():
            return _numbers(">i8", values.micros, SINCE_2000)
        case Boolean():
            return _numbers("?", values)
        case BigInteger():
            return _numbers(">i8", values)
        case Integer():
            return _numbers(">i4", values)
        case Float():
            return _numbers(">f8", values)
        case JSON():
            return _texts(values, b"\x01")
        case String():
            return _texts(values)
        case _:
            raise TypeError(kind)


def _numbers(kind: str, values: Any, less: int = 0) -> list[bytes]:
    """Return numbers, nan and None as null; `less` is taken off first, exactly."""
    given = np.array(values, dtype=np.float64 if isinstance(values, list) and None in values else None)
    never = np.flatnonzero(given != given)
    given[never] = 0
    made: Any = np.empty(len(given), dtype=[("length", ">i4"), ("value", kind)])
    made["length"] = made.dtype["value"].itemsize
    made["value"] = given.astype(np.int64) - less if less else given
    fields: list[bytes] = made.view(f"V{made.dtype.itemsize}").tolist()
    for place in never.tolist():
        fields[place] = _NULL
    return fields


def _texts(values: Sequence[str | None], before: bytes = b"") -> list[bytes]:
    """Return texts; most of them are many times the same."""
    made = {text: before + text.encode() for text in set(values) if text is not None}
    fields: dict[str | None, bytes] = {
        text: len(each).to_bytes(4, "big") + each for text, each in made.items()
    }
    return list(map((fields | {None: _NULL}).__getitem__, values))
