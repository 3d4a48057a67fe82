"""Hands rows as columns straight to the database's driver: none passes through an object.

On PostgreSQL very many rows are copied (`copied_rows`).
"""

import sqlite3
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from typing import Any, NamedTuple, cast

from sqlalchemy.orm import Session

from segments import copied_rows
from segments.driver_queries import as_usual, driver_of, is_sqlite
from segments.micros import Moments, moment_of, plain

Values = Any
"""A column: a list, an array of numbers, or Moments."""


class Statement(NamedTuple):
    """What is to be written, so that another process can write it."""

    sql: str
    columns: list[Values]


TOGETHER = 50
"""Rows that one statement adds on SQLite: a fifth to a third less work than one by one."""
_ADDS = "VALUES "
_HELD = "held_statements"
"""Under which a session keeps what is written while it is held back."""


def insert(session: Session, table: str, columns: dict[str, Values]) -> None:
    """Add rows."""
    if _are_copied(session, columns):
        copied_rows.insert(session, table, columns)
        return
    _run(session, _insert(session, table, list(columns)), columns)


def upsert(session: Session, table: str, key: Sequence[str], columns: dict[str, Values]) -> None:
    """Add rows, or change those that have the same key."""
    if _are_copied(session, columns):
        copied_rows.upsert(session, table, key, columns)
        return
    told = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in key)
    sql = f"{_insert(session, table, list(columns))} ON CONFLICT ({', '.join(key)}) DO UPDATE SET {told}"
    _run(session, sql, columns)


def update(session: Session, table: str, key: Sequence[str], columns: dict[str, Values]) -> None:
    """Change the rows that have these keys; what a key consists of are the last of the columns."""
    if _are_copied(session, columns):
        copied_rows.update(session, table, key, columns)
        return
    mark = _mark(session)
    told = ", ".join(f"{name} = {mark}" for name in columns if name not in key)
    which = " AND ".join(f"{name} = {mark}" for name in key)
    _run(session, f"UPDATE {table} SET {told} WHERE {which}", columns)  # noqa: S608 — names of ours


def delete(session: Session, table: str, columns: dict[str, Values]) -> None:
    """Delete the rows that have these values."""
    if _are_copied(session, columns):
        copied_rows.delete(session, table, columns)
        return
    told = " AND ".join(f"{name} = {_mark(session)}" for name in columns)
    _run(session, f"DELETE FROM {table} WHERE {told}", columns)  # noqa: S608 — names of ours


@contextmanager
def held_back(session: Session) -> Generator[list[Statement]]:
    """Collect what would be written through the session instead of writing it."""
    held = session.info[_HELD] = list[Statement]()
    try:
        yield held
    finally:
        del session.info[_HELD]


def write(session: Session, statements: Sequence[Statement]) -> None:
    """Write what another process of the same SQLite file prepared."""
    for sql, columns in statements:
        _run_on_sqlite(session, sql, columns)


def _are_copied(session: Session, columns: Mapping[str, Values]) -> bool:
    first = next(iter(columns.values()))
    rows = len(first.micros if isinstance(first, Moments) else first)
    return rows >= copied_rows.WORTH_IT and not is_sqlite(session) and _HELD not in session.info


def _insert(session: Session, table: str, names: Sequence[str]) -> str:
    marks = ", ".join([_mark(session)] * len(names))
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608 — names of ours


def _mark(session: Session) -> str:
    return "?" if is_sqlite(session) else "%s"


def _run(session: Session, sql: str, columns: dict[str, Values]) -> None:
    held = session.info.get(_HELD)
    if held is not None:
        held.append(Statement(sql, list(columns.values())))
        return
    if is_sqlite(session):
        _run_on_sqlite(session, sql, columns.values())
        return
    rows = list(zip(*(_given(session, each) for each in columns.values()), strict=True))
    if rows:
        session.connection().exec_driver_sql(sql, rows)


def _run_on_sqlite(session: Session, sql: str, columns: Iterable[Values]) -> None:
    given = [_given(session, each) for each in columns]
    # No list of rows: each is made when its turn has come, in the place of the one before.
    rows, driver = zip(*given, strict=True), driver_of(session)
    try:
        if _ADDS in sql and sql.endswith(")") and (whole := len(given[0]) // TOGETHER):
            marks = sql[sql.index(_ADDS) + len(_ADDS) :]
            several = sql + f", {marks}" * (TOGETHER - 1)
            parts = (list(chain.from_iterable(islice(rows, TOGETHER))) for _ in range(whole))
            driver.executemany(several, parts)
        driver.executemany(sql, rows)
    except sqlite3.Error as error:
        raise as_usual(error) from error


def _given(session: Session, column: Any) -> list[Any]:
    """Return a column as the driver takes it."""
    if isinstance(column, Moments):
        given = plain(column.micros)
        return given if is_sqlite(session) else [moment_of(each) for each in given]
    return cast("list[Any]", column) if isinstance(column, list) else column.tolist()
