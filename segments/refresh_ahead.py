"""Makes the new dates of cycle rows in a process of its own, while the refresh writes those before; on SQLite only."""

from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection
from typing import Any

from segments import driver_rows, refresh_batch
from segments.db import Database
from segments.driver_rows import Statement
from segments.refresh_batch import Done
from segments.working_ahead import CONTEXT, Parts, running, tell


@dataclass(frozen=True, slots=True)
class Ahead:
    """What is to be written of some friends while the database stands as it did when this was made."""

    after: int
    """The friends are those beyond this id, up to `done.last`."""
    done: Done
    statements: list[Statement]


@contextmanager
def refreshing_ahead(path: str, after: int, size: int, now: datetime) -> Generator[Parts[Ahead]]:
    """Start making the dates of all friends with ids beyond `after`, `size` of them in each part."""
    here, there = CONTEXT.Pipe()
    with closing(here), running((_refresh, (there, path, after, size, now)), ends=(there,)):
        yield Parts(here)


def _refresh(told: Connection, path: str, after: int, size: int, now: datetime) -> None:
    tell(told, lambda wait: _parts(path, after, size, now, wait))


def _parts(path: str, after: int, size: int, now: datetime, wait: Callable[[], Any]) -> Generator[Ahead]:
    database = Database(f"sqlite:///{path}", pool_size=1)
    while True:
        wait()
        with database.reading() as session, driver_rows.held_back(session) as statements:
            done = refresh_batch.refresh(session, after, size, now)
        if done is None:
            return
        yield Ahead(after, done, statements)
        after = done.last
