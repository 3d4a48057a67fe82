"""Asks the database past SQLAlchemy's ORM: rows come as columns of numbers or the driver's tuples, none through an object.

On SQLite also a single row of a single friend is asked for so: what SQLAlchemy makes of a call costs ten times the answer.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, cast

import numpy as np
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from segments import binary_rows

_IS_SQLITE = "is_sqlite"
"""Under which a session keeps which of the two databases it talks to."""
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
        return driver_of(session).execute(prepared.sql, [values[name] for name in prepared.names]).fetchall()
    except sqlite3.Error as error:
        raise as_usual(error) from error


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


def driver_of(session: Session) -> sqlite3.Connection:
    """Return the driver's connection of the session's transaction, looked for once in each."""
    transaction, driver = session.info.get(_DRIVER, (None, None))
    if driver is None or transaction is not session.get_transaction():
        driver = cast("sqlite3.Connection", session.connection().connection.driver_connection)
        session.info[_DRIVER] = session.get_transaction(), driver
    return driver


def as_usual(error: sqlite3.Error) -> BaseException:
    """Return the driver's error as SQLAlchemy raises it: who handles a full disk or a lost file knows it so."""
    return DBAPIError.instance("", None, error, sqlite3.Error, hide_parameters=True)
