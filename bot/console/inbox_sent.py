"""What we sent a friend, with the names that belong to it, as a page of the conversation needs it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from scheduler import manual
from scheduler.models import (
    Broadcast,
    Delivery,
    DeliveryBody,
    DeliveryKind,
    DeliveryState,
    Message,
    MessageVersion,
)
from segments.models import ChatMessage

PAGE = 50
Span = tuple[datetime | None, datetime | None]
"""From when and until when; None for an open end."""
_SHOWN = (DeliveryState.ACCEPTED, DeliveryState.UNCERTAIN, DeliveryState.SENDING, DeliveryState.FAILED)


@dataclass(frozen=True)
class Sent:
    """A delivery with the names that belong to it."""

    id: int
    kind: DeliveryKind
    state: DeliveryState
    reason: str | None
    at: datetime
    broadcast: str | None
    message: str | None
    key: str | None
    by: str | None
    body: Any
    content: Any

    @property
    def by_person(self) -> bool:
        return (
            self.key is None
            and self.by is not None
            and self.kind in (DeliveryKind.MANUAL, DeliveryKind.REPLY)
        )

    @property
    def text(self) -> str:
        """What a person wrote: as it went out, or as it is to go out."""
        if self.body:
            return str(self.body[0].get("text", ""))
        stored = self.content["ja"][0]["text"] if self.content else ""
        return str(stored).replace(manual.LITERAL_BRACE, "{")


_WANTED = (
    select(
        Delivery.id,
        Delivery.kind,
        Delivery.state,
        Delivery.reason,
        Delivery.created_at,
        Broadcast.name,
        Message.name,
        Message.key,
        MessageVersion.created_by,
        DeliveryBody.messages,
        MessageVersion.content,
    )
    .outerjoin(Broadcast, Broadcast.id == Delivery.broadcast_id)
    .outerjoin(MessageVersion, MessageVersion.id == Delivery.message_version_id)
    .outerjoin(Message, Message.id == MessageVersion.message_id)
    .outerjoin(DeliveryBody, DeliveryBody.delivery_id == Delivery.id)
    .order_by(Delivery.created_at.desc(), Delivery.id.desc())
)


def sent_in(session: Session, friend_id: int, messages: Sequence[ChatMessage], span: Span) -> list[Sent]:
    """Return what belongs to a page of messages: what stands in it, and what else was sent meanwhile."""
    since, until = span
    named = [message.delivery_id for message in messages if message.delivery_id is not None]
    here = [Delivery.friend_id == friend_id]
    here += [Delivery.created_at >= since] if since else []
    here += [Delivery.created_at <= until] if until else []
    # By friend and moment, and by id: two lookups in an index each, which one OR would keep the planner from.
    lately = [
        Sent(*row)
        for row in session.execute(
            _WANTED.where(*here)
            .where(or_(Delivery.kind == DeliveryKind.MANUAL, Delivery.state.in_(_SHOWN)))
            .limit(PAGE * 2)
        )
    ]
    missing = set(named) - {each.id for each in lately}
    if missing:
        lately += [Sent(*row) for row in session.execute(_WANTED.where(Delivery.id.in_(missing)))]
    return lately
