"""Writes many rows at once, as columns handed straight to the database's driver: no row passes through an object."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from segments.micros import moment_of, plain

Values = Sequence[Any]


def is_sqlite(session: Session) -> bool:
    """Tell which of the two databases this is."""
    return session.get_bind().dialect.name == "sqlite"


def of_friends(session: Session, one: Any, many: Any, friend_ids: Sequence[int]) -> Values:
    """Return what a query for one friend, or for many, finds; asked past the ORM, which would cost most of it.

    `one` takes `friend_id`, `many` takes `friend_ids`. What the session has not yet flushed is not seen.
    """
    connection = session.connection()
    if len(friend_ids) == 1:
        return connection.execute(one, {"friend_id": friend_ids[0]}).fetchall()
    return connection.execute(many, {"friend_ids": list(friend_ids)}).fetchall()


def moments(session: Session, micros: Any) -> list[Any]:
    """Return an array of microseconds, nan for never, as the driver takes moments."""
    given = plain(micros)
    return given if is_sqlite(session) else [moment_of(each) for each in given]


def numbers(values: Any) -> list[Any]:
    """Return an array of numbers as the driver takes them."""
    return values.tolist()


def insert(session: Session, table: str, columns: dict[str, Values]) -> None:
    """Add rows."""
    _run(session, _insert(session, table, list(columns)), columns)


def upsert(session: Session, table: str, key: Sequence[str], columns: dict[str, Values]) -> None:
    """Add rows, or change those that have the same key."""
    told = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in key)
    sql = f"{_insert(session, table, list(columns))} ON CONFLICT ({', '.join(key)}) DO UPDATE SET {told}"
    _run(session, sql, columns)


def update(session: Session, table: str, key: str, columns: dict[str, Values]) -> None:
    """Change the rows that have these keys; the key is the last of the columns."""
    mark = _mark(session)
    told = ", ".join(f"{name} = {mark}" for name in columns if name != key)
    _run(session, f"UPDATE {table} SET {told} WHERE {key} = {mark}", columns)  # noqa: S608 — names of ours


def delete(session: Session, table: str, columns: dict[str, Values]) -> None:
    """Delete the rows that have these values."""
    told = " AND ".join(f"{name} = {_mark(session)}" for name in columns)
    _run(session, f"DELETE FROM {table} WHERE {told}", columns)  # noqa: S608 — names of ours


def _insert(session: Session, table: str, names: Sequence[str]) -> str:
    marks = ", ".join([_mark(session)] * len(names))
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608 — names of ours


def _mark(session: Session) -> str:
    return "?" if is_sqlite(session) else "%s"


def _run(session: Session, sql: str, columns: dict[str, Values]) -> None:
    rows = list(zip(*columns.values(), strict=True))
    if rows:
        session.connection().exec_driver_sql(sql, rows)
