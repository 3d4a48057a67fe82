"""The simulator's memory: one SQLite connection, in memory or in a file, one thread at a time."""

import sqlite3
import threading
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bot.simulator.schema import SCHEMA, TABLES

Row = sqlite3.Row
Connection = sqlite3.Connection


class State:
    """Everything that survives a restart when `path` is given."""

    def __init__(self, path: Path | None = None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        # A simulator may lose its last moments in a power cut; waiting for the disk would cost a push its speed.
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.executescript(SCHEMA)
        self._settings = {str(row["name"]): str(row["value"]) for row in self.rows("SELECT * FROM settings")}

    @contextmanager
    def transaction(self) -> Generator[Connection]:
        """All or nothing; other threads wait."""
        with self._lock:
            nested = self._connection.in_transaction
            if not nested:
                self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                if not nested:
                    self._connection.execute("ROLLBACK")
                raise
            if not nested:
                self._connection.execute("COMMIT")

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query."""
        with self._lock:
            return self._connection.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Sequence[Any] = ()) -> Row | None:
        """The first row of a query."""
        with self._lock:
            return self._connection.execute(sql, parameters).fetchone()

    def number(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """The first column of the first row as a number, 0 when there is none."""
        found = self.row(sql, parameters)
        return int(found[0] or 0) if found is not None else 0

    def write(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Run one statement; answer the number of rows changed."""
        with self._lock:
            return self._connection.execute(sql, parameters).rowcount

    def write_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for each of the rows, all or nothing."""
        with self.transaction() as connection:
            connection.executemany(sql, rows)

    def take_numbers(self, counter: str, count: int = 1) -> int:
        """Reserve `count` numbers; answer the first (from 1)."""
        with self._lock:
            found = self._connection.execute(
                "INSERT INTO counters VALUES (?, ?) ON CONFLICT DO UPDATE SET value = value + excluded.value RETURNING value",
                (counter, count),
            ).fetchone()
        return int(found[0]) - count + 1

    def setting(self, name: str) -> str | None:
        """A stored setting; kept at hand, since every send asks for some."""
        return self._settings.get(name)

    def set_setting(self, name: str, value: str | None) -> None:
        """Store a setting, or forget it."""
        with self._lock:
            if value is None:
                self.write("DELETE FROM settings WHERE name = ?", (name,))
                self._settings.pop(name, None)
            else:
                self.write("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, value))
                self._settings[name] = value

    def clear(self) -> None:
        """Forget everything."""
        with self.transaction() as connection:
            for table in TABLES:
                connection.execute(f"DELETE FROM {table}")  # noqa: S608 - our own table names
            self._settings.clear()

    def close(self) -> None:
        """Let the file go."""
        with self._lock:
            self._connection.close()
