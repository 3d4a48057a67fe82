"""Fills tables from numpy columns as fast as each database takes them: executemany on SQLite, binary COPY on PostgreSQL.

A column is an array or one value for all rows. Moments are float64 microseconds since 1970 UTC and dates float64
days since 1970, nan being null; texts are bytes of one width.
"""

import io
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    Float,
    Index,
    Integer,
    LargeBinary,
    Table,
    inspect,
    schema,
    text,
)

from segments.db import Base, Database, UtcDateTime

Columns = Mapping[str, Any]
Array = NDArray[Any]

CHUNK = 200_000
SINCE_2000 = 946_684_800_000_000
"""PostgreSQL's own epoch, in microseconds since 1970."""
DAYS_2000 = 10_957


class Filler:
    """Fills the tables of one empty database; indexes are made when all rows are there."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._dropped: list[Index] = []

    def fill(self, model: type[Base], columns: Columns) -> None:
        """Insert a row for each element of the columns; what is not given takes the model's default."""
        table: Any = model.__table__
        arrays: list[Array] = [each for each in columns.values() if isinstance(each, np.ndarray)]
        rows = max((len(each) for each in arrays), default=1)
        full = {column.name: _column(columns, column, rows) for column in table.columns}
        full = {name: each for name, each in full.items() if each is not None}
        (self._on_sqlite if self._database.is_sqlite else self._on_postgres)(table, full, rows)

    def without_indexes(self) -> None:
        """Drop the indexes that are no constraints."""
        with self._database.begin() as session:
            have = {each["name"] for name in Base.metadata.tables for each in _indexes(session, name)}
            for table in Base.metadata.sorted_tables:
                for index in sorted(table.indexes, key=lambda one: str(one.name)):
                    if index.name in have:
                        session.execute(schema.DropIndex(index))
                        self._dropped.append(index)

    def with_indexes(self) -> None:
        """Make them again, and let the database look at its tables."""
        with self._database.begin() as session:
            for index in self._dropped:
                session.execute(schema.CreateIndex(index))
        with self._database.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.execute(text("ANALYZE" if self._database.is_sqlite else "VACUUM ANALYZE"))
            connection.commit()

    def _on_sqlite(self, table: Table, columns: Columns, rows: int) -> None:
        marks = ", ".join("?" * len(columns))
        insert = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 — names of ours
        connection: Any = self._database.engine.raw_connection()
        try:
            connection.execute("PRAGMA foreign_keys=OFF")
            connection.execute("PRAGMA synchronous=OFF")
            connection.execute("BEGIN")
            for start in range(0, rows, CHUNK):
                part = slice(start, min(start + CHUNK, rows))
                values = [_plain(table.columns[name].type, each[part]) for name, each in columns.items()]
                connection.executemany(insert, zip(*values, strict=True))
            connection.execute("COMMIT")
        finally:
            connection.invalidate()

    def _on_postgres(self, table: Table, columns: Columns, rows: int) -> None:
        copy = f"COPY {table.name} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)"
        connection: Any = self._database.engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute("SET session_replication_role = replica")  # no checks of foreign keys
            with cursor.copy(copy) as stream:
                stream.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
                for part in _alike(columns, rows):
                    for start in range(0, len(part), CHUNK):
                        some = part[start : start + CHUNK]
                        stream.write(_binary(table, {name: each[some] for name, each in columns.items()}))
                stream.write(b"\xff\xff")
            _follow_ids(cursor, table)
            connection.commit()
        finally:
            connection.invalidate()


def _indexes(session: Any, table: str) -> list[Any]:
    return inspect(session.connection()).get_indexes(table)


def _column(columns: Columns, column: Any, rows: int) -> Array | None:
    """Return a column in full; None when it is left to the database, as null or as the next number."""
    value: Any = None
    if column.name in columns:
        value = columns[column.name]
    elif column.primary_key:
        value = np.arange(1, rows + 1)
    elif column.default is not None:
        value = dict[str, Any]() if callable(column.default.arg) else column.default.arg
    if value is None or hasattr(value, "dtype"):
        return value
    return np.full(rows, _scalar(value))


def _scalar(value: Any) -> Any:
    if isinstance(value, dict):
        return b"{}"
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, datetime):
        return value.timestamp() * 1e6
    return (value - date(1970, 1, 1)).days if isinstance(value, date) else value


def _plain(kind: Any, values: Array) -> list[Any]:
    """Return the values as sqlite3 takes them."""
    if values.dtype.kind == "S":
        return [each.decode() for each in values.tolist()]
    if values.dtype.kind != "f" or isinstance(kind, Float):
        return values.tolist()
    if isinstance(kind, Date):
        days = np.where(np.isnan(values), 0, values).astype("datetime64[D]")
        made = np.datetime_as_string(days).tolist()
    else:
        made = np.where(np.isnan(values), 0, values).astype(np.int64).tolist()
    return [None if gone else each for each, gone in zip(made, np.isnan(values).tolist(), strict=True)]


def _alike(columns: Columns, rows: int) -> Iterator[Any]:
    """Give the rows in groups that have their nulls in the same columns."""
    pattern = np.zeros(rows, dtype=np.int64)
    for each in columns.values():
        if each.dtype.kind == "f":
            pattern = pattern * 2 + np.isnan(each)
    for kind in np.unique(pattern):
        yield np.flatnonzero(pattern == kind)


def _binary(table: Table, columns: Columns) -> bytes:
    """Return rows as PostgreSQL's binary COPY has them: the number of fields, then each with its length before it."""
    fields: list[tuple[str, Any]] = [("#", ">i2")]
    values: dict[str, Any] = {"#": len(columns)}
    for name, each in columns.items():
        made = _big_endian(table.columns[name].type, each)
        fields.append((f"{name}_length", ">i4"))
        empty = made is not None and made.dtype.kind == "S" and not made.any()
        values[f"{name}_length"] = -1 if made is None else 0 if empty else made.dtype.itemsize
        if made is not None and not empty:
            fields.append((name, made.dtype))
            values[name] = made
    rows = np.empty(len(next(iter(columns.values()))), dtype=fields)
    for name, value in values.items():
        rows[name] = value
    return rows.tobytes()


def _big_endian(kind: Any, values: Array) -> Array | None:
    if values.dtype.kind == "f" and len(values) and np.isnan(values[0]):
        return None
    match kind:
        case UtcDateTime():
            return (values.astype(np.int64) - SINCE_2000).astype(">i8")
        case Date():
            return (values.astype(np.int64) - DAYS_2000).astype(">i4")
        case Float():
            return values.astype(">f8")
        case BigInteger():
            return values.astype(">i8")
        case Integer():
            return values.astype(">i4")
        case Boolean():
            return values.astype(">i1")
        case JSON():
            marked = io.BytesIO()
            for each in values.tolist():
                marked.write(b"\x01" + each)
            return np.frombuffer(marked.getvalue(), dtype=f"S{values.dtype.itemsize + 1}")
        case LargeBinary():
            raise TypeError(kind)
        case _:
            return values


def _follow_ids(cursor: Any, table: Table) -> None:
    """Let the sequence of a numbered table go on after the rows that brought their own numbers."""
    if "id" in table.columns:
        cursor.execute(
            f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), max(id)) FROM {table.name}"  # noqa: S608
        )
