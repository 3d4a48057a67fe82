"""Which mails of a chunk leave next: each is judged and written, and its words are kept."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, delete, insert, or_, select
from sqlalchemy.orm import Session

from scheduler import decision_rows, eligibility, messages
from scheduler.candidate_facts import Channel
from scheduler.mail import Mail
from scheduler.mail_content import MailContent, content_of
from scheduler.mail_outcomes import set_delivery
from scheduler.models import Chunk, Delivery, DeliveryBody, DeliveryState, MessageVersion
from scheduler.reasons import Reason
from scheduler.template_facts import personal_facts
from scheduler.waiting import Waiting, waiting
from segments import mail_consent
from segments.link_tokens import Tracking

SLICE = 50
"""Mails that are judged and rendered together."""
_WAITING = [getattr(Delivery, name) for name in Waiting._fields]


def due_mails(session: Session, chunk: Chunk, now: datetime) -> list[Waiting]:
    """Return the next mails of a chunk whose time has come."""
    due = select(Delivery.id).where(Delivery.chunk_id == chunk.id, *_is_due(now))
    ids = set(session.scalars(due.order_by(Delivery.id).limit(SLICE)))
    return [each for each in waiting(session, chunk) if each.id in ids] if ids else []


def prepare(
    session: Session, due: Sequence[Waiting], now: datetime, zone: ZoneInfo, tracking: Tracking | None
) -> list[Mail]:
    """Judge and render mails; those that may not leave are ended or held, those that may are returned."""
    addresses = mail_consent.addresses(session, sorted({each.friend_id for each in due}))
    allowed = _judged(session, due, addresses, now)
    written = _written(session, allowed, now, zone, tracking)
    return [
        Mail(each.id, each.friend_id, addresses[each.friend_id], *written[each.id])
        for each in allowed
        if each.id in written
    ]


def still_allowed(session: Session, mail: Mail, now: datetime) -> Mail | None:
    """Judge a mail again, whose delivery stays locked; return it with the address as of now, None when it may not leave.

    It was judged with many others and then waited for its turn, for minutes at a slow rate: meanwhile the friend may
    have refused, the night begun, or another run put it off. What may not leave any more is ended or held.
    """
    this = select(*_WAITING).where(Delivery.id == mail.delivery_id, *_is_due(now))
    due = [Waiting(*row) for row in session.execute(this.with_for_update(key_share=True))]
    addresses = mail_consent.addresses(session, [each.friend_id for each in due])
    allowed = [each.friend_id for each in _judged(session, due, addresses, now)]
    return replace(mail, friend_id=allowed[0], to=addresses[allowed[0]]) if allowed else None


def _is_due(now: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    free = or_(Delivery.not_before.is_(None), Delivery.not_before <= now)
    return Delivery.state == DeliveryState.QUEUED, free


def _judged(
    session: Session, due: Sequence[Waiting], addresses: dict[int, str], now: datetime
) -> list[Waiting]:
    allowed: list[Waiting] = []
    said: dict[eligibility.Verdict, list[Waiting]] = {}
    for delivery, found in zip(due, eligibility.candidates(session, due, now), strict=True):
        who = replace(found.recipient, by_mail=delivery.friend_id in addresses)
        verdict = eligibility.may_send(replace(found, recipient=who, channel=Channel.MAIL), now)
        said.setdefault(verdict, []).append(delivery)
        match verdict:
            case eligibility.Held(until=until, reason=reason):
                set_delivery(session, delivery.id, not_before=until, reason=reason)
            case eligibility.Refused(reason=reason):
                set_delivery(session, delivery.id, state=DeliveryState.SKIPPED, reason=reason, ended_at=now)
            case eligibility.Allowed():
                allowed.append(delivery)
    decision_rows.of_deliveries(session, said, now)
    return allowed


def _written(
    session: Session, allowed: Sequence[Waiting], now: datetime, zone: ZoneInfo, tracking: Tracking | None
) -> dict[int, tuple[str, MailContent]]:
    """Return language and content by delivery; what cannot be written is skipped with its reason."""
    versions = _versions(session, {each.message_version_id for each in allowed})
    facts = personal_facts(session, allowed, now, zone, tracking=tracking)
    found: dict[int, tuple[str, MailContent]] = {}
    for each in allowed:
        try:
            writer = messages.writer_of(versions[each.message_version_id])
            language = messages.spoken(facts[each.id]["language"], writer.languages)
            text = writer.write(language, facts[each.id])
        except messages.RenderError as error:
            set_delivery(session, each.id, state=DeliveryState.SKIPPED, reason=error.reason, ended_at=now)
            continue
        except messages.BadTemplate:
            set_delivery(
                session, each.id, state=DeliveryState.SKIPPED, reason=Reason.TEMPLATE_FAILED, ended_at=now
            )
            continue
        content = content_of(json.loads(text))
        if not content.says_something:
            set_delivery(
                session, each.id, state=DeliveryState.SKIPPED, reason=Reason.NOTHING_TO_SAY, ended_at=now
            )
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
