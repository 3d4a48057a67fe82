"""Replies: written down before the call to LINE, their outcome after it.

A reply has no retry key. When it is not certain that LINE took it, it stays uncertain: sending it again
another way is how friends get things twice.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from scheduler.gateway import (
    Accepted,
    GatewayError,
    MessageObject,
    QuotaExhausted,
    RateLimited,
    RefusedByLine,
    TemporaryGatewayError,
    TokenInvalid,
    UncertainGatewayError,
)
from scheduler.models import Attempt, Delivery, DeliveryBody, DeliveryKind, DeliveryState, Purpose
from segments import conversations
from segments.models import Friend

PATIENCE = timedelta(minutes=2)
"""After this a reply still being sent was lost in a crash: reply tokens live one minute."""
OUTCOMES: tuple[tuple[type[GatewayError], str], ...] = (
    (RateLimited, "rate_limited"),
    (TemporaryGatewayError, "temporary"),
    (UncertainGatewayError, "uncertain"),
    (QuotaExhausted, "quota_exhausted"),
    (TokenInvalid, "token_invalid"),
    (RefusedByLine, "refused_by_line"),
)


class Spoken(NamedTuple):
    """One message object as the chat history keeps it."""

    kind: str
    text: str
    content: dict[str, Any]


def write_reply(
    session: Session, friend: Friend, messages: Sequence[MessageObject], reply_token: str, now: datetime
) -> Delivery:
    """Write down a reply that the caller is about to send, to be committed before the call."""
    delivery = Delivery(
        friend_id=friend.id,
        kind=DeliveryKind.REPLY,
        purpose=Purpose.SERVICE,
        state=DeliveryState.SENDING,
        created_at=now,
        first_attempt_at=now,
    )
    session.add(delivery)
    session.flush()
    session.add(DeliveryBody(delivery_id=delivery.id, messages=list(messages), reply_token=reply_token))
    session.flush()
    return delivery


def record_reply(session: Session, delivery_id: int, outcome: Accepted | GatewayError, now: datetime) -> bool:
    """Record what became of a reply; False when that was recorded before (by `uncertain_leftovers`, say)."""
    state, reason = _verdict(outcome)
    if not _close(session, delivery_id, state, reason, outcome.request_id, now):
        return False
    session.add(_attempt(delivery_id, outcome, now))
    if state is not DeliveryState.FAILED:
        _remember(session, delivery_id, now)
    return True


def uncertain_leftovers(session: Session, now: datetime, limit: int = 500) -> int:
    """Turn replies that a crash left half-sent to uncertain; return how many."""
    left = session.scalars(
        select(Delivery.id)
        .where(
            Delivery.state == DeliveryState.SENDING,
            Delivery.kind == DeliveryKind.REPLY,
            Delivery.created_at < now - PATIENCE,
        )
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for delivery_id in left:
        if _close(session, delivery_id, DeliveryState.UNCERTAIN, "crashed", None, now):
            _remember(session, delivery_id, now)
    return len(left)


def spoken_in(messages: Iterable[MessageObject]) -> Iterator[Spoken]:
    """Yield each message object with the text a person would read in it."""
    for message in messages:
        kind = str(message.get("type", ""))
        text = message.get("text") or message.get("altText") or message.get("title") or ""
        yield Spoken(kind, str(text), message)


def _verdict(outcome: Accepted | GatewayError) -> tuple[DeliveryState, str | None]:
    if isinstance(outcome, Accepted):
        return DeliveryState.ACCEPTED, None
    reason = _kind(outcome)
    if isinstance(outcome, UncertainGatewayError):
        return DeliveryState.UNCERTAIN, reason
    return DeliveryState.FAILED, reason


def _kind(error: GatewayError) -> str:
    return next((name for kind, name in OUTCOMES if isinstance(error, kind)), "failed")


def _close(
    session: Session,
    delivery_id: int,
    state: DeliveryState,
    reason: str | None,
    request_id: str | None,
    now: datetime,
) -> bool:
    done = session.execute(
        update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.state == DeliveryState.SENDING)
        .values(state=state, reason=reason, request_id=request_id, ended_at=now)
    )
    # A reply token is worth nothing once used, and need not lie about.
    session.execute(
        update(DeliveryBody).where(DeliveryBody.delivery_id == delivery_id).values(reply_token=None)
    )
    assert isinstance(done, CursorResult)
    return done.rowcount == 1


def _attempt(delivery_id: int, outcome: Accepted | GatewayError, now: datetime) -> Attempt:
    if isinstance(outcome, Accepted):
        return Attempt(
            delivery_id=delivery_id, at=now, outcome="accepted", status=200, request_id=outcome.request_id
        )
    return Attempt(
        delivery_id=delivery_id,
        at=now,
        outcome=_kind(outcome),
        status=outcome.status,
        request_id=outcome.request_id,
        error=str(outcome),
    )


def _remember(session: Session, delivery_id: int, now: datetime) -> None:
    """Put the reply into the chat history, also when it is not certain that it arrived."""
    delivery = session.get_one(Delivery, delivery_id)
    body = session.get_one(DeliveryBody, delivery_id)
    for spoken in spoken_in(body.messages):
        conversations.said(
            session,
            delivery.friend_id,
            kind=spoken.kind,
            text=spoken.text,
            content=spoken.content,
            delivery_id=delivery_id,
            at=now,
        )
