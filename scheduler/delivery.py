"""Sends chunks: commit the intent, call LINE with no transaction open, commit the outcome."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from threading import Event, Lock
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from scheduler import (
    chunk_troubles,
    chunks,
    everyone,
    everyone_pages,
    going_on,
    mail_delivery,
    outcomes_of_many,
    outcomes_of_pushes,
)
from scheduler.batches import Batch, Everyone, Mails, Multicast, Pushes
from scheduler.everyone import Stage
from scheduler.everyone_choice import Why
from scheduler.gateway import (
    EveryoneGateway,
    GatewayError,
    MessageGateway,
    Push,
    QuotaExhausted,
    TokenInvalid,
    ToMany,
)
from scheduler.holding import LOOK_AGAIN, Watch
from scheduler.jobs import JobQueue
from scheduler.keeping_back import keep_back
from scheduler.ledger import Ledger, Outcome
from scheduler.mail import MailGateway
from scheduler.pacing import Pacer
from scheduler.preparing import prepare, prepare_together
from segments.clock import Clock
from segments.db import Database
from segments.link_tokens import Tracking

SLICE = 100
"""Pushes that leave together: small enough to stop early when somebody pauses, or the token or the quota is gone."""

TOGETHER = 5
"""Multicasts that are prepared and recorded together: what they share is read and written once for 2,500 friends."""


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
    """Run chunks one after another, identical messages some at a time: their ids with commas between them, or one as a number."""
    left = [int(chunk_id) for chunk_id in str(chunk_ids).split(",")]
    while left and not dispatcher.ending.is_set():
        these, left = left[:TOGETHER], left[TOGETHER:]
        left = chunk_troubles.run(dispatcher, these, _send_together, send_chunk) + left
    if left:
        with dispatcher.writing() as session:
            chunks.enqueue_left(session, dispatcher.queue, left, dispatcher.clock.now())


def _send_together(dispatcher: Dispatcher, chunk_ids: Sequence[int]) -> bool:
    """Send several multicasts of one broadcast; False when these chunks are to be run one by one.

    What is read and written of all of them is so at once; LINE is asked for each under its own key.
    """
    with dispatcher.writing() as session:
        batches = prepare_together(session, chunk_ids, dispatcher.clock.now())
    if batches is None:
        return False
    answered = list(zip(batches, _multicast_all(dispatcher, batches), strict=True))
    with dispatcher.writing() as session:
        ledger = Ledger(session, dispatcher.queue, dispatcher.clock.now())
        outcomes_of_many.record_multicasts(ledger, answered)
        for chunk_id in sorted(set(chunk_ids) - {batch.chunk_id for batch in batches}):
            going_on.close_idle(ledger, chunk_id)
    return True


def send_chunk(dispatcher: Dispatcher, chunk_id: int) -> None:
    """Run one chunk as far as it goes now; safe to run again after a crash at any line.

    Whatever was committed as `sending` goes out again with its first key and its first body, so LINE
    itself drops what it already took (409) and we record it as accepted.
    """
    with dispatcher.writing() as session:
        batch = prepare(session, chunk_id, dispatcher.clock.now(), dispatcher.zone, dispatcher.tracking)
    if batch is None:
        with dispatcher.writing() as session:
            going_on.close_idle(Ledger(session, dispatcher.queue, dispatcher.clock.now()), chunk_id)
        return
    _transmit(dispatcher, batch)


def _transmit(dispatcher: Dispatcher, batch: Batch) -> None:
    if isinstance(batch, Mails):
        mail_delivery.send(dispatcher, batch.chunk_id)
        return
    if isinstance(batch, Everyone):
        _to_everyone(dispatcher, batch)
        return
    if isinstance(batch, Multicast):
        outcome = _multicast(dispatcher, batch)
        with dispatcher.writing() as session:
            ledger = Ledger(session, dispatcher.queue, dispatcher.clock.now())
            outcomes_of_many.record_multicast(ledger, batch, outcome)
        return
    results = _push_all(dispatcher, batch)
    with dispatcher.writing() as session:
        ledger = Ledger(session, dispatcher.queue, dispatcher.clock.now())
        outcomes_of_pushes.record_pushes(ledger, batch, results)


def _multicast(dispatcher: Dispatcher, batch: Multicast) -> Outcome | None:
    dispatcher.pacer.take("multicast", 1)
    if dispatcher.watch.stops(batch.broadcast_id, is_resend=batch.is_resend):
        return None
    try:
        return dispatcher.gateway.multicast(batch.to, batch.messages, batch.retry_key)
    except GatewayError as error:
        return error


def _multicast_all(dispatcher: Dispatcher, batches: Sequence[Multicast]) -> Sequence[Outcome | None]:
    """Send fresh multicasts of one broadcast side by side; one wait for the turns of all of them."""
    if not batches:
        return []
    dispatcher.pacer.take("multicast", len(batches))
    if dispatcher.watch.stops(batches[0].broadcast_id):
        return [None] * len(batches)
    return dispatcher.gateway.multicast_many(
        [ToMany(batch.to, batch.messages, batch.retry_key) for batch in batches]
    )


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
    campaigns = batch.campaigns.get(push.delivery_id, (batch.broadcast_id,))
    return any(dispatcher.watch.stops(each, is_resend=is_resend) for each in campaigns)


def _to_everyone(dispatcher: Dispatcher, batch: Everyone) -> None:
    """Take a broadcast to everyone as far as it goes now, each step in a transaction of its own, in constant memory."""
    with dispatcher.writing() as session:
        stage = everyone.begin(session, batch.chunk_id, dispatcher.clock.now())
    if stage is Stage.JUDGE:
        stage = _judge_everyone(dispatcher, batch)
    if stage is Stage.SEND:
        stage = _broadcast(dispatcher, batch)
    after: int | None = 0
    while stage is not Stage.NOTHING and after is not None:
        if _leave(dispatcher, batch):
            return
        with dispatcher.writing() as session:
            ledger = Ledger(session, dispatcher.queue, dispatcher.clock.now())
            after = everyone_pages.next_page(
                ledger.session, ledger.queue, batch.chunk_id, stage, after, ledger.now
            )


def _leave(dispatcher: Dispatcher, batch: Everyone) -> bool:
    """Leave the rest to another process when this one is about to end."""
    if dispatcher.ending.is_set():
        with dispatcher.writing() as session:
            chunks.enqueue_left(session, dispatcher.queue, [batch.chunk_id], dispatcher.clock.now())
    return dispatcher.ending.is_set()


def _judge_everyone(dispatcher: Dispatcher, batch: Everyone) -> Stage:
    """Ask about every friend, page by page; one who may not get it sends the broadcast another way."""
    after = allowed = 0
    obstacle = None if isinstance(dispatcher.gateway, EveryoneGateway) else Why.UNSUPPORTED.value
    while obstacle is None:
        if dispatcher.watch.stops(batch.broadcast_id) or _leave(dispatcher, batch):
            return Stage.NOTHING
        with dispatcher.database.reading() as session:
            judged = everyone.judge(session, batch.chunk_id, after, dispatcher.clock.now())
        after, allowed, obstacle = judged.last_id, allowed + judged.allowed, judged.obstacle
        if judged.left_out:
            with dispatcher.writing() as session:
                keep_back(session, judged.left_out, dispatcher.clock.now())
        if after == 0:
            break
    with dispatcher.writing() as session:
        return everyone.decide(session, batch.chunk_id, allowed, obstacle, dispatcher.clock.now())


def _broadcast(dispatcher: Dispatcher, batch: Everyone) -> Stage:
    with dispatcher.database.reading() as session:
        request = everyone.request(session, batch)
    gateway, outcome = dispatcher.gateway, None
    stopped = dispatcher.watch.stops(batch.broadcast_id, is_resend=request.is_resend)
    if not stopped and isinstance(gateway, EveryoneGateway):
        try:
            outcome = gateway.broadcast(request.messages, request.retry_key)
        except GatewayError as error:
            outcome = error
    with dispatcher.writing() as session:
        ledger = Ledger(session, dispatcher.queue, dispatcher.clock.now())
        outcomes_of_many.record_everyone(ledger, request, outcome)
        return everyone.after_the_call(session, batch.chunk_id, dispatcher.clock.now())
