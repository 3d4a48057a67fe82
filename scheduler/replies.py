"""Replies: written down before the call to LINE, their outcome after it.

A reply has no retry key. When it is not certain that LINE took it, it stays uncertain: sending it again
another way is how friends get things twice.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.orm import Session

from scheduler.gateway import Accepted, GatewayError, MessageObject, UncertainGatewayError
from scheduler.ledger import name_of
from scheduler.models import Attempt, Delivery, DeliveryBody, DeliveryKind, DeliveryState, Purpose
from segments import conversations
from segments.models import Friend

PATIENCE = timedelta(minutes=2)
"""After this a reply still being sent was lost in a crash: reply tokens live one minute."""

Outcome = Accepted | GatewayError
_Verdict = tuple[DeliveryState, str | None]
CRASHED: _Verdict = (DeliveryState.UNCERTAIN, "crashed")


class Spoken(NamedTuple):
    """One message object as the chat history keeps it."""

    kind: str
    text: str
    content: dict[str, Any]


class _Reply(NamedTuple):
    """A reply whose outcome is not known yet."""

    delivery_id: int
    friend_id: int
    messages: list[MessageObject]


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


def record_reply(session: Session, delivery_id: int, outcome: Outcome, now: datetime) -> bool:
    """Record what became of a reply; False when that was recorded before (by `uncertain_leftovers`, say)."""
    return record_replies(session, [(delivery_id, outcome)], now) == 1


def record_replies(session: Session, outcomes: Sequence[tuple[int, Outcome]], now: datetime) -> int:
    """Record what became of many replies, in a handful of statements; return how many were not recorded before."""
    said = dict(outcomes)
    replies = _under_way(session, Delivery.id.in_(said))
    verdicts = {reply.delivery_id: _verdict(said[reply.delivery_id]) for reply in replies}
    _close(session, [_ended(id_, verdict, now, said[id_]) for id_, verdict in verdicts.items()])
    if verdicts:
        attempts = insert(Attempt).execution_options(render_nulls=True)
        session.execute(attempts, [_attempt(id_, said[id_], now) for id_ in verdicts])
    heard = [reply for reply in replies if verdicts[reply.delivery_id][0] is not DeliveryState.FAILED]
    _remember(session, heard, now)
    return len(replies)


def uncertain_leftovers(session: Session, now: datetime, limit: int = 500) -> int:
    """Turn replies that a crash left half-sent to uncertain; return how many."""
    is_left = (Delivery.kind == DeliveryKind.REPLY) & (Delivery.created_at < now - PATIENCE)
    left = _under_way(session, is_left, limit)
    _close(session, [_ended(reply.delivery_id, CRASHED, now) for reply in left])
    _remember(session, left, now)
    return len(left)


def spoken_in(messages: Iterable[MessageObject]) -> Iterator[Spoken]:
    """Yield each message object with the text a person would read in it."""
    for message in messages:
        kind = str(message.get("type", ""))
        text = message.get("text") or message.get("altText") or message.get("title") or ""
        yield Spoken(kind, str(text), message)


def _verdict(outcome: Outcome) -> _Verdict:
    if isinstance(outcome, Accepted):
        return DeliveryState.ACCEPTED, None
    reason = name_of(outcome)
    if isinstance(outcome, UncertainGatewayError):
        return DeliveryState.UNCERTAIN, reason
    return DeliveryState.FAILED, reason


def _under_way(session: Session, which: ColumnElement[bool], limit: int | None = None) -> list[_Reply]:
    """Lock replies that nobody has recorded; those that somebody is just recording are left to them."""
    query = (
        select(Delivery.id, Delivery.friend_id, DeliveryBody.messages)
        .join(DeliveryBody, DeliveryBody.delivery_id == Delivery.id)
        .where(which, Delivery.state == DeliveryState.SENDING)
        .order_by(Delivery.id)
        .limit(limit)
        .with_for_update(of=Delivery, key_share=True, skip_locked=True)
    )
    return [_Reply(*row) for row in session.execute(query)]


def _ended(
    delivery_id: int, verdict: _Verdict, now: datetime, outcome: Outcome | None = None
) -> dict[str, Any]:
    state, reason = verdict
    request_id = outcome.request_id if outcome else None
    return {"id": delivery_id, "state": state, "reason": reason, "request_id": request_id, "ended_at": now}


def _close(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        return
    session.execute(update(Delivery), rows)
    # A reply token is worth nothing once used, and need not lie about.
    used = DeliveryBody.delivery_id.in_([row["id"] for row in rows])
    session.execute(
        update(DeliveryBody).where(used).values(reply_token=None).execution_options(synchronize_session=False)
    )


def _attempt(delivery_id: int, outcome: Outcome, now: datetime) -> dict[str, Any]:
    accepted = isinstance(outcome, Accepted)
    return {
        "delivery_id": delivery_id,
        "at": now,
        "outcome": name_of(outcome),
        "status": 200 if accepted else outcome.status,
        "request_id": outcome.request_id,
        "error": None if accepted else str(outcome),
    }


def _remember(session: Session, replies: Sequence[_Reply], now: datetime) -> None:
    """Put replies into the chat history, also when it is not certain that they arrived."""
    conversations.said_many(
        session,
        [
            conversations.Said(
                reply.friend_id, spoken.kind, spoken.text, spoken.content, reply.delivery_id, now
            )
            for reply in replies
            for spoken in spoken_in(reply.messages)
        ],
    )
