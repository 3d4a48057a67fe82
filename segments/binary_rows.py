"""Takes rows from PostgreSQL as the numbers and names they are over the wire: moments pass through no object.

Of rows that hold whole numbers alone the server makes an array a column, which becomes numpy's as it comes.
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    BigInteger,
    Boolean,
    DateTime,
    Integer,
    Interval,
    cast,
    func,
    literal_column,
    select,
    type_coerce,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from segments.micros import Micros

_BINARY = 1
"""How the driver calls that format."""
_WHOLE, _MOMENT = 20, 1184
"""How PostgreSQL calls bigint and timestamptz, which it sends as microseconds since 2000."""
_BYTES, _ARRAYS = 17, (1016, 1185)
"""How it calls bytea, and arrays of those."""
_ELEMENT = np.dtype([("length", ">i4"), ("value", ">i8")])
_HEAD = 20
"""Bytes before the first element of an array."""
_SINCE_1970 = literal_column("interval '262968 hours'", Interval())


def fetched(session: Session, query: Any, wanted: dict[str, Any]) -> Sequence[Any]:
    """Return the rows of a query of numbers, names and `as_micros`."""
    connection: Any = session.connection()
    sql, given = _prepared(query, tuple(wanted), connection.dialect)
    with said_as_usual(connection), connection.connection.driver_connection.cursor(binary=True) as cursor:
        _take(cursor, _MOMENT, _WHOLE)
        return cursor.execute(sql, given | wanted).fetchall()


def arrays(session: Session, query: Any, wanted: dict[str, Any]) -> list[NDArray[np.int64]]:
    """Return the columns of a query of whole numbers, booleans and `as_micros`, none of them null."""
    connection: Any = session.connection()
    sql, given = _prepared(query, tuple(wanted), connection.dialect, together=True)
    with said_as_usual(connection), connection.connection.driver_connection.cursor(binary=True) as cursor:
        for kind in _ARRAYS:
            _take(cursor, kind, _BYTES)
        return [_array(each) for each in cursor.execute(sql, given | wanted).fetchone()]


@contextmanager
def said_as_usual(connection: Any) -> Generator[None]:
    """Raise the driver's errors as SQLAlchemy does."""
    failure = connection.dialect.loaded_dbapi.Error
    try:
        yield
    except failure as error:
        raise DBAPIError.instance("", None, error, failure, hide_parameters=True) from error


def _take(cursor: Any, kind: int, like: int) -> None:
    """Have a type's values taken as if they were of another."""
    cursor.adapters.register_loader(kind, cursor.adapters.get_loader(like, _BINARY))


def _array(sent: bytes | None) -> NDArray[np.int64]:
    if sent is None:  # of no rows there is no array
        return np.empty(0, dtype=np.int64)
    return np.frombuffer(sent, _ELEMENT, offset=_HEAD)["value"].astype(np.int64)


@lru_cache(maxsize=64)
def _prepared(
    query: Any, wanted: tuple[str, ...], dialect: Any, *, together: bool = False
) -> tuple[str, dict[str, Any]]:
    """Return a query as the driver takes it, and its parameters; those that are wanted are still to be given."""
    told = query.with_only_columns(*map(_told, query.selected_columns)).params(dict.fromkeys(wanted))
    if together:
        told = select(*(func.array_agg(_whole(each)) for each in told.subquery().c))
    expanded = told.compile(dialect=dialect).construct_expanded_state()
    return expanded.statement, expanded.parameters


def _told(column: Any) -> Any:
    """Return a column as it is to be sent: moments counted from 1970."""
    if isinstance(column.type, Micros):
        return type_coerce(column, DateTime(timezone=True)) + _SINCE_1970
    return column


def _whole(column: Any) -> Any:
    if isinstance(column.type, Boolean):
        column = cast(column, Integer)
    return cast(column, BigInteger) if isinstance(column.type, Integer) else column
