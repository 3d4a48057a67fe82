"""Deliveries of a chunk as plain values: what preparing reads, judges and renders, five hundred at a time."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.models import Chunk, Delivery, DeliveryKind, DeliveryState, Purpose

OPEN_DELIVERY = (DeliveryState.QUEUED, DeliveryState.SENDING)


class Waiting(NamedTuple):
    """One delivery that has not reached an end."""

    id: int
    friend_id: int
    state: DeliveryState
    first_attempt_at: datetime | None
    kind: DeliveryKind
    purpose: Purpose
    broadcast_id: int | None
    enrolment_id: int | None
    message_version_id: int | None
    expires_at: datetime | None
    not_before: datetime | None = None
    carried_by: int | None = None
    """These two are read for chunks of no broadcast: only there do messages of several causes meet."""


_OWN = (Delivery.id, Delivery.friend_id, Delivery.state, Delivery.first_attempt_at)
_SHARED = (
    Delivery.kind,
    Delivery.purpose,
    Delivery.broadcast_id,
    Delivery.enrolment_id,
    Delivery.message_version_id,
    Delivery.expires_at,
)
_MEETING = (Delivery.not_before, Delivery.carried_by)


def waiting(session: Session, chunk: Chunk) -> list[Waiting]:
    """Return the open deliveries of `chunk`, locked: one cancelled meanwhile must not come to life again."""
    of_chunk = (Delivery.chunk_id == chunk.id, Delivery.state.in_(OPEN_DELIVERY))
    if chunk.broadcast_id is None:
        query = select(*_OWN, *_SHARED, *_MEETING).where(*of_chunk).order_by(Delivery.id)
        return [Waiting(*row) for row in session.execute(query.with_for_update(key_share=True))]
    rows: Sequence[tuple[int, int, DeliveryState, datetime | None]] = session.execute(
        select(*_OWN).where(*of_chunk).order_by(Delivery.id).with_for_update(key_share=True)
    ).all()
    if not rows:
        return []
    # Those of a broadcast are alike in everything else, so that it need not be read for each of a million.
    shared = session.execute(select(*_SHARED).where(Delivery.id == rows[0][0])).one()
    return [Waiting(*own, *shared) for own in rows]


def first_queued(session: Session, chunk_ids: Sequence[int]) -> Waiting | None:
    """Return one queued delivery of some chunks; None when none is left."""
    query = select(*_OWN, *_SHARED).where(
        Delivery.chunk_id.in_(chunk_ids), Delivery.state == DeliveryState.QUEUED
    )
    row = session.execute(query.limit(1)).one_or_none()
    return Waiting(*row) if row else None


def like(one: Waiting, members: Iterable[tuple[int, int]]) -> list[Waiting]:
    """Return others of a broadcast's queued deliveries, each given as its id and its friend's, in the order of their ids."""
    shared = (
        one.kind,
        one.purpose,
        one.broadcast_id,
        one.enrolment_id,
        one.message_version_id,
        one.expires_at,
    )
    return [
        Waiting(id_, friend_id, DeliveryState.QUEUED, None, *shared) for id_, friend_id in sorted(members)
    ]


def of_everyone(session: Session, chunk_id: int, after: int, limit: int) -> list[Waiting]:
    """Return the next waiting deliveries of a broadcast's one chunk beyond an id, in the order of their ids."""
    query = select(*_OWN, *_SHARED).where(
        Delivery.chunk_id == chunk_id, Delivery.state == DeliveryState.QUEUED, Delivery.id > after
    )
    return [Waiting(*row) for row in session.execute(query.order_by(Delivery.id).limit(limit))]


def riding(session: Session, friend_id: int, now: datetime) -> list[Waiting]:
    """Return a friend's messages that may go with a reply now, those first that are pushed soonest."""
    query = select(*_OWN, *_SHARED, *_MEETING).where(
        Delivery.friend_id == friend_id,
        Delivery.state == DeliveryState.QUEUED,
        Delivery.chunk_id.is_(None),
        Delivery.rides_from <= now,
    )
    return [Waiting(*row) for row in session.execute(query.order_by(Delivery.not_before, Delivery.id))]
