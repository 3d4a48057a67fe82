"""One connection of its own for who writes very many rows: by it the database tells whether others have written."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from segments.db import Database
from segments.sqlite import HEAP

CACHE = 64 * 1024
"""Kilobytes of pages SQLite keeps: all that a batch changes, so that each is written once."""
_PRAGMAS = (
    # Whatever is written is of friends whose facts are locked: that they exist need not be looked up row by row.
    "foreign_keys=OFF",
    f"cache_size=-{CACHE}",
    # What many connections together are held to would keep this one from its cache, and sorting from its memory.
    "soft_heap_limit=0",
)

_SETTINGS = (
    # How far the work has come is lost together with the work.
    "synchronous_commit=off",
    # Each statement reads some thousands of rows, whatever is expected of it: by an index, not the table by several
    # processes at once (we are several already), and it is not worth compiling.
    "enable_seqscan=off",
    "random_page_cost=1.1",
    "max_parallel_workers_per_gather=0",
    "jit=off",
    "work_mem='32MB'",
    "maintenance_work_mem='256MB'",
)


@contextmanager
def single(database: Database) -> Generator[Database]:
    """Open the same database by one connection, closed at the end."""
    opened = Database(database.url.render_as_string(hide_password=False), pool_size=1)
    if opened.is_sqlite:
        event.listen(opened.engine, "connect", _prepare)
        event.listen(opened.engine, "close", _hold_to_limit)
    else:
        event.listen(opened.engine, "connect", _set)
    try:
        yield opened
    finally:
        opened.dispose()


def _prepare(connection: Any, _record: object) -> None:
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _set(connection: Any, _record: object) -> None:
    for setting in _SETTINGS:
        connection.execute(f"SET {setting}")
    connection.commit()


def _hold_to_limit(connection: Any, _record: object) -> None:
    # The limit is the process's: all others are held to it again.
    connection.execute(f"PRAGMA soft_heap_limit={HEAP}")
