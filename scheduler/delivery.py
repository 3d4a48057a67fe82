"""Sends chunks: commit the intent, call LINE with no transaction open, commit the outcome."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from threading import Event, Lock
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from scheduler import chunks, outcomes
from scheduler.batches import Batch, Multicast, Pushes
from scheduler.gateway import GatewayError, MessageGateway, Push, QuotaExhausted, TokenInvalid
from scheduler.holding import LOOK_AGAIN, Watch
from scheduler.jobs import JobQueue
from scheduler.outcomes import Ledger, Outcome
from scheduler.pacing import Pacer
from scheduler.preparing import prepare
from segments.clock import Clock
from segments.db import Database
from segments.link_tokens import Tracking

SLICE = 50
"""Pushes that leave together: small enough to stop early when somebody pauses, or the token or the quota is gone."""


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
    look_again: timedelta = LOOK_AGAIN
    """How old the answer may be whether somebody has stopped what is being sent."""
    ending: Event = field(default_factory=Event)
    """Set when this process is about to end: it finishes the chunks under way and leaves the others to whoever comes."""

    @cached_property
    def watch(self) -> Watch:
        """Tells whether to go on, to all threads that send."""
        return Watch(self.database, self.look_again)

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


def send_chunks(dispatcher: Dispatcher, chunk_ids: int | str) -> None:
    """Run chunks one after another: their ids with commas between them, or one as a number."""
    ids = [int(chunk_id) for chunk_id in str(chunk_ids).split(",")]
    for place, chunk_id in enumerate(ids):
        if dispatcher.ending.is_set():
            with dispatcher.writing() as session:
                chunks.enqueue_left(session, dispatcher.queue, ids[place:], dispatcher.clock.now())
            return
        send_chunk(dispatcher, chunk_id)


def send_chunk(dispatcher: Dispatcher, chunk_id: int) -> None:
    """Run one chunk as far as it goes now; safe to run again after a crash at any line.

    Whatever was committed as `sending` goes out again with its first key and its first body, so LINE
    itself drops what it already took (409) and we record it as accepted.
    """
    with dispatcher.writing() as session:
        batch = prepare(session, chunk_id, dispatcher.clock.now(), dispatcher.zone, dispatcher.tracking)
    if batch is None:
        with dispatcher.writing() as session:
            outcomes.close_idle(Ledger(session, dispatcher.queue, dispatcher.clock.now()), chunk_id)
        return
    _transmit(dispatcher, batch)


def _transmit(dispatcher: Dispatcher, batch: Batch) -> None:
    if isinstance(batch, Multicast):
        outcome = _multicast(dispatcher, batch)
        with dispatcher.writing() as session:
            ledger = Ledger(session, dispatcher.queue, dispatcher.clock.now())
            outcomes.record_multicast(ledger, batch, outcome)
        return
    results = _push_all(dispatcher, batch)
    with dispatcher.writing() as session:
        ledger = Ledger(session, dispatcher.queue, dispatcher.clock.now())
        outcomes.record_pushes(ledger, batch, results)


def _multicast(dispatcher: Dispatcher, batch: Multicast) -> Outcome | None:
    dispatcher.pacer.take("multicast", 1)
    if dispatcher.watch.stops(batch.broadcast_id, is_resend=batch.is_resend):
        return None
    try:
        return dispatcher.gateway.multicast(batch.to, batch.messages, batch.retry_key)
    except GatewayError as error:
        return error


def _push_all(dispatcher: Dispatcher, batch: Pushes) -> Sequence[Outcome | None]:
    results: dict[int, Outcome] = {}
    for start in range(0, len(batch.pushes), SLICE):
        part = batch.pushes[start : start + SLICE]
        dispatcher.pacer.take("push", len(part))
        # Asked after the wait: whoever paused meanwhile expects that nothing more leaves.
        going = [push for push in part if not _stops(dispatcher, batch, push)]
        answers = dispatcher.gateway.push_many(going) if going else []
        results |= {push.delivery_id: answer for push, answer in zip(going, answers, strict=True)}
        if any(isinstance(answer, QuotaExhausted | TokenInvalid) for answer in answers):
            break
    return [results.get(push.delivery_id) for push in batch.pushes]


def _stops(dispatcher: Dispatcher, batch: Pushes, push: Push) -> bool:
    is_resend = push.delivery_id in batch.resends
    return dispatcher.watch.stops(batch.broadcast_id, is_resend=is_resend)
