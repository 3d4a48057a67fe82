"""Hands rows as columns straight to the database's driver, and takes them from it: none passes through an object.

On SQLite also a single row of a single friend goes so: what SQLAlchemy makes of a call costs ten times the answer. On
PostgreSQL very many rows are copied (`copied_rows`).
"""

import sqlite3
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain, islice
from typing import Any, NamedTuple, cast

import numpy as np
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from segments import binary_rows, copied_rows
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
_IS_SQLITE = "is_sqlite"
"""Under which it keeps which of the two databases it talks to."""
_DRIVER = "driver_connection"
"""Under which it keeps the driver's connection, and the transaction this is of."""


def is_sqlite(session: Session) -> bool:
    """Tell which of the two databases this is."""
    known: bool | None = session.info.get(_IS_SQLITE)
    if known is None:
        known = session.info[_IS_SQLITE] = session.get_bind().dialect.name == "sqlite"
    return known


def of_friends(session: Session, one: Any, many: Any, friend_ids: Sequence[int]) -> Sequence[Any]:
    """Return what a query for one friend, or for many, finds; asked past the ORM, which would cost most of it.

    `one` takes `friend_id`, `many` takes `friend_ids`. What the session has not yet flushed is not seen.
    """
    if len(friend_ids) == 1:
        return asked(session, one, {"friend_id": friend_ids[0]})
    return fetched(session, many, {"friend_ids": list(friend_ids)})


def asked(session: Session, statement: Any, wanted: Mapping[str, Any]) -> Sequence[Any]:
    """Return the rows, if any, of a statement that takes one value for each name: the same one again and again.

    On SQLite they come as the database keeps them: ask for moments `as_micros`.
    """
    if not is_sqlite(session):
        found = session.connection().execute(statement, wanted)
        return found.fetchall() if found.returns_rows else ()
    prepared = _prepared(statement)
    values = {**prepared.values, **wanted}
    for name, kept in prepared.kept:
        values[name] = kept(values[name])
    try:
        return _driver(session).execute(prepared.sql, [values[name] for name in prepared.names]).fetchall()
    except sqlite3.Error as error:
        raise _as_usual(error) from error


class _Prepared(NamedTuple):
    """A statement as SQLite is told it."""

    sql: str
    names: list[str]
    """Of its parameters, in their order."""
    values: dict[str, Any]
    """What they are unless given."""
    kept: list[tuple[str, Callable[[Any], Any]]]
    """Makes of those that are given what the database keeps, where that is another thing."""


@lru_cache(maxsize=256)
def _prepared(statement: Any) -> _Prepared:
    dialect = sqlite.dialect()
    compiled = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    types = {name: each.type.dialect_impl(dialect) for name, each in compiled.binds.items()}
    made = [(name, kind.bind_processor(dialect)) for name, kind in types.items() if name in compiled.params]
    kept = [(name, make) for name, make in made if make is not None]
    return _Prepared(str(compiled), list(compiled.positiontup), dict(compiled.params), kept)


def fetched(session: Session, query: Any, wanted: dict[str, Any]) -> Sequence[Any]:
    """Return the rows of a query of numbers, names and `as_micros`: on SQLite the driver's own tuples."""
    connection = session.connection()
    if not is_sqlite(session):
        listed = any(isinstance(each, list) for each in wanted.values())
        return (
            connection.execute(query, wanted).fetchall()
            if listed
            else binary_rows.fetched(session, query, wanted)
        )
    with connection.execute(query, wanted) as result:
        # Nothing in them is to be converted, and an object for each costs as much as reading it.
        return cast("Any", result.cursor).fetchall()


def arrays(session: Session, query: Any, wanted: dict[str, Any]) -> Sequence[Any]:
    """Return the columns of a query of whole numbers, booleans and `as_micros`, none of them null."""
    if not is_sqlite(session):
        return binary_rows.arrays(session, query, wanted)
    columns = tuple(zip(*fetched(session, query, wanted), strict=True))
    return [np.array(each, dtype=np.int64) for each in columns or ((),) * len(query.selected_columns)]


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
    rows, driver = zip(*given, strict=True), _driver(session)
    try:
        if _ADDS in sql and sql.endswith(")") and (whole := len(given[0]) // TOGETHER):
            marks = sql[sql.index(_ADDS) + len(_ADDS) :]
            several = sql + f", {marks}" * (TOGETHER - 1)
            parts = (list(chain.from_iterable(islice(rows, TOGETHER))) for _ in range(whole))
            driver.executemany(several, parts)
        driver.executemany(sql, rows)
    except sqlite3.Error as error:
        raise _as_usual(error) from error


def _driver(session: Session) -> sqlite3.Connection:
    """Return the driver's connection of the session's transaction, looked for once in each."""
    transaction, driver = session.info.get(_DRIVER, (None, None))
    if driver is None or transaction is not session.get_transaction():
        driver = cast("sqlite3.Connection", session.connection().connection.driver_connection)
        session.info[_DRIVER] = session.get_transaction(), driver
    return driver


def _as_usual(error: sqlite3.Error) -> BaseException:
    """Return the driver's error as SQLAlchemy raises it: who handles a full disk or a lost file knows it so."""
    return DBAPIError.instance("", None, error, sqlite3.Error, hide_parameters=True)


def _given(session: Session, column: Any) -> list[Any]:
    """Return a column as the driver takes it."""
    if isinstance(column, Moments):
        given = plain(column.micros)
        return given if is_sqlite(session) else [moment_of(each) for each in given]
    return cast("list[Any]", column) if isinstance(column, list) else column.tolist()
