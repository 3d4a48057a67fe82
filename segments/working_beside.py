"""Has several processes write at once, each the part it is handed, over connections of their own: on PostgreSQL, where many may.

What was made of the parts is told in their order, so that up to where all is done is one number.
"""

import os
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from multiprocessing.connection import Connection, wait
from typing import Any

from sqlalchemy import Select, func, select

from segments import bulk_connection
from segments.db import Database
from segments.working_ahead import CONTEXT, heard, running, undisturbed

MOST = 2
"""Processes, at most, and one a core: each holds 150 MB, and has a process of the database's working for it."""

AHEAD = 4
"""Parts under way, or done before their turn, at most: what a crash makes to be done again."""

Part = tuple[int, int]
"""Friends beyond an id, up to another."""
Work = Callable[[Database, Part], Any]
"""What is done of each part, in another process; what it returns is told, and not None."""


class Crew:
    """Processes that wait for work."""

    def __init__(self, ends: Iterable[Connection]) -> None:
        self._ends = list(ends)

    def done(self, parts: Iterable[Part]) -> Generator[tuple[Part, Any]]:
        """Have all parts done; give each, in order, with what came of it.

        When a process dies the parts from there on are not given, done or not: they are for the caller to do.
        """
        waiting, busy, idle = enumerate(parts), dict[Any, tuple[int, Part]](), list(self._ends)
        told, following = dict[int, tuple[Part, Any]](), 0
        while _hand_out(waiting, idle, busy, AHEAD - len(told)):
            for end in wait(list(busy)):
                number, part = busy.pop(end)
                if (made := heard(end)) is None:  # pyright: ignore[reportArgumentType] -- what was waited for
                    return
                told[number] = part, made
                idle.append(end)  # pyright: ignore[reportArgumentType] -- as above
            while following in told:
                yield told.pop(following)
                following += 1


def _hand_out(
    waiting: Iterator[tuple[int, Part]], idle: list[Any], busy: dict[Any, tuple[int, Part]], room: int
) -> bool:
    """Give work to who has none, as long as there is `room` for what is done before its turn; tell whether any is under way."""
    while idle and len(busy) < room and (following := next(waiting, None)) is not None:
        end = idle.pop(0)
        busy[end] = following
        with suppress(OSError):  # who has died is told of when it is heard
            end.send(following[1])
    return bool(busy)


def parts(database: Database, ids: Select[int], after: int, size: int) -> Generator[Part]:
    """Give those whom `ids` selects beyond one of them, so many at a time: from which on, and up to which."""
    (own,) = ids.selected_columns
    while True:
        following = ids.where(own > after).order_by(own).limit(size).subquery()
        (found,) = following.c
        with database.reading() as session:
            last = session.scalar(select(func.max(found)))
        if last is None:
            return
        yield after, last
        after = last


@contextmanager
def crew(database: Database, work: Work) -> Generator[Crew]:
    """Have processes do a work, until the end."""
    url = database.url.render_as_string(hide_password=False)
    pipes = [CONTEXT.Pipe() for _ in range(min(os.cpu_count() or 1, MOST))]
    with ExitStack() as stack:
        ours = [stack.enter_context(closing(here)) for here, _ in pipes]
        theirs = [there for _, there in pipes]
        stack.enter_context(running(*((_serve, (there, url, work)) for there in theirs), ends=theirs))
        yield Crew(ours)


def _serve(told: Connection, url: str, work: Work) -> None:
    def serve() -> None:
        with bulk_connection.single(Database(url)) as database:
            while True:
                told.send(work(database, told.recv()))

    undisturbed(serve, told)
