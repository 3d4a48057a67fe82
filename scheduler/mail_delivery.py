"""Sends the mails of a chunk, one after another: commit the intent, hand it to the mail server, commit the outcome.

A mail server knows no retry keys. What stands in `sending` when a run begins was on its way when a worker died: it
may have arrived, so it is uncertain and never sent again.
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

log = structlog.get_logger(__name__)
NO_SERVER_WAIT = timedelta(minutes=5)
UNCONFIGURED_WAIT = timedelta(minutes=15)
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
    lost = update(Delivery).where(Delivery.chunk_id == chunk_id, Delivery.state == DeliveryState.SENDING)
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
        queued = (Delivery.chunk_id == chunk_id, Delivery.state == DeliveryState.QUEUED)
        times = session.scalars(select(Delivery.not_before).where(*queued)).all()
        soonest = min((at - now if at is not None else timedelta() for at in times), default=timedelta())
        delay = max(wait, soonest, timedelta(seconds=1))
        if not is_held(session, chunk.broadcast_id):
            chunks.enqueue(session, dispatcher.queue, chunk, now, delay)
