"""Stores webhook events for many requests at once: whoever comes first writes and commits for all who wait meanwhile."""

import json
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from threading import Lock
from typing import Any, cast

from sqlalchemy import Table, text
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from bot.models import InboundEvent
from segments.db import Database

Row = dict[str, Any]

TOGETHER = 500
"""Rows of one transaction, beyond those of a single request."""
_TABLE = cast("Table", InboundEvent.__table__)
_TYPES = {
    "webhook_event_id": "text",
    "kind": "text",
    "line_user_id": "text",
    "line_message_id": "text",
    "occurred_at": "timestamptz",
    "received_at": "timestamptz",
    "next_attempt_at": "timestamptz",
    "raw": "jsonb",
    "state": "text",
    "attempts": "integer",
}
# One parameter however many rows: the statement is planned and sent alike each time.
_ON_POSTGRESQL = text(
    f"INSERT INTO {_TABLE.name} ({', '.join(_TYPES)}) SELECT * FROM json_to_recordset(CAST(:rows AS json))"  # noqa: S608 — names of our own
    f" AS given ({', '.join(f'{name} {kind}' for name, kind in _TYPES.items())}) ON CONFLICT DO NOTHING"
)
_ON_SQLITE = insert(_TABLE).on_conflict_do_nothing()


class _Request:
    """Rows of one request, which sleeps until they are committed or it is its turn to write."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.writes = False
        self._asleep = Lock()
        self._asleep.acquire()

    def sleep(self) -> None:
        """Return when somebody wakes us."""
        self._asleep.acquire()

    def wake(self) -> None:
        """Let it go on."""
        self._asleep.release()


class Store:
    """Writes rows of InboundEvent for the requests of one process, one transaction after another."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._guard = Lock()
        self._waiting: deque[_Request] = deque()
        self._is_written = False
        self._connection: Connection | None = None

    def keep(self, rows: Sequence[Row]) -> None:
        """Return when `rows` are committed; an event that is stored already stays as it is. Raises SQLAlchemyError."""
        mine = _Request(rows)
        with self._guard:
            self._waiting.append(mine)
            mine.writes = not self._is_written
            self._is_written = True
        if not mine.writes:
            mine.sleep()
        if mine.writes:
            try:
                self._write_for_all(mine)
            finally:
                self._hand_over()

    def _hand_over(self) -> None:
        """Let the next request write, if there is one: whoever wrote has an answer to give."""
        with self._guard:
            successor = self._waiting[0] if self._waiting else None
            self._is_written = successor is not None
        if successor is not None:
            successor.writes = True
            successor.wake()

    def _write_for_all(self, mine: _Request) -> None:
        """Write what waits; should it fail, write `mine` alone: the others' trouble is not ours, nor ours theirs."""
        others = self._take(mine)
        try:
            self._write([*mine.rows, *(row for request in others for row in request.rows)])
        except SQLAlchemyError:
            if not others:
                raise
            with self._guard:
                self._waiting.extendleft(reversed(others))
            self._write(mine.rows)
        else:
            for request in others:
                request.wake()

    def _take(self, mine: _Request) -> list[_Request]:
        """Take `mine`, and who else waits, out of the queue; return the others."""
        with self._guard:
            self._waiting.remove(mine)
            others, rows = list[_Request](), len(mine.rows)
            while self._waiting and rows + len(self._waiting[0].rows) <= TOGETHER:
                others.append(self._waiting.popleft())
                rows += len(others[-1].rows)
            return others

    def _write(self, rows: Sequence[Row]) -> None:
        if self._database.is_sqlite:
            with self._database.begin() as session:
                session.connection().execute(_ON_SQLITE, list(rows))
            return
        said = json.dumps(rows, default=datetime.isoformat, ensure_ascii=False)
        try:
            self._insert(said)
        except DBAPIError as error:
            if not self._lost(error):
                raise
            self._insert(said)

    def _insert(self, said: str) -> None:
        """Send one statement that commits itself, over a connection kept for this: three round trips less."""
        if self._connection is None:
            self._connection = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        self._connection.execute(_ON_POSTGRESQL, {"rows": said})

    def _lost(self, error: DBAPIError) -> bool:
        """Tell whether the connection was lost, as when the server was restarted; the next write opens another."""
        if not error.connection_invalidated or self._connection is None:
            return False
        self.close()
        return True

    def close(self) -> None:
        """Let go of the connection; the next write would open another."""
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None
