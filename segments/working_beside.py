"""Has several processes write at once, each the part it is handed, over connections of their own: on PostgreSQL, where many may.

What was made of the parts is told in their order, so that up to where all is done is one number.
"""

import os
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from multiprocessing.connection import Connection, wait
from typing import Any

from segments import bulk_connection
from segments.db import Database
from segments.working_ahead import CONTEXT, heard, running, undisturbed

MOST = 2
"""Processes, at most, and one a core: each holds 150 MB, and has a process of the database's working for it."""

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
        waiting, busy = enumerate(parts), dict[Any, tuple[int, Part]]()
        for end in self._ends:
            _hand_out(waiting, end, busy)
        told, following = dict[int, tuple[Part, Any]](), 0
        while busy:
            for end in wait(list(busy)):
                number, part = busy.pop(end)
                if (made := heard(end)) is None:  # pyright: ignore[reportArgumentType] -- what was waited for
                    return
                told[number] = part, made
                _hand_out(waiting, end, busy)
            while following in told:
                yield told.pop(following)
                following += 1


def _hand_out(waiting: Iterator[tuple[int, Part]], end: Any, busy: dict[Any, tuple[int, Part]]) -> None:
    following = next(waiting, None)
    if following is not None:
        busy[end] = following
        with suppress(OSError):  # who has died is told of when it is heard
            end.send(following[1])


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
