"""LINE's rates, kept by all processes together through one row a limit."""

from collections.abc import Callable
from datetime import UTC, datetime
from threading import Event
from typing import Protocol

from sqlalchemy import case, update

from scheduler.models import RateBucket
from segments.clock import Clock
from segments.db import Database
from segments.upsert import insert_ignore

RATES = {"push": 2000.0, "multicast": 200.0}
"""Requests a second and channel, from LINE's published limits; everything not named is 2,000."""
LONGEST_LINE = 60.0
"""Seconds that leases reach ahead at most: a clock set back by hours must not stop all sending for hours."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Pacer(Protocol):
    """Makes a sender wait its turn."""

    def take(self, limit: str, count: int) -> None:
        """Return when `count` requests of the limit called `limit` may start."""
        ...


class SharedPacer:
    """Leases time on one line of slots in the database: no two processes get the same slot."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        rates: dict[str, float] | None = None,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        """Use `clock` for real time; `rates` in requests a second, LINE's unless given; `wait` stands still for seconds."""
        self._database = database
        self._clock = clock
        self._rates = rates or RATES
        self._wait = wait or Event().wait
        with database.begin() as session:
            insert_ignore(session, RateBucket, [{"name": name, "next_free": 0.0} for name in self._rates])

    def take(self, limit: str, count: int) -> None:
        """Lease `count` slots and wait for the first of them."""
        now = (self._clock.now() - _EPOCH).total_seconds()
        length = count / self._rates[limit]
        start = case((RateBucket.next_free.between(now, now + LONGEST_LINE), RateBucket.next_free), else_=now)
        lease = (
            update(RateBucket)
            .where(RateBucket.name == limit)
            .values(next_free=start + length)
            .returning(RateBucket.next_free)
        )
        with self._database.begin() as session:
            end = session.execute(lease).scalar_one()
        self._wait(max(0.0, end - length - now))


class Unpaced:
    """Lets everything through: for rehearsals, where no real platform listens."""

    def take(self, limit: str, count: int) -> None:
        """Return at once."""
