"""Prepares one run of a chunk: asks eligibility, renders, and writes the intent down."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from scheduler import eligibility, messages
from scheduler.batches import Batch, Multicast, Pushes, chunk_key, delivery_key, key_expired
from scheduler.chunks import OPEN_CHUNK, OPEN_DELIVERY
from scheduler.gateway import MessageObject, Push
from scheduler.models import (
    Broadcast,
    BroadcastState,
    Chunk,
    ChunkMode,
    ChunkState,
    Delivery,
    DeliveryBody,
    DeliveryState,
    MessageVersion,
)
from scheduler.template_facts import personal_facts, shop_facts
from segments import shop
from segments.link_tokens import Tracking
from segments.models import Friend


def prepare(
    session: Session, chunk_id: int, now: datetime, zone: ZoneInfo, tracking: Tracking | None = None
) -> Batch | None:
    """Fix what this run will send, in the caller's transaction; None when there is nothing to do now.

    With `tracking`, links in messages lead through us.
    """
    chunk = session.get(Chunk, chunk_id, with_for_update=True)
    if chunk is None or chunk.state not in OPEN_CHUNK or _is_paused(session, chunk):
        return None
    deliveries = _open_deliveries(session, chunk, now)
    resends = [delivery for delivery in deliveries if delivery.state is DeliveryState.SENDING]
    if chunk.mode is ChunkMode.MULTICAST and resends:
        return _multicast(session, chunk, resends, is_resend=True)
    fresh = [delivery for delivery in deliveries if delivery.state is DeliveryState.QUEUED]
    allowed = _judge(session, fresh, now)
    chunk.state, chunk.attempts = ChunkState.SENDING, chunk.attempts + 1
    if chunk.mode is ChunkMode.MULTICAST:
        return _first_multicast(session, chunk, allowed, now)
    ready = _write_bodies(session, allowed, now, zone, tracking)
    session.flush()
    return _pushes(session, chunk, [*resends, *ready], frozenset(delivery.id for delivery in resends))


def _is_paused(session: Session, chunk: Chunk) -> bool:
    if chunk.broadcast_id is None:
        return False
    return session.get_one(Broadcast, chunk.broadcast_id).state is BroadcastState.PAUSED


def _open_deliveries(session: Session, chunk: Chunk, now: datetime) -> list[Delivery]:
    # Locked: a broadcast cancelled between this look and what we write must not come to life again.
    found = session.scalars(
        select(Delivery)
        .where(Delivery.chunk_id == chunk.id, Delivery.state.in_(OPEN_DELIVERY))
        .order_by(Delivery.id)
        .with_for_update(key_share=True)
    ).all()
    for delivery in found:
        if delivery.state is DeliveryState.SENDING and key_expired(delivery.first_attempt_at, now):
            _end(delivery, DeliveryState.UNCERTAIN, "retry_key_expired", now)
    return [delivery for delivery in found if delivery.state in OPEN_DELIVERY]


def _judge(session: Session, deliveries: Sequence[Delivery], now: datetime) -> list[Delivery]:
    allowed: list[Delivery] = []
    for delivery, candidate in zip(deliveries, eligibility.candidates(session, deliveries, now), strict=True):
        match eligibility.may_send(candidate, now):
            case eligibility.Allowed():
                allowed.append(delivery)
            case eligibility.Held(until=until, reason=reason):
                delivery.chunk_id, delivery.not_before, delivery.reason = None, until, reason
            case eligibility.Refused(reason=reason):
                _end(delivery, DeliveryState.SKIPPED, reason, now)
    return allowed


def _end(delivery: Delivery, state: DeliveryState, reason: str, now: datetime) -> None:
    delivery.state, delivery.reason, delivery.ended_at = state, reason, now


def _first_multicast(
    session: Session, chunk: Chunk, allowed: Sequence[Delivery], now: datetime
) -> Multicast | None:
    if not allowed:
        return None
    version = session.get_one(MessageVersion, allowed[0].message_version_id)
    try:
        language = chunk.language or messages.FALLBACK
        known = shop_facts(shop.load(session), language)
        chunk.messages = list(messages.render(version.content, language, known))
    except messages.RenderError as error:
        for delivery in allowed:
            _end(delivery, DeliveryState.SKIPPED, error.reason, now)
        return None
    chunk.retry_key, chunk.first_attempt_at = str(chunk_key(chunk.id, chunk.generation)), now
    for delivery in allowed:
        delivery.state, delivery.reason, delivery.first_attempt_at = DeliveryState.SENDING, None, now
        delivery.retry_key = chunk.retry_key
    session.flush()
    return _multicast(session, chunk, allowed, is_resend=False)


def _multicast(
    session: Session, chunk: Chunk, deliveries: Sequence[Delivery], *, is_resend: bool
) -> Multicast:
    addresses = _addresses(session, deliveries)
    return Multicast(
        chunk_id=chunk.id,
        delivery_ids=tuple(delivery.id for delivery in deliveries),
        to=tuple(addresses[delivery.friend_id] for delivery in deliveries),
        messages=tuple(chunk.messages or ()),
        retry_key=chunk_key(chunk.id, chunk.generation),
        is_resend=is_resend,
    )


def _write_bodies(
    session: Session, allowed: Sequence[Delivery], now: datetime, zone: ZoneInfo, tracking: Tracking | None
) -> list[Delivery]:
    bodies = _render_each(session, allowed, now, zone, tracking)
    if not bodies:
        return []
    ready = [delivery for delivery in allowed if delivery.id in bodies]
    # A body of an earlier round that LINE certainly refused may stand there: this round's replaces it.
    session.execute(delete(DeliveryBody).where(DeliveryBody.delivery_id.in_(bodies)))
    session.execute(
        insert(DeliveryBody),
        [{"delivery_id": id_, "messages": body, "reply_token": None} for id_, body in bodies.items()],
    )
    session.execute(
        update(Delivery),
        [
            {
                "id": delivery.id,
                "state": DeliveryState.SENDING,
                "reason": None,
                "first_attempt_at": now,
                "retry_key": str(delivery_key(delivery.id)),
            }
            for delivery in ready
        ],
    )
    return ready


def _render_each(
    session: Session, allowed: Sequence[Delivery], now: datetime, zone: ZoneInfo, tracking: Tracking | None
) -> dict[int, list[MessageObject]]:
    versions = _versions(session, allowed)
    sound = _without_broken(versions, allowed, now)
    facts = personal_facts(session, sound, now, zone, tracking=tracking)
    bodies: dict[int, list[MessageObject]] = {}
    for delivery in sound:
        known = facts[delivery.id]
        try:
            content = versions[delivery.message_version_id]
            bodies[delivery.id] = list(messages.render(content, known["language"], known))
        except messages.RenderError as error:
            _end(delivery, DeliveryState.SKIPPED, error.reason, now)
    return bodies


def _without_broken(
    versions: dict[int | None, messages.MessageContent], deliveries: Sequence[Delivery], now: datetime
) -> list[Delivery]:
    """Skip messages that were composed under other rules than today's: they must not keep the chunk's others."""
    broken = {id_ for id_, content in versions.items() if _is_broken(content)}
    for delivery in deliveries:
        if delivery.message_version_id in broken:
            _end(delivery, DeliveryState.SKIPPED, eligibility.Reason.TEMPLATE_FAILED, now)
    return [delivery for delivery in deliveries if delivery.state is DeliveryState.QUEUED]


def _is_broken(content: messages.MessageContent) -> bool:
    try:
        messages.template_of(content)
    except messages.BadTemplate:
        return True
    return False


def _versions(session: Session, deliveries: Sequence[Delivery]) -> dict[int | None, messages.MessageContent]:
    ids = {delivery.message_version_id for delivery in deliveries}
    found = session.scalars(select(MessageVersion).where(MessageVersion.id.in_(ids)))
    return {version.id: version.content for version in found}


def _pushes(
    session: Session, chunk: Chunk, deliveries: Sequence[Delivery], resends: frozenset[int]
) -> Pushes | None:
    if not deliveries:
        return None
    addresses = _addresses(session, deliveries)
    stored = session.execute(
        select(DeliveryBody.delivery_id, DeliveryBody.messages).where(
            DeliveryBody.delivery_id.in_([delivery.id for delivery in deliveries])
        )
    )
    bodies = dict(stored.all())
    pushes = tuple(
        Push(
            delivery.id, addresses[delivery.friend_id], tuple(bodies[delivery.id]), delivery_key(delivery.id)
        )
        for delivery in deliveries
    )
    return Pushes(chunk.id, pushes, resends)


def _addresses(session: Session, deliveries: Sequence[Delivery]) -> dict[int, str]:
    ids = {delivery.friend_id for delivery in deliveries}
    rows = session.execute(select(Friend.id, Friend.line_user_id).where(Friend.id.in_(ids)))
    return {id_: line_user_id or "" for id_, line_user_id in rows}
