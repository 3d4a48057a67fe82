"""Keeps the request id of every call to LINE, written in batches beside the sends."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from threading import Event, Lock, Thread
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.models import LineCall
from scheduler.bulk import insert_columns
from segments.db import Database

BATCH = 1000
EVERY_SECONDS = 1.0
KEPT_AT_MOST = 100_000
"""Calls that wait while the database cannot be written; beyond it the oldest are lost, and counted."""

COLUMNS = ("at", "endpoint", "status", "request_id", "milliseconds", "error")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Call:
    """One call: never its token, never its body."""

    at: datetime
    endpoint: str
    """The path as documented, e.g. `/v2/bot/profile/{userId}`: no one's id is in it."""
    status: int | None
    request_id: str | None
    milliseconds: int
    error: str | None = None


class CallRecorder:
    """Takes calls from any thread and writes them from its own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: deque[Call] = deque(maxlen=KEPT_AT_MOST)
        self._lock = Lock()
        self._writing = Lock()
        self._full = Event()
        self._closed = False
        self._thread: Thread | None = None

    def add(self, call: Call) -> None:
        """Take one call; returns at once."""
        with self._lock:
            if len(self._waiting) == KEPT_AT_MOST:
                log.warning("line_call_lost")
            self._waiting.append(call)
            if self._thread is None and not self._closed:
                # Started by the first call, so that a process may fork after wiring.
                self._thread = Thread(target=self._run, name="line-calls", daemon=True)
                self._thread.start()
            if len(self._waiting) >= BATCH:
                self._full.set()

    def flush(self) -> None:
        """Write everything taken so far; calls stay waiting when the database refuses."""
        with self._writing:
            while (batch := self._peek()) is not None:
                with self._database.begin() as session:
                    insert_columns(session, LineCall, batch)
                self._drop(len(batch["at"]))

    def close(self) -> None:
        """Stop the thread and write the rest."""
        with self._lock:
            self._closed = True
            thread = self._thread
        self._full.set()
        if thread is not None:
            thread.join(timeout=30)
        self._try_flush()

    def _peek(self) -> dict[str, list[Any]] | None:
        with self._lock:
            some = list(islice(self._waiting, BATCH))
        return {name: [getattr(call, name) for call in some] for name in COLUMNS} if some else None

    def _drop(self, count: int) -> None:
        with self._lock:
            for _ in range(min(count, len(self._waiting))):
                self._waiting.popleft()

    def _run(self) -> None:
        while not self._closed:
            self._full.wait(EVERY_SECONDS)
            self._full.clear()
            self._try_flush()

    def _try_flush(self) -> None:
        try:
            self.flush()
        except SQLAlchemyError as failure:
            log.warning("line_calls_not_written", error=type(failure).__name__)
