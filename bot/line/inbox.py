"""Works off stored webhook events: friend by friend, in order, each exactly once."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import datetime
from threading import Event, Lock, Thread

import structlog

from bot.line import batch, doorbell, handlers, lanes, outbox
from bot.line.batch import Batch, HandlerOf, described
from bot.line.memory import Memory
from bot.line.ports import ConversationGateway
from bot.line.profiles import Profiles
from bot.models import InboundState
from bot.services import Services
from bot.wiring import tracking_of
from segments import touching

__all__ = ["HandlerOf", "Inbox", "described"]

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.2
LANES = 100
"""Friends in one transaction at most."""
HANDS = 2
"""Threads on PostgreSQL: while the replies of one batch are on their way another is handled."""
OLDEST_EVERY = 5
"""Of so many batches one takes whoever waited longest, when others go first whom an answer still reaches."""


class Inbox:
    """Handles events in threads of its own; several processes may each have one."""

    def __init__(self, services: Services, handler_of: HandlerOf = handlers.of) -> None:
        """Prepare; nothing runs before `start`. The gateway must be a ConversationGateway."""
        self._handler_of = handler_of
        assert isinstance(services.gateway, ConversationGateway)
        self._gateway: ConversationGateway = services.gateway
        self._profiles = Profiles(services.gateway)
        self._tracking = tracking_of(services.settings)
        self._database = services.database
        self._clock = services.clock
        self._bell = doorbell.of(services.database)
        self._stopping = Event()
        self._much = Event()
        self._threads: list[Thread] = []
        self._guard = Lock()
        self._in_hand: set[str] = set()
        self._batches = 0

    def start(self) -> None:
        """Begin to listen."""
        self._stopping.clear()
        others = 0 if self._database.is_sqlite else HANDS - 1
        work = [self._run, *[self._help] * others]
        self._threads = [Thread(target=each, name="kokyaku-inbox", daemon=True) for each in work]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish the batches at hand, replies included, and end."""
        self._stopping.set()
        self._bell.set()
        self._much.set()
        for thread in self._threads:
            thread.join(timeout=60)

    def wake(self) -> None:
        """Look at once instead of at the next poll."""
        self._bell.set()

    def run_once(self, limit: int = LANES) -> int:
        """Handle what is due of at most `limit` friends; return the number of events that were taken up."""
        now = self._clock.now()
        with self._database.reading() as session:
            if not lanes.is_work(session, now):
                return 0
            found = lanes.due(session, now, limit * 4, hopeful_since=self._hopeful_since(now))
            # Locked for a look alone: profiles are asked for before the transaction that works on them.
            found = lanes.lock(session, found)
        with self._taken(found, limit) as mine:
            return self._handle(mine, now)

    def _handle(self, mine: Sequence[str], now: datetime) -> int:
        with self._database.reading() as session:
            unnamed = lanes.strangers(session, mine)
        profiles = self._profiles.of(unnamed, now)
        with self._database.begin() as session:
            ignored = lanes.ignore_nobodys(session, now, LANES * 4)
            locked = lanes.lock(session, mine)
            if locked:
                touching.ask(session)
            queues = lanes.events_of(session, locked)
            memory = Memory(session, locked, (event for queue in queues.values() for event in queue))
            work = Batch(session, self._handler_of, memory, profiles, now, self._tracking)
            batch.work(work, queues)
            lanes.finish(session, work.done, InboundState.DONE, now)
            lanes.finish(session, work.ignored, InboundState.IGNORED, now)
        self._profiles.keep(work.profiles)
        outbox.send(self._gateway, self._database, work.outgoing, self._clock.now())
        return work.handled + ignored

    def _hopeful_since(self, now: datetime) -> datetime | None:
        """Return who goes first: those heard of since then. None is now and then whoever waited longest."""
        self._batches += 1
        return None if self._batches % OLDEST_EVERY == 0 else now - outbox.TOKEN_LIFE + outbox.HASTE

    @contextmanager
    def _taken(self, found: Sequence[str], limit: int) -> Generator[list[str]]:
        """Take some lanes that no other thread of ours has in hand, until their replies have left."""
        with self._guard:
            free = [lane for lane in found if lane not in self._in_hand]
            mine = free[:limit]
            self._in_hand.update(mine)
        if len(free) > limit:
            self._much.set()
        try:
            yield mine
        finally:
            with self._guard:
                self._in_hand.difference_update(mine)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._bell.wait(POLL_SECONDS)
            self._bell.clear()
            self._work_off()

    def _help(self) -> None:
        """Work beside the first thread whenever it finds more than it can take in hand."""
        while not self._stopping.is_set():
            self._much.wait()
            self._much.clear()
            self._work_off()

    def _work_off(self) -> None:
        try:
            while not self._stopping.is_set() and self.run_once():
                pass
        except Exception as error:  # noqa: BLE001 — logged below without its text, which may be private
            # The database is away, or something of ours is broken: everything is still stored,
            # and the next poll takes it up. A thread that ended here would leave friends unanswered.
            log.warning("inbox_interrupted", error=described(error))
            self._stopping.wait(1)
