"""The copy of the shop that a rehearsal lives on: an SQLite file of its own, gone when the rehearsal ends.

The real database is only read, in one transaction, so that the copy is true to one moment. PostgreSQL is copied into
SQLite as well: no right to create databases is needed, the server carries nothing of the rehearsal, and removing
the copy is removing a file, also after the plug was pulled.
"""

import fcntl
import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Table, event, func, insert, select, text

from bot import models as _own_tables
from segments.db import Base, Database
from segments.errors import Conflict

PREFIX = "rehearsal-"
LOCK = "lock"
LEFT_OUT = frozenset({"line_calls", "inbound_events", "login_attempts", "audit_entries", "attempts"})
"""Records of what was, which nothing that comes goes by."""
ROOM = 64 * 2**20
"""Bytes that a rehearsal adds to the copy at least."""
PAGE = 2000

assert _own_tables is not None, "imported for its tables"


def free_bytes(folder: Path) -> int:
    """Return how much room there is on the disk that `folder` is on."""
    return shutil.disk_usage(folder).free


@contextmanager
def a_copy(database: Database, folder: Path, free: Callable[[Path], int] = free_bytes) -> Generator[Database]:
    """Copy everything into a file under `folder` and open it; remove it at the end, whatever happened.

    Copies that a killed rehearsal left behind are removed first. Raises Conflict("rehearsal_no_room") when the
    disk has less room than the copy may need.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _sweep(folder)
    _refuse_without_room(database, free(folder))
    with TemporaryDirectory(prefix=PREFIX, dir=folder, ignore_cleanup_errors=True) as name, _held(Path(name)):
        path = Path(name) / "copy.sqlite"
        path.touch(mode=0o600)
        copy = Database(f"sqlite:///{path.absolute()}", pool_size=5)
        event.listen(copy.engine, "connect", _hurry)
        try:
            _fill(database, copy)
            yield copy
        finally:
            copy.dispose()


def size_of(database: Database) -> int:
    """Return how many bytes the database takes."""
    with database.reading() as session:
        if database.is_sqlite:
            pages = session.scalar(text("PRAGMA page_count")) or 0
            return pages * (session.scalar(text("PRAGMA page_size")) or 0)
        return session.scalar(select(func.pg_database_size(func.current_database()))) or 0


def _refuse_without_room(database: Database, free: int) -> None:
    # The copy itself, and as much again for what the rehearsal writes.
    needed = 2 * size_of(database) + ROOM
    if free < needed:
        raise Conflict("rehearsal_no_room", needed=needed // 2**20, free=free // 2**20)


@contextmanager
def _held(folder: Path) -> Generator[None]:
    """Hold the folder's lock: it is free again when this process is gone, however it went."""
    with (folder / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _sweep(folder: Path) -> None:
    for left in folder.glob(f"{PREFIX}*"):
        try:
            with (left / LOCK).open("r+") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left, ignore_errors=True)
        except OSError:
            continue  # Another rehearsal is under way there, or has just begun or ended.


def _hurry(connection: Any, _record: object) -> None:
    # A copy that is thrown away need not survive a power cut.
    for pragma in ("synchronous=OFF", "foreign_keys=ON", "temp_store=MEMORY", "cache_size=-65536"):
        connection.execute(f"PRAGMA {pragma}")


def _fill(database: Database, copy: Database) -> None:
    if database.is_sqlite:
        with database.engine.connect() as source, copy.engine.connect() as target:
            _driver_of(source).backup(_driver_of(target))
        return
    Base.metadata.create_all(copy.engine)
    snapshot = database.engine.execution_options(isolation_level="REPEATABLE READ")
    with snapshot.connect() as source, copy.engine.connect() as target:
        _driver_of(target).execute("PRAGMA foreign_keys=OFF")
        target.rollback()
        with target.begin():
            for table in _tables():
                for rows in _pages(source, table):
                    target.execute(insert(table), rows)
    copy.engine.dispose()


def _tables() -> Iterator[Table]:
    return (table for name, table in Base.metadata.tables.items() if name not in LEFT_OUT)


def _pages(source: Any, table: Table) -> Iterator[list[dict[str, Any]]]:
    found = source.execution_options(yield_per=PAGE).execute(select(table)).mappings()
    for rows in found.partitions():
        yield [dict(row) for row in rows]


def _driver_of(connection: Any) -> Any:
    return connection.connection.driver_connection
