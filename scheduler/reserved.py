"""What planned sends will use of this month: queued deliveries, broadcasts on their way and those that are scheduled."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from scheduler import kept_reach
from scheduler.affording import is_free_of_that, waits_for_money
from scheduler.models import (
    Broadcast,
    BroadcastState,
    Chunk,
    ChunkMode,
    ChunkState,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Message,
    MessageVersion,
    Purpose,
)
from scheduler.months import next_month
from segments.models import AudienceMember

UNDER_WAY = (BroadcastState.PLANNING, BroadcastState.SENDING, BroadcastState.PAUSED)
_OPEN = (ChunkState.QUEUED, ChunkState.SENDING)


@dataclass(frozen=True)
class Reserved:
    """Messages of this month that are spoken for; `care` is the part of them that sells nothing."""

    queued: int
    """Written and waiting to leave."""
    unplanned: int
    """Of broadcasts on their way, not written yet."""
    scheduled: int
    """Of broadcasts that will begin this month, those that wait for approval among them."""
    held: int
    """What waits for a larger budget or plan, or the next month: not part of the total."""
    care: int

    @property
    def total(self) -> int:
        """All that leaves this month if nothing is changed."""
        return self.queued + self.unplanned + self.scheduled


def reserved(session: Session, now: datetime, without: int | None = None) -> Reserved:
    """Count what is spoken for, leaving out the broadcast `without`; blocked friends count until their turn comes."""
    until = next_month(now)
    queued = _queued(session, until, without)
    unplanned, unplanned_care = _unplanned(session, now, without)
    scheduled, scheduled_care = _scheduled(session, now, until, without)
    return Reserved(
        queued=sum(queued.values()),
        unplanned=unplanned,
        scheduled=scheduled,
        held=held(session),
        care=sum(n for purpose, n in queued.items() if purpose is not Purpose.SALES)
        + unplanned_care
        + scheduled_care,
    )


def queued(session: Session, now: datetime) -> int:
    """Count the deliveries that are about to leave and have not claimed their message yet."""
    return sum(_queued(session, next_month(now), None).values())


def held(session: Session) -> int:
    """Count the deliveries that wait for money."""
    return session.scalar(select(func.count()).select_from(Delivery).where(waits_for_money())) or 0


def _queued(session: Session, until: datetime, without: int | None) -> dict[Purpose, int]:
    """Count what is queued by purpose, each kind along an index of its own."""
    is_queued = Delivery.state == DeliveryState.QUEUED
    # A multicast that LINE is being told of has claimed its messages already; mail claims none.
    costs_nothing = select(Chunk.id).where(
        Chunk.state.in_(_OPEN), or_(Chunk.first_attempt_at.is_not(None), Chunk.mode == ChunkMode.MAIL)
    )
    running = select(Broadcast.id).where(Broadcast.state.in_(UNDER_WAY))
    of_broadcasts = and_(
        is_queued,
        Delivery.broadcast_id.in_(running),
        or_(Delivery.chunk_id.is_(None), Delivery.chunk_id.not_in(costs_nothing)),
    )
    in_chunks = and_(
        is_queued,
        Delivery.broadcast_id.is_(None),
        Delivery.chunk_id.in_(select(Chunk.id).where(Chunk.state.in_(_OPEN), Chunk.mode != ChunkMode.MAIL)),
    )
    alone = and_(is_queued, Delivery.broadcast_id.is_(None), Delivery.chunk_id.is_(None))
    this_month = or_(Delivery.not_before.is_(None), Delivery.not_before < until)
    found: dict[Purpose, int] = {}
    for which in (of_broadcasts, in_chunks, alone):
        query = (
            select(Delivery.purpose, func.count())
            .where(which, is_free_of_that(), this_month, Delivery.kind != DeliveryKind.REPLY)
            .group_by(Delivery.purpose)
        )
        if without is not None:
            query = query.where(or_(Delivery.broadcast_id.is_(None), Delivery.broadcast_id != without))
        for purpose, count in session.execute(query):
            found[purpose] = found.get(purpose, 0) + count
    return found


def _unplanned(session: Session, now: datetime, without: int | None) -> tuple[int, int]:
    rows = session.execute(
        select(Broadcast, Message.purpose)
        .join(MessageVersion, MessageVersion.id == Broadcast.message_version_id)
        .join(Message, Message.id == MessageVersion.message_id)
        .where(
            Broadcast.state.in_(UNDER_WAY),
            Broadcast.planned_at.is_(None),
            Broadcast.started_at.is_not(None),
            Broadcast.by_value.is_(False),
        )
    )
    return _summed(
        (_left(session, broadcast, purpose, now), purpose)
        for broadcast, purpose in rows.all()
        if broadcast.id != without
    )


def _left(session: Session, broadcast: Broadcast, purpose: Purpose, now: datetime) -> int:
    if broadcast.audience_id is None:
        return kept_reach.reachable(session, broadcast, purpose, now)
    members = select(func.count()).where(
        AudienceMember.audience_id == broadcast.audience_id,
        AudienceMember.friend_id > broadcast.planned_through,
    )
    return session.scalar(members) or 0


def _scheduled(session: Session, now: datetime, until: datetime, without: int | None) -> tuple[int, int]:
    this_month = or_(Broadcast.scheduled_at.is_(None), Broadcast.scheduled_at < until)
    rows = session.execute(kept_reach.planned().where(this_month)).all()
    kept = kept_reach.load(session, now)
    return _summed(
        (kept.of(session, broadcast, purpose, now), purpose)
        for broadcast, purpose in rows
        if broadcast.id != without
    )


def _summed(counted: Iterable[tuple[int, Purpose]]) -> tuple[int, int]:
    """Return all messages, and those that sell nothing."""
    counts = list(counted)
    return sum(count for count, _ in counts), sum(n for n, purpose in counts if purpose is not Purpose.SALES)
