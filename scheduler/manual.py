"""Messages that a person writes to one friend: pushed or replied as written, and kept in the chat when LINE took them."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from scheduler import chunks, eligibility, meter, replies
from scheduler.gateway import MessageObject
from scheduler.house import house_of
from scheduler.jobs import JobQueue
from scheduler.line_limits import TEXT, units
from scheduler.models import (
    Delivery,
    DeliveryBody,
    DeliveryKind,
    DeliveryState,
    Message,
    MessageVersion,
    Purpose,
)
from scheduler.reasons import Reason
from scheduler.replies import spoken_in
from scheduler.templating import SOURCE_LIMIT
from segments import conversations
from segments.errors import Conflict, Invalid
from segments.models import ChatMessage, Friend

NAME = "個別のお返事"
VALID_FOR = timedelta(days=1)
"""An answer that could not leave for so long is looked at again by a person."""
OPENS_TEMPLATE = re.compile(r"\{(?=[{%#])")
LITERAL_BRACE = "{{ '{' }}"


def literal(text: str) -> str:
    """Return the template that says exactly `text`, whatever braces are in it."""
    return OPENS_TEMPLATE.sub(lambda _brace: LITERAL_BRACE, text)


def write(session: Session, queue: JobQueue, friend_id: int, text: str, by: str, now: datetime) -> Delivery:
    """Push a text to one friend, who waits for it: no quiet hours, no opt-out. It counts as one message.

    Raises Invalid: answer_missing, answer_too_long; Conflict (answer_impossible, reason=…) when the
    friend cannot be written to.
    """
    source = literal(_checked(text))
    delivery = Delivery(
        friend_id=friend_id,
        kind=DeliveryKind.MANUAL,
        purpose=Purpose.SERVICE,
        message_version_id=_version(session, source, by, now).id,
        state=DeliveryState.QUEUED,
        created_at=now,
        not_before=now,
        expires_at=now + VALID_FOR,
    )
    session.add(delivery)
    session.flush()
    _refuse_if_hopeless(session, delivery, now)
    chunks.send_as_chunk(session, queue, [delivery.id], now)
    return delivery


def reply(
    session: Session, friend: Friend, text: str, by: str, now: datetime, reply_token: str
) -> tuple[Delivery, list[MessageObject]]:
    """Write down an answer that the caller is about to send with a reply token, which costs nothing.

    Raises Invalid as `write` does. The caller records what became of it (`replies.record_reply`).
    """
    plain = _checked(text)
    messages: list[MessageObject] = [{"type": "text", "text": plain}]
    delivery = replies.write_reply(session, friend, messages, reply_token, now)
    delivery.message_version_id = _version(session, literal(plain), by, now).id
    session.flush()
    return delivery, messages


def refusal(session: Session, friend_id: int, now: datetime) -> Reason | None:
    """Return why a person's message could not go to a friend now; None when it could."""
    step = eligibility.for_step(session, [friend_id], Purpose.SERVICE, house_of(session, now))[friend_id]
    verdict = eligibility.may_send(replace(step, kind=DeliveryKind.MANUAL), now)
    return verdict.reason if isinstance(verdict, eligibility.Refused) else None


def _checked(text: str) -> str:
    # Browsers send the ends of lines as \r\n.
    plain = text.replace("\r\n", "\n").strip()
    if not plain:
        raise Invalid("answer_missing")
    source = literal(plain)
    # A text made of braces alone grows beyond what a template may be long before LINE's limit.
    if units(plain) > TEXT or (source != plain and len(source) > SOURCE_LIMIT):
        raise Invalid("answer_too_long", limit=TEXT, length=units(plain))
    return plain


def _version(session: Session, source: str, by: str, now: datetime) -> MessageVersion:
    message = Message(key=None, name=NAME, purpose=Purpose.SERVICE, created_at=now)
    session.add(message)
    session.flush()
    content = {"ja": [{"type": "text", "text": source}]}
    version = MessageVersion(message_id=message.id, version=1, content=content, created_at=now, created_by=by)
    session.add(version)
    session.flush()
    return version


def _refuse_if_hopeless(session: Session, delivery: Delivery, now: datetime) -> None:
    (candidate,) = eligibility.candidates(session, [delivery], now)
    verdict = eligibility.may_send(candidate, now)
    if isinstance(verdict, eligibility.Refused):
        raise Conflict("answer_impossible", reason=verdict.reason)
    # It would wait for the next month, and be over by then: the one who typed it must know at once.
    if (reason := meter.refusal(session, now)) is not None:
        raise Conflict("answer_impossible", reason=reason)


def remember(session: Session, delivery_ids: Sequence[int], now: datetime) -> None:
    """Put those of these accepted deliveries that a person wrote into the chat, once."""
    known = exists().where(ChatMessage.delivery_id == Delivery.id)
    bodies = session.execute(
        select(Delivery.id, Delivery.friend_id, DeliveryBody.messages)
        .join(DeliveryBody, DeliveryBody.delivery_id == Delivery.id)
        .where(Delivery.id.in_(delivery_ids), Delivery.kind == DeliveryKind.MANUAL, ~known)
    ).all()
    for delivery_id, friend_id, messages in bodies:
        for spoken in spoken_in(messages):
            conversations.said(
                session,
                friend_id,
                kind=spoken.kind,
                text=spoken.text,
                content=spoken.content,
                delivery_id=delivery_id,
                at=now,
            )
