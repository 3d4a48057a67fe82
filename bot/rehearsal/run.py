"""Rehearses the coming days: copies the database, stands in for LINE, lets the days pass and collects what happened."""

import sys
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime

import structlog

from bot.line.gateway import open_gateway
from bot.rehearsal import counting
from bot.rehearsal.clock import JumpingClock
from bot.rehearsal.copying import a_copy
from bot.rehearsal.figures import Figures
from bot.rehearsal.life import Life, Progress, Wish
from bot.rehearsal.line import RehearsedLine, a_line, settings_for
from bot.rehearsal.queue import MemoryQueue
from bot.services import Services
from bot.settings import Settings
from segments.db import Database
from segments.errors import Invalid

log = structlog.get_logger(__name__)

LONGEST = 366
"""Days that can be rehearsed: beyond a year everything said about customers would be made up."""


def rehearse(
    settings: Settings,
    database: Database,
    wish: Wish,
    now: datetime,
    progress: Progress = lambda _days: None,
) -> Figures:
    """Live through `wish.days` from `now` on a copy of `database` and return what happened.

    The database itself is only read, and nothing reaches LINE. Raises Invalid (rehearsal_days) or
    Conflict (rehearsal_no_room).
    """
    if not 1 <= wish.days <= LONGEST:
        raise Invalid("rehearsal_days", given=wish.days, limit=LONGEST)
    with a_copy(database, settings.data) as copy, a_line(wish.seed) as line, _problems() as problems:
        with _a_life(settings, copy, line, wish, now) as life:
            life.live(progress)
        return counting.collect(copy, life.record(problems))


@contextmanager
def _a_life(
    settings: Settings, copy: Database, line: RehearsedLine, wish: Wish, now: datetime
) -> Generator["Life"]:
    clock = JumpingClock(now)
    queue = MemoryQueue(clock)
    own = settings_for(settings, line.url)
    gateway = open_gateway(own, copy, clock)
    services = Services(settings=own, database=copy, clock=clock, gateway=gateway, queue=queue)
    try:
        yield Life(services, line, clock, queue, wish)
    finally:
        gateway.close()


@contextmanager
def _problems() -> Generator[Counter[str]]:
    """Count what goes wrong instead of logging it: the days rehearsed have not happened."""
    found: Counter[str] = Counter()

    def count(_logger: object, method: str, fields: structlog.types.EventDict) -> structlog.types.EventDict:
        if method in {"error", "critical", "exception"}:
            kind = sys.exc_info()[0]
            what = fields.get("part") or fields["event"]
            found[f"{what}: {kind.__name__}" if kind else str(what)] += 1
        raise structlog.DropEvent

    # In place, as structlog.testing does it: loggers that are in use keep this very list.
    processors = structlog.get_config()["processors"]
    before = processors.copy()
    processors[:] = [count]
    try:
        yield found
    finally:
        processors[:] = before
