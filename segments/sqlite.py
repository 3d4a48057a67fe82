"""How SQLite is used: its settings, how transactions begin, and a turn for every writer."""

import sqlite3
from functools import partial
from threading import Event
from time import monotonic
from typing import Any, cast

from sqlalchemy import Engine, FromClause, event
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.engine import Connection
from sqlalchemy.pool import QueuePool

PATIENCE_SECONDS = 30.0
"""How long a writer waits for its turn."""
LOOK_AGAIN_SECONDS = 0.002
HEAP = 40_000_000
"""Bytes up to which all connections of a process keep pages."""
_WRITING = "BEGIN IMMEDIATE"
_NOTHING = Event()
"""Never set: waiting for it is waiting for time to pass."""


class _Compiler(SQLiteCompiler):
    """Writes hints on tables (`INDEXED BY`, `NOT INDEXED`), which SQLAlchemy leaves out on SQLite."""

    def get_from_hint_text(self, table: FromClause, text: str | None) -> str | None:
        return text


_BUSY_TIMEOUT = f"busy_timeout={PATIENCE_SECONDS * 1000:.0f}"
_PRAGMAS = (
    "journal_mode=WAL",
    _BUSY_TIMEOUT,
    "foreign_keys=ON",
    "synchronous=NORMAL",
    # A tick touches thousands of pages far apart in a big file: room for the way to them (16 MB at most a
    # connection, and 40 MB in the whole process, which may have dozens), and a log of up to 40 MB before it is
    # worked in, so that pages written often are so once.
    "cache_size=-16000",
    f"soft_heap_limit={HEAP}",
    "wal_autocheckpoint=10000",
)


def prepare(engine: Engine) -> None:
    """Have every connection of an engine on SQLite behave as our transactions expect."""
    engine.dialect.statement_compiler = _Compiler
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    event.listen(engine, "checkin", partial(_keep_one_cache, engine))


def _set_up(connection: Any, _record: object) -> None:
    # The driver must not open transactions by itself: _begin says how each one starts.
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _keep_one_cache(engine: Engine, connection: Any, _record: object) -> None:
    """Free what a connection keeps of the file when it is given back while others are at work.

    Whoever writes makes stale what all others keep: beside them a cache is of no use to the next transaction, and a
    dozen of them, filled by a campaign to a million friends, took 44 to 61 MB instead of 42.
    """
    is_one_of_many = isinstance(engine.pool, QueuePool) and engine.pool.checkedout() > 1
    if connection is not None and is_one_of_many:
        connection.execute("PRAGMA shrink_memory")


def _begin(connection: Connection) -> None:
    # A writer takes its lock at once: a reader that turns writer later would fail, not wait.
    how = connection.get_execution_options().get("sqlite_begin", _WRITING)
    if how != _WRITING:
        connection.exec_driver_sql(how)
        return
    own = cast("sqlite3.Connection", connection.connection.driver_connection)
    own.execute("PRAGMA busy_timeout=0")
    try:
        _take_turn(connection, own)
    finally:
        own.execute(f"PRAGMA {_BUSY_TIMEOUT}")


def _take_turn(connection: Connection, own: sqlite3.Connection) -> None:
    """Wait until nobody else writes.

    SQLite's own way is to look again ever more seldom, up to every tenth of a second: beside a process that writes
    without a pause, somebody who presses a button would wait for seconds.
    """
    until = monotonic() + PATIENCE_SECONDS
    while monotonic() < until:
        try:
            # Past SQLAlchemy, whose way of failing would cost a waiting thread more than what it waits for.
            own.execute(_WRITING)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                break
        else:
            return
        _NOTHING.wait(LOOK_AGAIN_SECONDS)
    # Fails now as any statement fails.
    connection.exec_driver_sql(_WRITING)
