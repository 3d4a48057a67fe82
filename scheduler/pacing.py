"""LINE's rates, kept by all processes together through one row a limit."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event, Lock
from typing import Any, Protocol

from sqlalchemy import Float, bindparam, case, update

from scheduler.models import RateBucket
from segments.clock import Clock
from segments.db import Database
from segments.upsert import insert_ignore

RATES = {"push": 1700.0, "multicast": 190.0}
"""Requests a second and channel: less than LINE allows, for a turn may be used up to LATE after its time, and what
leaves in it takes a while on a busy machine."""
LONGEST_LINE = 60.0
"""Seconds that leases may always reach ahead; beyond _reach they are taken for those of a clock that was set back since,
which must not stop all sending for hours."""
LONGEST_QUEUE = 200
"""Leases that may always stand in line: at a few mails a minute a handful of senders reaches ahead further than
LONGEST_LINE, and a line that began again before its end would give the same slots out twice."""
LONGEST_BLOCK = 0.2
"""Seconds that one process leases at once when it sends much: fewer writes, and no long wait for the others."""
LATE = 0.04
"""Seconds after which a turn is lost: used later it would be one too many in the second it falls into."""
TRIES = 5
TINY = 1e-6
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOW = bindparam("now", type_=Float)
_BUCKETS: Any = RateBucket.__table__
_LEASE = (
    update(_BUCKETS)
    .where(_BUCKETS.c.name == bindparam("limit"))
    .values(
        next_free=case(
            (_BUCKETS.c.next_free.between(_NOW, bindparam("farthest", type_=Float)), _BUCKETS.c.next_free),
            else_=_NOW,
        )
        + bindparam("length", type_=Float)
    )
    .returning(_BUCKETS.c.next_free)
)


class Pacer(Protocol):
    """Makes a sender wait its turn."""

    def take(self, limit: str, count: int) -> None:
        """Return when `count` requests of the limit called `limit` may start."""
        ...


@dataclass
class _Block:
    """Slots that this process has leased, as seconds since 1970."""

    start: float = 0.0
    end: float = 0.0
    size: float = 0.0


class SharedPacer:
    """Leases time on one line of slots in the database: no two processes get the same slot."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        rates: dict[str, float] | None = None,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        """Use `clock` for real time; `rates` in requests a second, RATES unless given; `wait` stands still for seconds."""
        self._database = database
        self._clock = clock
        self._rates = rates or RATES
        self._wait = wait or Event().wait
        self._lock = Lock()
        self._blocks: dict[str, _Block] = {}
        with database.begin() as session:
            insert_ignore(session, RateBucket, [{"name": name, "next_free": 0.0} for name in self._rates])

    def take(self, limit: str, count: int) -> None:
        """Wait for the next `count` slots of this process; lease some when it has none left."""
        for _ in range(TRIES):
            now = self._now()
            start = self._turn(limit, count / self._rates[limit], now)
            self._wait(max(0.0, start - now))
            if self._now() - start <= LATE:
                return
            # The machine was busy elsewhere: the turn has passed, and others go by theirs.

    def _now(self) -> float:
        return (self._clock.now() - _EPOCH).total_seconds()

    def _turn(self, limit: str, length: float, now: float) -> float:
        with self._lock:
            block = self._blocks.setdefault(limit, _Block())
            fits = block.start + length <= block.end + TINY
            is_fresh = now - LATE <= block.start <= now + _reach(length)
            if not fits or not is_fresh:
                # Used up to the end means that much is being sent; left over, that it is not.
                wanted = min(block.size * 2, LONGEST_BLOCK) if not fits and block.end >= now - LATE else 0.0
                self._extend(block, limit, length * max(1, int(wanted / length)), now, joins=is_fresh)
            start = block.start
            block.start += length
            return start

    def _extend(self, block: _Block, limit: str, size: float, now: float, *, joins: bool) -> None:
        """Lease some more; what is left of the block goes with it when it `joins` and nobody leased in between."""
        end = self._lease(limit, size, now)
        if not joins or abs(end - size - block.end) > TINY:
            block.start = end - size
        block.end, block.size = end, size

    def _lease(self, limit: str, length: float, now: float) -> float:
        """Lease seconds on the line; return where they end."""
        with self._database.begin() as session:
            wanted = {"limit": limit, "length": length, "now": now, "farthest": now + _reach(length)}
            return session.connection().execute(_LEASE, wanted).scalar_one()


def _reach(length: float) -> float:
    """Return how many seconds ahead leases of `length` seconds may lie."""
    return max(LONGEST_LINE, LONGEST_QUEUE * length)


class Unpaced:
    """Lets everything through: for rehearsals, where no real platform listens."""

    def take(self, limit: str, count: int) -> None:
        """Return at once."""
