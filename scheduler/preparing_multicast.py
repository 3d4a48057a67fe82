"""Prepares a run of a chunk that leaves as one multicast: judged in groups, with one body for all."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import affording, alike, bulk, eligibility, messages
from scheduler.batches import Multicast, chunk_key, key_expired
from scheduler.house import House, house_of
from scheduler.keeping_back import EXPIRED, end, keep_back
from scheduler.models import Chunk, ChunkState, DeliveryState, MessageVersion
from scheduler.template_facts import shop_facts
from scheduler.waiting import Waiting, waiting
from segments.models import Friend


def multicast(session: Session, chunk: Chunk, now: datetime) -> Multicast | None:
    """Fix what goes to whom; None when there is nothing to do now."""
    chunk.attempts += 1
    if chunk.first_attempt_at is not None:
        return _once_more(session, chunk, now)
    # The chunk is written once, at the end: there are thousands of them.
    with session.no_autoflush:
        return _fresh(session, chunk, now)


def _fresh(session: Session, chunk: Chunk, now: datetime) -> Multicast | None:
    chunk.state = ChunkState.SENDING
    house = house_of(session, now)
    judged = alike.judge(session, chunk, house)
    keep_back(session, judged.by_verdict, now)
    allowed = judged.by_verdict.get(eligibility.Allowed(), [])
    if not allowed or not _fix_body(session, chunk, allowed, house):
        return None
    held = affording.claim_for(session, allowed, None, now)
    allowed = [each for each in allowed if each.id not in held] if held else allowed
    if not allowed:
        return None
    chunk.retry_key, chunk.first_attempt_at = str(chunk_key(chunk.id, chunk.generation)), now
    session.flush()
    return _to_all(chunk, allowed, judged.addresses, is_resend=False)


def _once_more(session: Session, chunk: Chunk, now: datetime) -> Multicast | None:
    deliveries = waiting(session, chunk)
    if key_expired(chunk.first_attempt_at, now):
        end(session, deliveries, DeliveryState.UNCERTAIN, EXPIRED, now)
        return None
    return _to_all(chunk, deliveries, _addresses(session, deliveries), is_resend=True)


def _fix_body(session: Session, chunk: Chunk, allowed: Sequence[Waiting], house: House) -> bool:
    version = session.get_one(MessageVersion, allowed[0].message_version_id)
    try:
        language = chunk.language or messages.FALLBACK
        known = shop_facts(house.settings, language)
        chunk.messages = list(messages.render(version.content, language, known))
    except (messages.RenderError, messages.BadTemplate) as error:
        reason = (
            error.reason if isinstance(error, messages.RenderError) else eligibility.Reason.TEMPLATE_FAILED
        )
        end(session, allowed, DeliveryState.SKIPPED, reason, house.now)
        return False
    return True


def _to_all(
    chunk: Chunk, deliveries: Sequence[Waiting], addresses: Mapping[int, str], *, is_resend: bool
) -> Multicast | None:
    if not deliveries:
        return None
    return Multicast(
        chunk_id=chunk.id,
        broadcast_id=chunk.broadcast_id,
        delivery_ids=tuple(delivery.id for delivery in deliveries),
        friend_ids=tuple(delivery.friend_id for delivery in deliveries),
        to=tuple(addresses[delivery.friend_id] for delivery in deliveries),
        messages=tuple(chunk.messages or ()),
        generation=chunk.generation,
        is_resend=is_resend,
    )


def _addresses(session: Session, deliveries: Sequence[Waiting]) -> dict[int, str]:
    these = bulk.among(session, Friend.id, [delivery.friend_id for delivery in deliveries])
    rows = session.execute(select(Friend.id, Friend.line_user_id).where(these))
    return {id_: line_user_id or "" for id_, line_user_id in rows}
