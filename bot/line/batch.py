"""What one transaction of the inbox does with events: many friends' at once where they are alike, else one by one."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import perf_counter
from traceback import extract_tb

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from bot.line import handlers, lanes, outbox
from bot.line.handlers import Handler, HandlerOfMany
from bot.line.memory import Memory
from bot.line.outbox import Outgoing
from bot.line.raw_events import storable_text
from bot.line.turn import Turn
from bot.models import InboundEvent, InboundState
from scheduler.gateway import Profile
from segments import arrivals
from segments.arrivals import Told
from segments.db import is_full
from segments.errors import KokyakuError
from segments.link_tokens import Tracking

log = structlog.get_logger(__name__)

BATCH_SECONDS = 0.15
"""No new friend is begun after this long: webhooks wait to store while we write on SQLite."""

HandlerOf = Callable[[InboundEvent], Handler | None]
"""Finds what handles an event; None when nothing does."""
Queues = dict[str, list[InboundEvent]]
"""Events by lane, each lane's in the order they happened."""


@dataclass
class Batch:
    """What one transaction works with."""

    session: Session
    handler_of: HandlerOf
    memory: Memory
    profiles: dict[str, Profile]
    """What LINE told of friends; whoever is introduced is taken out."""
    now: datetime
    tracking: Tracking | None = None
    handled: int = 0
    outgoing: list[Outgoing] = field(default_factory=list[Outgoing])
    done: list[int] = field(default_factory=list[int])
    ignored: list[int] = field(default_factory=list[int])


def work(batch: Batch, queues: Queues) -> None:
    """Handle as many events as time allows, those of friends who come together first."""
    began = perf_counter()
    for handler, events in _alike(batch, queues).items():
        _attempt_all(batch, handler, events)
        for event in events:
            del queues[lane_of(event)]
    for lane, events in queues.items():
        for event in events:
            batch.handled += 1
            if not _attempt(batch, lane, event):
                break
        if perf_counter() - began > BATCH_SECONDS:
            return


def lane_of(event: InboundEvent) -> str:
    """Return whose event it is."""
    return str(event.line_user_id)


def _alike(batch: Batch, queues: Queues) -> dict[HandlerOfMany, list[InboundEvent]]:
    """Return events that are handled together: each the only one of its friend, and none that failed before."""
    found: dict[HandlerOfMany, list[InboundEvent]] = {}
    for first, *later in filter(None, queues.values()):
        handler = None if later or first.attempts else batch.handler_of(first)
        together = handlers.TOGETHER.get(handler) if handler else None
        if together is not None:
            found.setdefault(together, []).append(first)
    return found


def _attempt_all(batch: Batch, handler: HandlerOfMany, events: Sequence[InboundEvent]) -> None:
    """Handle events of different friends in one savepoint; when that fails, halves of them, to find whose fault it is."""
    if len(events) == 1:
        batch.handled += 1
        _attempt(batch, lane_of(events[0]), events[0])
        return
    told = dict(batch.profiles)
    try:
        with _savepoint(batch.session):
            outgoing = _handled(batch, handler, events)
    except Exception as error:  # noqa: BLE001 — whose it is, is found out below
        _raise_if_not_theirs(error)
        batch.profiles |= told
        for event in events:
            batch.memory.forget(lane_of(event))
        log.warning("events_handled_in_halves", events=len(events), error=described(error))
        half = len(events) // 2
        _attempt_all(batch, handler, events[:half])
        _attempt_all(batch, handler, events[half:])
        return
    batch.handled += len(events)
    batch.done += [event.id for event in events]
    batch.outgoing += outgoing


def _attempt(batch: Batch, lane: str, event: InboundEvent) -> bool:
    """Handle one event in a savepoint; tell whether the friend's next one may follow."""
    if event.next_attempt_at > batch.now:
        return False
    handler = batch.handler_of(event)
    if handler is None:
        batch.ignored.append(event.id)
        return True
    try:
        with _savepoint(batch.session):
            outgoing = _handled(batch, lambda turns: handler(turns[0]), [event])
    except Exception as error:  # noqa: BLE001 — logged without its text, which may be private
        # One friend's trouble must not stop the others.
        _raise_if_not_theirs(error)
        batch.memory.forget(lane)
        lanes.fail(event, described(error), batch.now)
        log.warning("event_failed", id=event.id, kind=event.kind, attempts=event.attempts, error=event.error)
        batch.session.flush()
        return event.state is InboundState.PARKED
    batch.done.append(event.id)
    batch.outgoing += outgoing
    return True


@contextmanager
def _savepoint(session: Session) -> Generator[None]:
    """Undo what fails, also for the session: SQLite gives the numbers of rows that are gone to others."""
    before = set(session)
    try:
        with session.begin_nested():
            yield
    except Exception:
        for gone in set(session) - before:
            session.expunge(gone)
        raise


def _handled(batch: Batch, handler: HandlerOfMany, events: Sequence[InboundEvent]) -> list[Outgoing]:
    """Handle events of different friends; return the replies that are to go out."""
    friends = batch.memory.friends([lane_of(event) for event in events], batch.now)
    turns = [
        Turn(batch.session, event, friend, batch.memory, batch.now, batch.tracking)
        for event, friend in zip(events, friends, strict=True)
    ]
    told = [
        _told(turn, profile) for turn in turns if (profile := batch.profiles.pop(lane_of(turn.event), None))
    ]
    arrivals.introduce(batch.session, told, batch.now)
    handler(turns)
    return outbox.write(turns)


def _told(turn: Turn, profile: Profile) -> Told:
    """Keep what LINE told of a friend; a language they chose themselves stays."""
    state = turn.known_state()
    chosen = state is not None and state.language_chosen
    name, language = storable_text(profile.display_name), None if chosen else profile.language
    return Told(turn.friend, name, profile.picture_url, language)


def _raise_if_not_theirs(error: Exception) -> None:
    """The database's own trouble is no fault of the event, and no attempt of it."""
    if isinstance(error, DBAPIError) and (error.connection_invalidated or is_full(error)):
        raise error


def described(error: Exception) -> str:
    """Say what went wrong and where, without what anybody wrote: messages of errors may quote it."""
    frames = extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    what = error.code if isinstance(error, KokyakuError) else ""
    if isinstance(error, DBAPIError):
        what = type(error.orig).__name__
    return f"{type(error).__name__}{f'({what})' if what else ''}{where}"
