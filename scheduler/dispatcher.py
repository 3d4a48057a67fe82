"""What sending takes: gateways, pace, clock, and a turn for every writer."""

from collections.abc import Callable, Generator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from threading import Event, Lock
from time import monotonic
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from scheduler.gateway import MessageGateway
from scheduler.holding import LOOK_AGAIN, Watch
from scheduler.jobs import JobQueue
from scheduler.mail import MailGateway
from scheduler.pacing import Pacer
from segments.clock import Clock
from segments.db import Database
from segments.link_tokens import Tracking


@dataclass(frozen=True)
class Dispatcher:
    """What sending takes."""

    database: Database
    queue: JobQueue
    gateway: MessageGateway
    pacer: Pacer
    clock: Clock
    zone: ZoneInfo
    tracking: Tracking | None = None
    """Makes links lead through us; None while friends' phones cannot reach us."""
    mailer: MailGateway | None = None
    """Where mail goes; None while no mail server is set."""
    look_again: timedelta = LOOK_AGAIN
    """How old the answer may be whether somebody has stopped what is being sent."""
    seconds: Callable[[], float] = monotonic
    """The clock by which it grows old."""
    ending: Event = field(default_factory=Event)
    """Set when this process is about to end: it finishes the chunks under way and leaves the others to whoever comes."""

    refused: Event = field(default_factory=Event)
    """Set while LINE refuses the channel's token: then a single push finds out whether it still does."""

    @cached_property
    def watch(self) -> Watch:
        """Tells whether to go on, to all threads that send."""
        return Watch(self.database, self.look_again, self.seconds)

    @contextmanager
    def writing(self) -> Generator[Session]:
        """Open a writing transaction; on SQLite one after another.

        There only one can write, and its own way of waiting is to sleep and look again, up to a tenth of a second.
        """
        with self._turn if self.database.is_sqlite else nullcontext(), self.database.begin() as session:
            yield session

    @cached_property
    def _turn(self) -> Lock:
        return Lock()
