"""Who rings the bell, and whose jobs have no owner any more: PostgreSQL advisory locks on connections of their own.

An SQLite database has one process, which leads and owns everything.
"""

import zlib
from types import TracebackType
from typing import Self

from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from segments.db import Database

LEADER = "kokyaku:leader"


class SessionLock:
    """A lock that lives exactly as long as its connection: the database frees it when the process dies."""

    def __init__(self, database: Database, name: str) -> None:
        """Prepare to hold the lock called `name`."""
        self._database = database
        self._key = zlib.crc32(name.encode())
        self._connection: Connection | None = None

    def hold(self) -> bool:
        """Take the lock, or find that it is held still; return whether it is ours now."""
        if self._database.is_sqlite:
            return True
        try:
            return self._still_ours() or self._take()
        except DBAPIError:
            self.release()
            return False

    def _still_ours(self) -> bool:
        if self._connection is None:
            return False
        self._connection.execute(text("SELECT 1"))
        return True

    def _take(self) -> bool:
        connection = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        if connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": self._key}):
            self._connection = connection
            return True
        connection.close()
        return False

    def release(self) -> None:
        """Give the lock back."""
        if self._connection is not None:
            # The connection itself holds the lock: it must end, not go back to the pool.
            self._connection.invalidate()
            self._connection.close()
            self._connection = None

    def __enter__(self) -> Self:
        self.hold()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def is_free(database: Database, name: str) -> bool:
    """Say whether nobody holds the lock called `name`: its process is gone."""
    if database.is_sqlite:
        return False
    with SessionLock(database, name) as lock:
        return lock.hold()
