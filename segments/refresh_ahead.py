"""Makes the new dates of cycle rows in processes of their own, while the refresh writes those before; on SQLite only."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import cycle
from multiprocessing.connection import Connection

from segments import driver_rows, refresh_batch
from segments.db import Database
from segments.driver_rows import Statement
from segments.refresh_batch import Done
from segments.working_ahead import CONTEXT, IN_FLIGHT, Parts, running, tell

HELPERS = 2
"""Processes: making dates takes three times as long as writing them."""

Range = tuple[int, int]
"""Friends beyond an id, up to another."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """What is to be written of some friends while the database stands as it did when this was made."""

    after: int
    """The friends are those beyond this id, up to `done.last`."""
    done: Done
    statements: list[Statement]


class Making:
    """Parts that several processes make by turns, told in the order they were asked for."""

    def __init__(self, parts: Iterable[Range], makers: Iterable[Parts[Ahead]]) -> None:
        self._parts = iter(parts)
        self._turns = cycle(makers)
        self._asked = deque[Parts[Ahead]]()

    def begin(self, version: int | None) -> None:
        """Ask for as many as are made while others are written."""
        for _ in range(IN_FLIGHT * HELPERS):
            self.ask(version)

    def ask(self, version: int | None) -> None:
        """Ask for the next part, if there is one, to be made by the file as it is at `version` or later."""
        following = next(self._parts, None)
        if following is not None:
            maker = next(self._turns)
            maker.ask(version, following)
            self._asked.append(maker)

    def told(self) -> tuple[Ahead, int | None] | None:
        """Return the next part and the version it was asked for at; None at the end, or when its maker died."""
        return self._asked.popleft().told() if self._asked else None


@contextmanager
def refreshing_ahead(path: str, parts: Iterable[Range], now: datetime) -> Generator[Making]:
    """Start making the dates of all friends in these ranges."""
    pipes = [CONTEXT.Pipe() for _ in range(HELPERS)]
    theirs = [there for _, there in pipes]
    with ExitStack() as stack:
        ours = [stack.enter_context(closing(here)) for here, _ in pipes]
        stack.enter_context(running(*((_refresh, (there, path, now)) for there in theirs), ends=theirs))
        yield Making(parts, [Parts[Ahead](here) for here in ours])


def _refresh(told: Connection, path: str, now: datetime) -> None:
    tell(told, lambda wait: _parts(path, now, wait))


def _parts(path: str, now: datetime, wait: Callable[[], Range]) -> Generator[Ahead]:
    database = Database(f"sqlite:///{path}", pool_size=1)
    while True:
        after, last = wait()
        with database.reading() as session, driver_rows.held_back(session) as statements:
            done = refresh_batch.refresh(session, after, last - after, now, up_to=last)
        yield Ahead(after, Done(last, 0, 0) if done is None else done._replace(last=last), statements)
