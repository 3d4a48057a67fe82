"""Planning: a frozen audience becomes deliveries and chunks, page by page, in constant memory."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import chunks, messages
from scheduler.jobs import JobQueue
from scheduler.models import Broadcast, BroadcastState, ChunkMode, Delivery, Message, MessageVersion, Purpose
from segments import audience
from segments.clock import Clock
from segments.conditions import Condition, parse
from segments.db import Database
from segments.models import AudienceMember, Friend
from segments.upsert import insert_ignore

PAGE = 20 * chunks.CHUNK_SIZE


class Recipient(NamedTuple):
    """One friend of the audience and the language to speak."""

    friend_id: int
    language: str


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
    if broadcast.audience_id is None:
        frozen = audience.freeze(session, _condition(broadcast), now)
        broadcast.audience_id = frozen.id
    version = session.get_one(MessageVersion, broadcast.message_version_id)
    recipients = _page(session, broadcast, sorted(version.content))
    if not recipients:
        broadcast.state, broadcast.planned_at = BroadcastState.SENDING, now
        session.flush()
        chunks.finish_broadcast(session, broadcast.id, now)
        return False
    _add_chunks(session, queue, broadcast, version, recipients, now)
    broadcast.planned_through = recipients[-1].friend_id
    return True


def _condition(broadcast: Broadcast) -> Condition:
    assert broadcast.condition is not None, "a broadcast without an audience has a condition"
    return parse(broadcast.condition)


def _page(session: Session, broadcast: Broadcast, languages: Sequence[str]) -> list[Recipient]:
    rows = session.execute(
        select(Friend.id, Friend.language)
        .join(AudienceMember, AudienceMember.friend_id == Friend.id)
        .where(
            AudienceMember.audience_id == broadcast.audience_id,
            AudienceMember.friend_id > broadcast.planned_through,
        )
        .order_by(AudienceMember.friend_id)
        .limit(PAGE)
    )
    return [Recipient(id_, messages.spoken(language, languages)) for id_, language in rows]


def _add_chunks(
    session: Session,
    queue: JobQueue,
    broadcast: Broadcast,
    version: MessageVersion,
    recipients: list[Recipient],
    now: datetime,
) -> None:
    purpose = session.get_one(Message, version.message_id).purpose
    mode = ChunkMode.PUSH if messages.is_personal(version.content) else ChunkMode.MULTICAST
    in_order = sorted(recipients, key=lambda recipient: recipient.language)
    for language, group in groupby(in_order, key=lambda recipient: recipient.language):
        everyone = list(group)
        for start in range(0, len(everyone), chunks.CHUNK_SIZE):
            members = everyone[start : start + chunks.CHUNK_SIZE]
            chunk = chunks.add_chunk(
                session, now=now, mode=mode, broadcast_id=broadcast.id, language=language
            )
            _add_deliveries(session, broadcast, chunk.id, purpose, members, now)
            chunks.enqueue(session, queue, chunk, now)


def _add_deliveries(
    session: Session,
    broadcast: Broadcast,
    chunk_id: int,
    purpose: Purpose,
    members: Sequence[Recipient],
    now: datetime,
) -> None:
    shared = {
        "kind": "broadcast",
        "purpose": purpose,
        "broadcast_id": broadcast.id,
        "message_version_id": broadcast.message_version_id,
        "chunk_id": chunk_id,
        "state": "queued",
        "created_at": now,
        "expires_at": broadcast.expires_at,
    }
    insert_ignore(session, Delivery, [shared | {"friend_id": member.friend_id} for member in members])
