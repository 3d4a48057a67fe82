"""Replies to many friends at once: written down in two statements before they are sent."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import insert
from sqlalchemy.orm import Session

from scheduler.gateway import MessageObject
from scheduler.models import Delivery, DeliveryBody, DeliveryKind, DeliveryState, Purpose


class NewReply(NamedTuple):
    """A reply to be written down."""

    friend_id: int
    messages: Sequence[MessageObject]
    reply_token: str
    message_version_id: int | None = None
    hopeless: str | None = None
    """Why it is not going to be sent."""


def write(session: Session, new: Sequence[NewReply], now: datetime) -> dict[int, int]:
    """Write down replies that the caller is about to send, one for each friend, to be committed before the call.

    Return the deliveries by friend. A hopeless one is written as failed: the friend was not answered, and it is known why.
    """
    if not new:
        return {}
    told = insert(Delivery).returning(Delivery.friend_id, Delivery.id).execution_options(render_nulls=True)
    ids: dict[int, int] = dict(session.execute(told, [_delivery(reply, now) for reply in new]).all())
    bodies = insert(DeliveryBody).execution_options(render_nulls=True)
    session.execute(bodies, [_body(reply, ids[reply.friend_id]) for reply in new])
    return ids


def _delivery(reply: NewReply, now: datetime) -> dict[str, Any]:
    state = DeliveryState.FAILED if reply.hopeless else DeliveryState.SENDING
    return {
        "friend_id": reply.friend_id,
        "kind": DeliveryKind.REPLY,
        "purpose": Purpose.SERVICE,
        "message_version_id": reply.message_version_id,
        "state": state,
        "reason": reply.hopeless,
        "created_at": now,
        "first_attempt_at": now,
        "ended_at": now if reply.hopeless else None,
    }


def _body(reply: NewReply, delivery_id: int) -> dict[str, Any]:
    token = None if reply.hopeless else reply.reply_token
    return {"delivery_id": delivery_id, "messages": list(reply.messages), "reply_token": token}
