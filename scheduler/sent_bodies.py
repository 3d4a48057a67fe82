"""The exact words a friend was sent: kept with the delivery or, where many got the same, with the chunk they left in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.models import (
    Attempt,
    Broadcast,
    Chunk,
    ChunkMode,
    Delivery,
    DeliveryBody,
    DeliveryState,
    Message,
    MessageVersion,
    Scenario,
    Step,
)
from segments.errors import NotFound

LEFT = (DeliveryState.SENDING, DeliveryState.ACCEPTED, DeliveryState.UNCERTAIN, DeliveryState.FAILED)
"""States in which a body went to LINE, or is about to."""


class SentMessage(NamedTuple):
    """Which message it was, and which version of it."""

    id: int
    name: str
    version: int


@dataclass(frozen=True)
class SentBody:
    """A delivery, what it says and what it belongs to."""

    delivery: Delivery
    messages: Sequence[dict[str, Any]]
    """LINE's message objects; none when nothing of it has left."""
    language: str | None
    """Only where many got the same in one language."""
    way: ChunkMode | None
    """How it left; None with a reply, or not yet."""
    broadcast: str | None
    scenario: Scenario | None
    step: str | None
    message: SentMessage | None
    request_ids: Sequence[str]
    """LINE's, of all requests it was in: what LINE's support asks for."""


def sent_body(session: Session, delivery_id: int) -> SentBody:
    """Return what a delivery said. Raises NotFound("not_found")."""
    delivery = session.get(Delivery, delivery_id)
    if delivery is None:
        raise NotFound("not_found")
    chunk = session.get(Chunk, delivery.chunk_id) if delivery.chunk_id else None
    broadcast = session.get(Broadcast, delivery.broadcast_id) if delivery.broadcast_id else None
    step = session.get(Step, delivery.step_id) if delivery.step_id else None
    own = session.get(DeliveryBody, delivery.id)
    shared = chunk.messages if chunk else None
    return SentBody(
        delivery=delivery,
        messages=((own.messages if own else shared) or ()) if delivery.state in LEFT else (),
        language=chunk.language if chunk and not own else None,
        way=chunk.mode if chunk else None,
        broadcast=broadcast.name if broadcast else None,
        scenario=step.scenario if step else None,
        step=step.name if step else None,
        message=_message(session, delivery.message_version_id),
        request_ids=_request_ids(session, delivery),
    )


def _message(session: Session, version_id: int | None) -> SentMessage | None:
    query = (
        select(Message.id, Message.name, MessageVersion.version)
        .join(MessageVersion, MessageVersion.message_id == Message.id)
        .where(MessageVersion.id == version_id)
    )
    found = session.execute(query).one_or_none() if version_id is not None else None
    return SentMessage(*found) if found is not None else None


def _request_ids(session: Session, delivery: Delivery) -> list[str]:
    mine = Attempt.delivery_id == delivery.id
    query = select(Attempt.request_id, Attempt.accepted_request_id).where(mine).order_by(Attempt.id)
    named = [delivery.request_id, *(each for row in session.execute(query) for each in row)]
    return list(dict.fromkeys(each for each in named if each))
