"""Sends the mails of a chunk, one after another: commit the intent, hand it to the mail server, commit the outcome.

A mail server knows no retry keys. What stands in `sending` when a run begins was on its way when a worker died: it
may have arrived, so it is uncertain and never sent again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.orm import Session

from scheduler import chunks, eligibility, messages, outcomes
from scheduler.holding import is_held
from scheduler.mail import Mail, MailAnswer, MailGateway, MailVerdict
from scheduler.mail_content import MailContent, content_of
from scheduler.models import (
    Attempt,
    Chunk,
    ChunkState,
    Delivery,
    DeliveryBody,
    DeliveryState,
    MessageVersion,
)
from scheduler.outcomes import Ledger
from scheduler.reasons import Reason
from scheduler.template_facts import personal_facts
from scheduler.verdicts import Channel
from scheduler.waiting import Waiting, waiting
from segments import mail_consent

if TYPE_CHECKING:
    from scheduler.delivery import Dispatcher

log = structlog.get_logger(__name__)

SLICE = 50
"""Mails that are judged and rendered together."""
NO_SERVER_WAIT = timedelta(minutes=5)
UNCONFIGURED_WAIT = timedelta(minutes=15)
LONGEST_WAIT = timedelta(hours=4)
GIVEN_UP_AFTER = timedelta(days=3)
"""How long a server may put a mail off: RFC 5321, section 4.5.4.1, says four to five days, and news grows old."""
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
            due = _due(session, chunk, now)
            if not due:
                return []
            chunk.state = ChunkState.SENDING
            mails = _mails(session, dispatcher, due, now)
        if mails:
            return mails


def _due(session: Session, chunk: Chunk, now: datetime) -> list[Waiting]:
    free = or_(Delivery.not_before.is_(None), Delivery.not_before <= now)
    queued = (Delivery.chunk_id == chunk.id, Delivery.state == DeliveryState.QUEUED)
    ids = set(session.scalars(select(Delivery.id).where(*queued, free).order_by(Delivery.id).limit(SLICE)))
    return [each for each in waiting(session, chunk) if each.id in ids] if ids else []


def _mails(session: Session, dispatcher: Dispatcher, due: Sequence[Waiting], now: datetime) -> list[Mail]:
    addresses = mail_consent.addresses(session, sorted({each.friend_id for each in due}))
    allowed = _judged(session, due, addresses, now)
    written = _written(session, dispatcher, allowed, now)
    return [
        Mail(each.id, each.friend_id, addresses[each.friend_id], *written[each.id])
        for each in allowed
        if each.id in written
    ]


def _judged(
    session: Session, due: Sequence[Waiting], addresses: dict[int, str], now: datetime
) -> list[Waiting]:
    allowed: list[Waiting] = []
    for delivery, found in zip(due, eligibility.candidates(session, due, now), strict=True):
        who = replace(found.recipient, by_mail=delivery.friend_id in addresses)
        match eligibility.may_send(replace(found, recipient=who, channel=Channel.MAIL), now):
            case eligibility.Held(until=until, reason=reason):
                _set(session, delivery.id, not_before=until, reason=reason)
            case eligibility.Refused(reason=reason):
                _set(session, delivery.id, state=DeliveryState.SKIPPED, reason=reason, ended_at=now)
            case eligibility.Allowed():
                allowed.append(delivery)
    return allowed


def _written(
    session: Session, dispatcher: Dispatcher, allowed: Sequence[Waiting], now: datetime
) -> dict[int, tuple[str, MailContent]]:
    """Return language and content by delivery; what cannot be written is skipped with its reason."""
    versions = _versions(session, {each.message_version_id for each in allowed})
    facts = personal_facts(session, allowed, now, dispatcher.zone, tracking=dispatcher.tracking)
    found: dict[int, tuple[str, MailContent]] = {}
    for each in allowed:
        try:
            writer = messages.writer_of(versions[each.message_version_id])
            language = messages.spoken(facts[each.id]["language"], writer.languages)
            text = writer.write(language, facts[each.id])
        except messages.RenderError as error:
            _set(session, each.id, state=DeliveryState.SKIPPED, reason=error.reason, ended_at=now)
            continue
        except messages.BadTemplate:
            _set(session, each.id, state=DeliveryState.SKIPPED, reason=Reason.TEMPLATE_FAILED, ended_at=now)
            continue
        content = content_of(json.loads(text))
        if not content.says_something:
            _set(session, each.id, state=DeliveryState.SKIPPED, reason=Reason.NOTHING_TO_SAY, ended_at=now)
            continue
        _keep_body(session, each.id, text)
        found[each.id] = (language, content)
    return found


def _versions(session: Session, ids: set[int | None]) -> dict[int | None, dict[str, Any]]:
    rows = session.execute(
        select(MessageVersion.id, MessageVersion.content).where(MessageVersion.id.in_(ids))
    )
    return dict(rows.all())


def _keep_body(session: Session, delivery_id: int, text: str) -> None:
    session.execute(delete(DeliveryBody).where(DeliveryBody.delivery_id == delivery_id))
    session.execute(insert(DeliveryBody), [{"delivery_id": delivery_id, "messages": text}])


def _send_all(dispatcher: Dispatcher, mailer: MailGateway, chunk_id: int, mails: Sequence[Mail]) -> timedelta:
    """Send mails one after another; return how long to wait before any other is tried, zero for not at all."""
    with dispatcher.database.reading() as session:
        broadcast_id = session.get_one(Chunk, chunk_id).broadcast_id
    for mail in mails:
        dispatcher.pacer.take(LIMIT, 1)
        # Asked after the wait: whoever paused meanwhile expects that nothing more leaves.
        if dispatcher.ending.is_set() or dispatcher.watch.stops(broadcast_id):
            return timedelta(seconds=1)
        if not _claim(dispatcher, mail):
            continue
        answer = mailer.send(mail)
        with dispatcher.writing() as session:
            _record(Ledger(session, dispatcher.queue, dispatcher.clock.now()), mail, answer)
        if answer.verdict is MailVerdict.NO_SERVER:
            log.warning("mail_server_unreachable", status=answer.status, error=answer.words)
            return NO_SERVER_WAIT
    return timedelta()


def _claim(dispatcher: Dispatcher, mail: Mail) -> bool:
    now = dispatcher.clock.now()
    with dispatcher.writing() as session:
        claimed = session.execute(
            update(Delivery)
            .where(Delivery.id == mail.delivery_id, Delivery.state == DeliveryState.QUEUED)
            .values(state=DeliveryState.SENDING, reason=None, first_attempt_at=now)
            .returning(Delivery.id)
            .execution_options(synchronize_session=False)
        )
        return claimed.first() is not None


def _record(ledger: Ledger, mail: Mail, answer: MailAnswer) -> None:
    session, now = ledger.session, ledger.now
    if answer.verdict is not MailVerdict.TAKEN:
        _keep_what_tells(session, mail, answer, now)
    match answer.verdict:
        case MailVerdict.TAKEN:
            outcomes.accept_mail(ledger, mail.delivery_id, answer.message_id)
        case MailVerdict.UNCERTAIN:
            _set(session, mail.delivery_id, state=DeliveryState.UNCERTAIN, reason=Reason.MAIL_INTERRUPTED, ended_at=now)  # fmt: skip
        case MailVerdict.BAD_ADDRESS:
            mail_consent.note_bad(session, mail.friend_id, mail.to, now)
            _set(session, mail.delivery_id, state=DeliveryState.FAILED, reason=Reason.MAIL_ADDRESS_BAD, ended_at=now)  # fmt: skip
        case MailVerdict.REFUSED:
            _set(session, mail.delivery_id, state=DeliveryState.FAILED, reason=Reason.MAIL_REFUSED, ended_at=now)  # fmt: skip
        case MailVerdict.LATER:
            _put_off(session, mail, now)
        case MailVerdict.NO_SERVER:
            _put_back(session, mail, {})


def _put_off(session: Session, mail: Mail, now: datetime) -> None:
    """Try again after twice the time each time; after some days give up."""
    tries, first = _tries(session, mail.delivery_id)
    if first is not None and now - first > GIVEN_UP_AFTER:
        _set(session, mail.delivery_id, state=DeliveryState.FAILED, reason=Reason.MAIL_PUT_OFF, ended_at=now)
        return
    wait = min(timedelta(minutes=2 ** min(tries, 10)), LONGEST_WAIT)
    _put_back(session, mail, {"reason": Reason.MAIL_PUT_OFF, "not_before": now + wait})


def _put_back(session: Session, mail: Mail, values: dict[str, object]) -> None:
    """Let a mail wait again; not one that another run has settled meanwhile, whose chunk may be closed."""
    waiting = update(Delivery).where(Delivery.id == mail.delivery_id, Delivery.state == DeliveryState.SENDING)
    values = {"state": DeliveryState.QUEUED, "first_attempt_at": None} | values
    session.execute(waiting.values(values).execution_options(synchronize_session=False))


def _tries(session: Session, delivery_id: int) -> tuple[int, datetime | None]:
    put_off = (Attempt.delivery_id == delivery_id, Attempt.outcome == MailVerdict.LATER.value)
    moments = session.scalars(select(Attempt.at).where(*put_off)).all()
    return len(moments), min(moments, default=None)


def _keep_what_tells(session: Session, mail: Mail, answer: MailAnswer, now: datetime) -> None:
    told = {"delivery_id": mail.delivery_id, "at": now, "outcome": answer.verdict.value}
    # A server quotes the address it refuses; whose it is the delivery says.
    words = answer.words.replace(mail.to, "…")[:500]
    session.execute(insert(Attempt), [told | {"status": answer.status, "error": words}])


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


def _set(session: Session, delivery_id: int, **values: object) -> None:
    changed = update(Delivery).where(Delivery.id == delivery_id).values(**values)
    session.execute(changed.execution_options(synchronize_session=False))
