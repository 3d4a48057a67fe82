"""Does something in another thread's transaction, to see two at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Event

from sqlalchemy import text
from sqlalchemy.orm import Session

from segments.db import Database

PATIENCE_SECONDS = 20


class Aside:
    """One more transaction, on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pool = ThreadPoolExecutor(1)

    def start(self, work: Callable[[Session], object]) -> Callable[[], object]:
        """Begin `work` in a transaction; return what waits for its end."""

        def run() -> object:
            with self._database.begin() as session:
                return work(session)

        return partial(self._pool.submit(run).result, PATIENCE_SECONDS)

    def wait_until_it_waits(self) -> None:
        """Return when some transaction waits for another's lock."""
        pause = Event()
        for _ in range(PATIENCE_SECONDS * 100):
            with self._database.reading() as session:
                if session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
                    return
            pause.wait(0.01)
        raise AssertionError("nothing waits")
