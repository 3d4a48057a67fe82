"""Planning: a frozen audience becomes deliveries and chunks, page by page, in constant memory."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, literal
from sqlalchemy.orm import Session

from scheduler import chunks, everyone, everyone_choice, messages, plan_pages, planning_money
from scheduler.bulk import insert_ignore_from
from scheduler.jobs import JobQueue
from scheduler.models import (
    Broadcast,
    BroadcastState,
    Chunk,
    ChunkMode,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Message,
    MessageVersion,
    Purpose,
    Through,
)
from scheduler.plan_pages import Span
from segments import audience
from segments.clock import Clock
from segments.conditions import Condition, parse
from segments.db import Database
from segments.models import AudienceMember


def plan_broadcast(database: Database, queue: JobQueue, clock: Clock, broadcast_id: int) -> None:
    """Plan page after page, each in a transaction of its own, so that a crash resumes where it stopped."""
    while True:
        with database.begin() as session:
            broadcast = _still_planning(session, broadcast_id)
            if broadcast is None or not _plan_page(session, queue, broadcast, clock.now()):
                return


def _still_planning(session: Session, broadcast_id: int) -> Broadcast | None:
    broadcast = session.get(Broadcast, broadcast_id, with_for_update={"key_share": True})
    return broadcast if broadcast and broadcast.state is BroadcastState.PLANNING else None


def _plan_page(session: Session, queue: JobQueue, broadcast: Broadcast, now: datetime) -> bool:
    if planning_money.is_first_page(broadcast):
        if not planning_money.still_may_begin(session, broadcast, now):
            return False
        if broadcast.audience_id is None:
            frozen = audience.freeze(session, _condition(broadcast), now, by_mail=broadcast.by_mail)
            broadcast.audience_id = frozen.id
        planning_money.decide_order(session, broadcast, now)
    version = session.get_one(MessageVersion, broadcast.message_version_id)
    if planning_money.is_first_page(broadcast):
        everyone_choice.choose(session, broadcast, version)
    spans = plan_pages.spans(session, broadcast, sorted(version.content))
    if not spans:
        broadcast.state, broadcast.planned_at = BroadcastState.SENDING, now
        session.flush()
        everyone.enqueue(session, queue, broadcast, now)
        chunks.finish_broadcast(session, broadcast.id, now)
        return False
    if broadcast.by_value:
        _put_aside(session, broadcast, version, spans, now)
    elif broadcast.through is Through.BROADCAST:
        _add_to_everyones(session, broadcast, version, spans, now)
    else:
        _add_chunks(session, queue, broadcast, version, spans, now)
    broadcast.planned_through = max(span.last for span in spans)
    return True


def _condition(broadcast: Broadcast) -> Condition:
    assert broadcast.condition is not None, "a broadcast without an audience has a condition"
    return parse(broadcast.condition)


def _add_chunks(
    session: Session,
    queue: JobQueue,
    broadcast: Broadcast,
    version: MessageVersion,
    spans: Sequence[Span],
    now: datetime,
) -> None:
    mode = ChunkMode.PUSH if messages.is_personal(version.content) else ChunkMode.MULTICAST
    added = [
        Chunk(
            broadcast_id=broadcast.id, mode=mode, language=span.language, created_at=now, next_attempt_at=now
        )
        for span in spans
    ]
    session.add_all(added)
    session.flush()
    purpose = session.get_one(Message, version.message_id).purpose
    for chunk, span in zip(added, spans, strict=True):
        _add_deliveries(
            session, broadcast, chunk.id, purpose, plan_pages.members(broadcast, span, version), now
        )
    chunks.enqueue_all(session, queue, added, now)


def _add_to_everyones(
    session: Session,
    broadcast: Broadcast,
    version: MessageVersion,
    spans: Sequence[Span],
    now: datetime,
) -> None:
    """Write the deliveries of a broadcast that LINE itself sends to everyone: one chunk has them all."""
    purpose = session.get_one(Message, version.message_id).purpose
    chunk = everyone.chunk_of(session, broadcast, version, now)
    for span in spans:
        _add_deliveries(
            session, broadcast, chunk.id, purpose, plan_pages.members(broadcast, span, version), now
        )


def _put_aside(
    session: Session,
    broadcast: Broadcast,
    version: MessageVersion,
    spans: Sequence[Span],
    now: datetime,
) -> None:
    """Write deliveries that wait in no chunk: scheduler.releasing picks from all that wait for money."""
    purpose = session.get_one(Message, version.message_id).purpose
    waiting = planning_money.put_aside(session, broadcast, now)
    for span in spans:
        members = plan_pages.members(broadcast, span, version)
        _add_deliveries(session, broadcast, None, purpose, members, now, **waiting)
    planning_money.note_put_aside(session, now)


def _add_deliveries(
    session: Session,
    broadcast: Broadcast,
    chunk_id: int | None,
    purpose: Purpose,
    members: Select[int],
    now: datetime,
    **more: object,
) -> None:
    shared: dict[str, Any] = {
        "kind": DeliveryKind.BROADCAST,
        "purpose": purpose,
        "broadcast_id": broadcast.id,
        "message_version_id": broadcast.message_version_id,
        "chunk_id": chunk_id,
        "state": DeliveryState.QUEUED,
        "created_at": now,
        "expires_at": broadcast.expires_at,
        **more,
    }
    columns = Delivery.__table__.c
    values = [literal(value, columns[name].type).label(name) for name, value in shared.items()]
    insert_ignore_from(
        session,
        Delivery,
        ["friend_id", *shared],
        members.add_columns(*values).order_by(AudienceMember.friend_id),
    )
