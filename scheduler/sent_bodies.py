"""The words a friend was sent: kept with the delivery or, where many got the same, with the chunk they left in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from scheduler.models import (
    Attempt,
    Broadcast,
    Chunk,
    ChunkMode,
    Delivery,
    DeliveryBody,
    DeliveryState,
    LostTry,
    Message,
    MessageVersion,
    Scenario,
    Step,
)
from scheduler.reasons import Reason
from segments.errors import NotFound

_SHARED = (ChunkMode.MULTICAST, ChunkMode.EVERYONE)
"""How many get the same in one request, whose body and whose attempts are the chunk's."""
LEFT = (DeliveryState.SENDING, DeliveryState.ACCEPTED, DeliveryState.UNCERTAIN)
"""States in which a body left or may have left; what failed did not reach the friend."""


class SentMessage(NamedTuple):
    """Which message it was, and which version of it."""

    id: int
    name: str
    version: int


@dataclass(frozen=True)
class Try:
    """One time that a delivery left, or may have left."""

    messages: Sequence[dict[str, Any]]
    """LINE's message objects; for a mail, those it was written from. Empty: they were not kept."""
    at: datetime
    """When it was accepted; when it began where nobody knows whether it was."""
    is_accepted: bool
    """Whether LINE or the mail server took it; otherwise it may have arrived."""
    way: ChunkMode | None
    """None: with a reply to the friend."""


@dataclass(frozen=True)
class SentBody:
    """A delivery, what was said each time it left, and what it belongs to."""

    delivery: Delivery
    tries: Sequence[Try]
    """The oldest first; none when nothing of it has left."""
    broadcast: str | None
    scenario: Scenario | None
    step: str | None
    message: SentMessage | None
    request_ids: Sequence[str]
    """LINE's, of every request it was in: what LINE's support asks for. Of a mail, its Message-ID."""


def sent_body(session: Session, delivery_id: int) -> SentBody:
    """Return what a delivery said. Raises NotFound("not_found")."""
    delivery = session.get(Delivery, delivery_id)
    if delivery is None:
        raise NotFound("not_found")
    broadcast = session.get(Broadcast, delivery.broadcast_id) if delivery.broadcast_id else None
    step = session.get(Step, delivery.step_id) if delivery.step_id else None
    return SentBody(
        delivery=delivery,
        tries=[*_lost(session, delivery), *_current(session, delivery)],
        broadcast=broadcast.name if broadcast else None,
        scenario=step.scenario if step else None,
        step=step.name if step else None,
        message=_message(session, delivery.message_version_id),
        request_ids=_request_ids(session, delivery),
    )


def _lost(session: Session, delivery: Delivery) -> Iterator[Try]:
    """Yield the tries that nobody knows the end of and that were followed by another."""
    mine = select(Attempt.at).where(Attempt.delivery_id == delivery.id).order_by(Attempt.at)
    calls = list(session.scalars(mine))
    query = select(LostTry).where(LostTry.delivery_id == delivery.id).order_by(LostTry.number)
    for lost in session.scalars(query):
        chunk = session.get(Chunk, lost.chunk_id) if lost.chunk_id else None
        words = lost.messages or (chunk.messages if chunk else None) or ()
        began = (chunk.first_attempt_at if chunk else None) or next(iter(calls), lost.ended_at)
        yield Try(words, min(began, lost.ended_at), is_accepted=False, way=chunk.mode if chunk else None)
        calls = [at for at in calls if at > lost.ended_at]


def _current(session: Session, delivery: Delivery) -> Iterator[Try]:
    chunk = session.get(Chunk, delivery.chunk_id) if delivery.chunk_id else None
    # Those of a shared request wait as queued, until it is known what LINE says to it.
    is_under_way = delivery.state is DeliveryState.QUEUED and _has_begun(chunk)
    if delivery.state not in LEFT and not is_under_way:
        return
    own = session.get(DeliveryBody, delivery.id)
    shared = chunk.messages if chunk and chunk.mode in _SHARED else None
    is_accepted = delivery.state is DeliveryState.ACCEPTED and delivery.reason != Reason.TAKEN_AS_ARRIVED
    began = delivery.first_attempt_at or (chunk.first_attempt_at if chunk else None) or delivery.created_at
    yield Try(
        messages=(own.messages if own else shared) or (),
        at=(delivery.ended_at or began) if is_accepted else began,
        is_accepted=is_accepted,
        way=chunk.mode if chunk else None,
    )


def _has_begun(chunk: Chunk | None) -> bool:
    return chunk is not None and chunk.mode in _SHARED and chunk.first_attempt_at is not None


def _message(session: Session, version_id: int | None) -> SentMessage | None:
    query = (
        select(Message.id, Message.name, MessageVersion.version)
        .join(MessageVersion, MessageVersion.message_id == Message.id)
        .where(MessageVersion.id == version_id)
    )
    found = session.execute(query).one_or_none() if version_id is not None else None
    return SentMessage(*found) if found is not None else None


def _request_ids(session: Session, delivery: Delivery) -> list[str]:
    """Return them once each: of its own requests, of the push or reply that carried it, of the chunks' it shared."""
    lost = select(LostTry.chunk_id).where(LostTry.delivery_id == delivery.id)
    shared = select(Chunk.id).where(
        or_(Chunk.id == delivery.chunk_id, Chunk.id.in_(lost)), Chunk.mode.in_(_SHARED)
    )
    mine = or_(
        Attempt.delivery_id.in_([delivery.id, delivery.carried_by or delivery.id]),
        Attempt.chunk_id.in_(shared),
    )
    query = select(Attempt.request_id, Attempt.accepted_request_id).where(mine).order_by(Attempt.id)
    named = [delivery.request_id, *(each for row in session.execute(query) for each in row)]
    return list(dict.fromkeys(each for each in named if each))
