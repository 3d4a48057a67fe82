"""Sets a file's lines aside on disk and gives them back grouped: one order's lines may stand far apart."""

import json
import sqlite3
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Line:
    """The cells of one record and the line it starts on."""

    number: int
    cells: list[str]


class Spool:
    """Lines under keys, in a temporary SQLite file of their own: memory stays small whatever comes."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._waiting: list[tuple[int, str, str, str]] = []
        self.count = 0

    def add(self, number: int, key: str, near: str, cells: list[str]) -> None:
        """Set one line aside; groups come back sorted by `near`, the one of their first line."""
        self._waiting.append((number, key, near, json.dumps(cells, ensure_ascii=False)))
        self.count += 1
        if len(self._waiting) >= CHUNK:
            self._flush()

    def groups(self) -> Iterator[list[Line]]:
        """Give the lines of each key together, sorted by `near`, then in the order in which keys first came."""
        self._flush()
        self._connection.execute("CREATE INDEX by_key ON lines (key, number)")
        rows = self._connection.execute(
            "SELECT first, number, cells FROM"
            # SQLite takes the bare column from the row that has the minimum.
            " (SELECT key, min(number) AS first, near AS place FROM lines GROUP BY key) JOIN lines USING (key)"
            " ORDER BY place, first, number"
        )
        for _, group in groupby(rows, key=lambda row: row[0]):
            yield [Line(number, json.loads(cells)) for _, number, cells in group]

    def _flush(self) -> None:
        self._connection.executemany("INSERT INTO lines VALUES (?, ?, ?, ?)", self._waiting)
        self._waiting.clear()


@contextmanager
def open_spool() -> Generator[Spool]:
    """Give an empty spool, gone when the block ends."""
    with (
        TemporaryDirectory(prefix="kokyaku-import-") as folder,
        closing(sqlite3.connect(Path(folder) / "spool.sqlite", isolation_level=None)) as connection,
    ):
        # Nobody but us reads it and nobody needs it after a crash.
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-8000", "temp_store=FILE"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("CREATE TABLE lines (number INTEGER PRIMARY KEY, key TEXT, near TEXT, cells TEXT)")
        connection.execute("BEGIN")
        yield Spool(connection)
