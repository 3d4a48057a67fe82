"""Works off stored webhook events: friend by friend, in order, each exactly once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from time import perf_counter
from traceback import extract_tb

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from bot.line import doorbell, handlers, lanes, outbox
from bot.line.handlers import Handler
from bot.line.memory import Memory
from bot.line.outbox import Outgoing
from bot.line.ports import ConversationGateway
from bot.line.raw_events import storable_text
from bot.line.turn import Turn
from bot.models import InboundEvent, InboundState
from bot.services import Services
from bot.wiring import tracking_of
from scheduler.gateway import GatewayError, Profile, RefusedByLine
from segments import friends
from segments.db import is_full
from segments.errors import KokyakuError
from segments.link_tokens import Tracking

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.2
LANES = 50
"""Friends in one transaction at most."""
BATCH_SECONDS = 0.15
"""And no new friend is begun after this long: webhooks wait to store while we write on SQLite."""
PROFILES_REST = timedelta(seconds=30)
"""How long we do without profiles after LINE failed to tell one: a greeting must not wait for them."""

HandlerOf = Callable[[InboundEvent], Handler | None]
"""Finds what handles an event; None when nothing does."""


@dataclass
class Batch:
    """What one transaction works with."""

    session: Session
    handler_of: HandlerOf
    memory: Memory
    profiles: dict[str, Profile]
    now: datetime
    tracking: Tracking | None = None
    handled: int = 0
    outgoing: list[Outgoing] = field(default_factory=list[Outgoing])
    done: list[int] = field(default_factory=list[int])
    ignored: list[int] = field(default_factory=list[int])


class Inbox:
    """Handles events in a thread of its own; several processes may each have one."""

    def __init__(self, services: Services, handler_of: HandlerOf = handlers.of) -> None:
        """Prepare; nothing runs before `start`. The gateway must be a ConversationGateway."""
        self._handler_of = handler_of
        assert isinstance(services.gateway, ConversationGateway)
        self._gateway: ConversationGateway = services.gateway
        self._tracking = tracking_of(services.settings)
        self._database = services.database
        self._clock = services.clock
        self._bell = doorbell.of(services.database)
        self._stopping = Event()
        self._thread: Thread | None = None
        self._profiles_again_at: datetime | None = None

    def start(self) -> None:
        """Begin to listen."""
        self._stopping.clear()
        self._thread = Thread(target=self._run, name="kokyaku-inbox", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the batch at hand, replies included, and end."""
        self._stopping.set()
        self._bell.set()
        if self._thread is not None:
            self._thread.join(timeout=60)

    def wake(self) -> None:
        """Look at once instead of at the next poll."""
        self._bell.set()

    def run_once(self, limit: int = LANES) -> int:
        """Handle what is due of at most `limit` friends; return the number of events that were taken up."""
        now = self._clock.now()
        with self._database.reading() as session:
            found = lanes.due(session, now, limit * 4)
            unnamed = lanes.strangers(session, found[:limit])
        profiles = self._profiles(unnamed, now)
        with self._database.begin() as session:
            ignored = lanes.ignore_nobodys(session, now, limit * 4)
            locked = lanes.lock(session, found, limit)
            queues = lanes.events_of(session, locked)
            memory = Memory(session, locked, (event for queue in queues.values() for event in queue))
            batch = Batch(session, self._handler_of, memory, profiles, now, self._tracking)
            _work(batch, queues)
            lanes.finish(session, batch.done, InboundState.DONE, now)
            lanes.finish(session, batch.ignored, InboundState.IGNORED, now)
            outbox.name_versions(session, batch.outgoing)
        outbox.send(self._gateway, self._database, batch.outgoing, self._clock.now())
        return batch.handled + ignored

    def _profiles(self, line_user_ids: list[str], now: datetime) -> dict[str, Profile]:
        resting = self._profiles_again_at is not None and now < self._profiles_again_at
        if not line_user_ids or resting:
            return {}
        found = dict(zip(line_user_ids, self._gateway.profiles(line_user_ids), strict=True))
        failed = [each for each in found.values() if isinstance(each, GatewayError)]
        # 404 is about one friend (blocked, gone); any other failure is about LINE.
        if any(not isinstance(failure, RefusedByLine) for failure in failed):
            log.warning("profiles_unavailable", errors=len(failed), kind=type(failed[0]).__name__)
            self._profiles_again_at = now + PROFILES_REST
        return {lane: each for lane, each in found.items() if isinstance(each, Profile)}

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._bell.wait(POLL_SECONDS)
            self._bell.clear()
            try:
                while not self._stopping.is_set() and self.run_once():
                    pass
            except Exception as error:  # noqa: BLE001 — logged below without its text, which may be private
                # The database is away, or something of ours is broken: everything is still stored,
                # and the next poll takes it up. A thread that ended here would leave friends unanswered.
                log.warning("inbox_interrupted", error=described(error))
                self._stopping.wait(1)


def _work(batch: Batch, queues: dict[str, list[InboundEvent]]) -> None:
    began = perf_counter()
    for lane, events in queues.items():
        for event in events:
            batch.handled += 1
            if not _attempt(batch, lane, event):
                break
        if perf_counter() - began > BATCH_SECONDS:
            return


def _attempt(batch: Batch, lane: str, event: InboundEvent) -> bool:
    """Handle one event in a savepoint; tell whether the friend's next one may follow."""
    if event.next_attempt_at > batch.now:
        return False
    handler = batch.handler_of(event)
    if handler is None:
        batch.ignored.append(event.id)
        return True
    try:
        with batch.session.begin_nested():
            outgoing = _handle(batch, handler, lane, event)
    except Exception as error:
        # One friend's trouble must not stop the others.
        # The database's own trouble is no fault of the event, and no attempt of it.
        if isinstance(error, DBAPIError) and (error.connection_invalidated or is_full(error)):
            raise
        batch.memory.forget(lane)
        lanes.fail(event, described(error), batch.now)
        log.warning("event_failed", id=event.id, kind=event.kind, attempts=event.attempts, error=event.error)
        batch.session.flush()
        return event.state is InboundState.PARKED
    batch.done.append(event.id)
    if outgoing is not None:
        batch.outgoing.append(outgoing)
    return True


def _handle(batch: Batch, handler: Handler, lane: str, event: InboundEvent) -> Outgoing | None:
    friend = batch.memory.friend(lane, batch.now)
    turn = Turn(batch.session, event, friend, batch.memory, batch.now, batch.tracking)
    _introduce(turn, batch.profiles.pop(lane, None))
    handler(turn)
    return outbox.write(turn)


def _introduce(turn: Turn, profile: Profile | None) -> None:
    """Keep what LINE told of a friend; a language they chose themselves stays."""
    if profile is None:
        return
    state = turn.known_state()
    chosen = state is not None and state.language_chosen
    friends.update_profile(
        turn.session,
        turn.friend,
        display_name=storable_text(profile.display_name),
        picture_url=profile.picture_url,
        language=None if chosen else profile.language,
        now=turn.now,
    )


def described(error: Exception) -> str:
    """Say what went wrong and where, without what anybody wrote: messages of errors may quote it."""
    frames = extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    what = error.code if isinstance(error, KokyakuError) else ""
    if isinstance(error, DBAPIError):
        what = type(error.orig).__name__
    return f"{type(error).__name__}{f'({what})' if what else ''}{where}"
