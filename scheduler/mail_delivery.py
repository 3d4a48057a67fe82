"""Sends the mails of a chunk, one after another: commit the intent, hand it to the mail server, commit the outcome.

A mail server knows no retry keys. What has stood in `sending` for longer than any exchange takes was on its way when a
worker died: it may have arrived, so it is uncertain and never sent again.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from scheduler import chunks
from scheduler.dispatcher import Dispatcher
from scheduler.holding import is_held
from scheduler.ledger import Ledger
from scheduler.mail import Mail, MailGateway, MailVerdict
from scheduler.mail_outcomes import record, set_delivery
from scheduler.mail_preparing import due_mails, prepare, still_allowed
from scheduler.models import Chunk, ChunkState, Delivery, DeliveryState
from scheduler.reasons import Reason
from scheduler.waiting import OPEN_DELIVERY

log = structlog.get_logger(__name__)
NO_SERVER_WAIT = timedelta(minutes=5)
UNCONFIGURED_WAIT = timedelta(minutes=15)
LONGEST_EXCHANGE = timedelta(minutes=10)
"""A mail that left longer ago has no run any more that waits for the server's answer (bot.mail.smtp gives up earlier)."""
LIMIT = "mail"
"""The name under which scheduler.pacing keeps the rate."""


def send(dispatcher: Dispatcher, chunk_id: int) -> None:
    """Send a chunk's mails as far as they go now; safe to run again after a crash at any line."""
    if dispatcher.mailer is None:
        log.warning("mail_without_a_server", chunk=chunk_id)
        _go_on(dispatcher, chunk_id, UNCONFIGURED_WAIT)
        return
    with dispatcher.writing() as session:
        _settle_interrupted(session, chunk_id, dispatcher.clock.now())
    wait = timedelta()
    try:
        while not wait and (mails := _next_mails(dispatcher, chunk_id)):
            wait = _send_all(dispatcher, dispatcher.mailer, chunk_id, mails)
    finally:
        dispatcher.mailer.rest()
    _go_on(dispatcher, chunk_id, wait)


def _settle_interrupted(session: Session, chunk_id: int, now: datetime) -> None:
    on_its_way = (Delivery.chunk_id == chunk_id, Delivery.state == DeliveryState.SENDING)
    # What left a moment ago may be another run's, which still waits for the answer.
    lost = update(Delivery).where(*on_its_way, Delivery.first_attempt_at <= now - LONGEST_EXCHANGE)
    values = {"state": DeliveryState.UNCERTAIN, "reason": Reason.MAIL_INTERRUPTED, "ended_at": now}
    session.execute(lost.values(values).execution_options(synchronize_session=False))


def _next_mails(dispatcher: Dispatcher, chunk_id: int) -> list[Mail]:
    """Judge and render the next mails; those that may not leave are ended or held. Empty when none is left for now."""
    while True:
        with dispatcher.writing() as session:
            now = dispatcher.clock.now()
            chunk = session.get_one(Chunk, chunk_id, with_for_update=True)
            due = due_mails(session, chunk, now)
            if not due:
                return []
            chunk.state = ChunkState.SENDING
            mails = prepare(session, due, now, dispatcher.zone, dispatcher.tracking)
        if mails:
            return mails


def _send_all(dispatcher: Dispatcher, mailer: MailGateway, chunk_id: int, mails: Sequence[Mail]) -> timedelta:
    """Send mails one after another; return how long to wait before any other is tried, zero for not at all."""
    with dispatcher.database.reading() as session:
        broadcast_id = session.get_one(Chunk, chunk_id).broadcast_id
    for mail in mails:
        dispatcher.pacer.take(LIMIT, 1)
        # Asked after the wait: whoever paused meanwhile expects that nothing more leaves.
        if dispatcher.ending.is_set() or dispatcher.watch.stops(broadcast_id):
            return timedelta(seconds=1)
        claimed = _claim(dispatcher, mail)
        if claimed is None:
            continue
        answer = mailer.send(claimed)
        with dispatcher.writing() as session:
            record(Ledger(session, dispatcher.queue, dispatcher.clock.now()), claimed, answer)
        if answer.verdict is MailVerdict.NO_SERVER:
            log.warning("mail_server_unreachable", status=answer.status, error=answer.words)
            return NO_SERVER_WAIT
    return timedelta()


def _claim(dispatcher: Dispatcher, mail: Mail) -> Mail | None:
    """Commit that a mail leaves and return it as it leaves; None when it may not, or another run has it."""
    with dispatcher.writing() as session:
        now = dispatcher.clock.now()
        claimed = still_allowed(session, mail, now)
        if claimed is not None:
            values = {"state": DeliveryState.SENDING, "reason": None, "first_attempt_at": now}
            set_delivery(session, claimed.delivery_id, **values)
        return claimed


def _go_on(dispatcher: Dispatcher, chunk_id: int, wait: timedelta) -> None:
    """Close the chunk, or have it run again when the next of its mails may leave."""
    with dispatcher.writing() as session:
        now = dispatcher.clock.now()
        chunk = session.get(Chunk, chunk_id, with_for_update=True)
        if chunk is None or chunk.state not in chunks.OPEN_CHUNK or chunks.finish(session, chunk, now):
            return
        delay = max(wait, _until_next(session, chunk_id, now), timedelta(seconds=1))
        if not is_held(session, chunk.broadcast_id):
            chunks.enqueue(session, dispatcher.queue, chunk, now, delay)


def _until_next(session: Session, chunk_id: int, now: datetime) -> timedelta:
    """Return how long until the next of a chunk's mails may leave, or one that is on its way counts as interrupted."""
    open_mails = select(Delivery.state, Delivery.not_before, Delivery.first_attempt_at)
    rows = session.execute(open_mails.where(Delivery.chunk_id == chunk_id, Delivery.state.in_(OPEN_DELIVERY)))
    moments = [
        not_before or now if state is DeliveryState.QUEUED else (first or now) + LONGEST_EXCHANGE
        for state, not_before, first in rows
    ]
    return min(moments, default=now) - now
