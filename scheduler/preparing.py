"""Prepares one run of a chunk: asks eligibility, renders, and writes the intent down."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Text, delete, select, type_coerce, update
from sqlalchemy.orm import Session

from scheduler import (
    affording,
    bulk,
    bundling,
    decision_rows,
    eligibility,
    everyone,
    mail_instead,
    messages,
    throttle,
)
from scheduler.batches import Batch, Mails, Multicast, Pushes, chunk_key, delivery_key, key_expired
from scheduler.chunks import OPEN_CHUNK
from scheduler.gateway import Push
from scheduler.holding import is_held
from scheduler.models import (
    Chunk,
    ChunkMode,
    ChunkState,
    Delivery,
    DeliveryBody,
    DeliveryState,
    MessageVersion,
)
from scheduler.template_facts import personal_facts, shop_facts
from scheduler.waiting import Waiting, waiting
from segments import shop
from segments.link_tokens import Tracking
from segments.models import Friend

EXPIRED = "retry_key_expired"


def prepare(
    session: Session, chunk_id: int, now: datetime, zone: ZoneInfo, tracking: Tracking | None = None
) -> Batch | None:
    """Fix what this run will send, in the caller's transaction; None when there is nothing to do now.

    With `tracking`, links in messages lead through us.
    """
    chunk = session.get(Chunk, chunk_id, with_for_update=True)
    if chunk is None or chunk.state not in OPEN_CHUNK or is_held(session, chunk.broadcast_id):
        return None
    if not throttle.has_its_turn(session, chunk, now):
        return None
    if chunk.mode is ChunkMode.EVERYONE:
        return everyone.batch_of(chunk)
    if chunk.mode is ChunkMode.MAIL:
        return Mails(chunk.id)
    deliveries = waiting(session, chunk)
    if chunk.mode is ChunkMode.MULTICAST:
        return _multicast(session, chunk, deliveries, now)
    return _pushes(session, chunk, deliveries, now, zone, tracking)


def _multicast(
    session: Session, chunk: Chunk, deliveries: Sequence[Waiting], now: datetime
) -> Multicast | None:
    chunk.attempts += 1
    if chunk.first_attempt_at is not None:
        if not key_expired(chunk.first_attempt_at, now):
            return _to_all(session, chunk, deliveries, is_resend=True)
        _end(session, deliveries, DeliveryState.UNCERTAIN, EXPIRED, now)
        return None
    chunk.state = ChunkState.SENDING
    allowed = _judge(session, deliveries, now)
    if not allowed or not _fix_body(session, chunk, allowed, now):
        return None
    held = affording.claim_for(session, allowed, None, now)
    allowed = [each for each in allowed if each.id not in held] if held else allowed
    if not allowed:
        return None
    chunk.retry_key, chunk.first_attempt_at = str(chunk_key(chunk.id, chunk.generation)), now
    session.flush()
    return _to_all(session, chunk, allowed, is_resend=False)


def _fix_body(session: Session, chunk: Chunk, allowed: Sequence[Waiting], now: datetime) -> bool:
    version = session.get_one(MessageVersion, allowed[0].message_version_id)
    try:
        language = chunk.language or messages.FALLBACK
        known = shop_facts(shop.load(session), language)
        chunk.messages = list(messages.render(version.content, language, known))
    except (messages.RenderError, messages.BadTemplate) as error:
        reason = error.reason if isinstance(error, messages.RenderError) else _BROKEN
        _end(session, allowed, DeliveryState.SKIPPED, reason, now)
        return False
    return True


def _to_all(
    session: Session, chunk: Chunk, deliveries: Sequence[Waiting], *, is_resend: bool
) -> Multicast | None:
    if not deliveries:
        return None
    addresses = _addresses(session, deliveries)
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


def _pushes(
    session: Session,
    chunk: Chunk,
    deliveries: Sequence[Waiting],
    now: datetime,
    zone: ZoneInfo,
    tracking: Tracking | None,
) -> Pushes | None:
    sending = [delivery for delivery in deliveries if delivery.state is DeliveryState.SENDING]
    expired = [delivery for delivery in sending if key_expired(delivery.first_attempt_at, now)]
    _end(session, expired, DeliveryState.UNCERTAIN, EXPIRED, now)
    resends = [delivery for delivery in sending if delivery not in expired] if expired else sending
    fresh = [delivery for delivery in deliveries if delivery.state is DeliveryState.QUEUED]
    chunk.state, chunk.attempts = ChunkState.SENDING, chunk.attempts + 1
    session.flush()
    texts = _texts_of(session, resends)
    allowed = _in_company(session, chunk, _judge(session, fresh, now), now)
    texts |= _write_bodies(session, chunk, allowed, now, zone, tracking)
    leaving = [each for each in deliveries if each.id in texts]
    carried = _carried(session, chunk, leaving, texts, resends)
    return _as_pushes(session, chunk, leaving, texts, resends, carried)


def _in_company(session: Session, chunk: Chunk, allowed: list[Waiting], now: datetime) -> list[Waiting]:
    """Leave those behind that were taken along before their time, when what they were to go with may not leave."""
    early = bundling.without_company(allowed, now) if chunk.broadcast_id is None else []
    if not early:
        return allowed
    _set(session, early, {"chunk_id": None})
    return [each for each in allowed if each not in early]


def _carried(
    session: Session,
    chunk: Chunk,
    leaving: Sequence[Waiting],
    texts: dict[int, str],
    resends: Sequence[Waiting],
) -> dict[int, list[int]]:
    """Return what goes in one push, under the delivery whose key it goes by: as before, or as decided now."""
    if chunk.broadcast_id is not None:
        return {}
    again = {each.id for each in resends}
    fresh = [each for each in leaving if each.id not in again]
    return bundling.bound([each for each in leaving if each.id in again]) | bundling.bind(
        session, fresh, texts
    )


def _judge(session: Session, deliveries: Sequence[Waiting], now: datetime) -> list[Waiting]:
    """Return those that may leave; write down why the others may not, or not yet."""
    asked = eligibility.candidates(session, deliveries, now)
    # Many share one candidate, which is judged once.
    verdicts = {
        id(each): eligibility.may_send(each, now) for each in {id(one): one for one in asked}.values()
    }
    by_verdict: dict[eligibility.Verdict, list[Waiting]] = {}
    for delivery, candidate in zip(deliveries, asked, strict=True):
        by_verdict.setdefault(verdicts[id(candidate)], []).append(delivery)
    keep_back(session, by_verdict, now)
    return by_verdict.get(eligibility.Allowed(), [])


def keep_back(
    session: Session, by_verdict: Mapping[eligibility.Verdict, Sequence[Waiting]], now: datetime
) -> None:
    """Write down why deliveries may not leave, or not yet; those that may are left as they are."""
    # By what the deliveries are told: the figures, which differ from friend to friend, are for the decisions.
    ended: dict[str, list[Waiting]] = {}
    held: dict[tuple[datetime, str], list[Waiting]] = {}
    for verdict, those in by_verdict.items():
        match verdict:
            case eligibility.Held(until=until, reason=reason):
                held.setdefault((until, reason), []).extend(those)
            case eligibility.Refused(reason=reason):
                ended.setdefault(reason, []).extend(those)
            case eligibility.Allowed():
                pass
    for (until, reason), those in held.items():
        _set(session, those, {"chunk_id": None, "not_before": until, "reason": reason})
    for reason, those in mail_instead.take_over(session, ended, now).items():
        _end(session, those, DeliveryState.SKIPPED, reason, now)
    decision_rows.of_deliveries(session, by_verdict, now)


def _end(
    session: Session, those: Sequence[Waiting], state: DeliveryState, reason: str, now: datetime
) -> None:
    _set(session, those, {"state": state, "reason": reason, "ended_at": now})


def _set(session: Session, those: Sequence[Waiting], values: dict[str, object]) -> None:
    if those:
        which = bulk.among(session, Delivery.id, [delivery.id for delivery in those])
        changed = update(Delivery).where(which).values(values)
        session.execute(changed.execution_options(synchronize_session=False))


def _write_bodies(
    session: Session,
    chunk: Chunk,
    allowed: Sequence[Waiting],
    now: datetime,
    zone: ZoneInfo,
    tracking: Tracking | None,
) -> dict[int, str]:
    """Write down what exactly each friend gets, then that it is on its way; return the texts by delivery."""
    texts = _affordable(session, chunk, allowed, _render_each(session, allowed, now, zone, tracking), now)
    if not texts:
        return texts
    if chunk.attempts > 1 or chunk.broadcast_id is None:
        # A body of an earlier round that LINE certainly refused may stand there: this round's replaces it.
        session.execute(delete(DeliveryBody).where(bulk.among(session, DeliveryBody.delivery_id, texts)))
    bulk.insert_columns(session, DeliveryBody, {"delivery_id": list(texts), "messages": list(texts.values())})
    session.execute(
        # All that are still queued here are allowed and rendered: the others were ended or held above.
        update(Delivery)
        .where(Delivery.chunk_id == chunk.id, Delivery.state == DeliveryState.QUEUED)
        .values(state=DeliveryState.SENDING, reason=None, first_attempt_at=now)
        .execution_options(synchronize_session=False)
    )
    return texts


def _affordable(
    session: Session, chunk: Chunk, allowed: Sequence[Waiting], texts: dict[int, str], now: datetime
) -> dict[int, str]:
    """Claim what the rendered messages cost, as late as can be: the month's meter is every process's."""
    # In a chunk of no broadcast, what goes to one friend may go together and count once.
    together = texts if chunk.broadcast_id is None else None
    held = affording.claim_for(session, [each for each in allowed if each.id in texts], together, now)
    return {id_: text for id_, text in texts.items() if id_ not in held} if held else texts


_BROKEN = eligibility.Reason.TEMPLATE_FAILED
"""A message composed under other rules than today's: it must not keep the chunk's others."""


def _render_each(
    session: Session, allowed: Sequence[Waiting], now: datetime, zone: ZoneInfo, tracking: Tracking | None
) -> dict[int, str]:
    versions = _versions(session, allowed)
    sound = [delivery for delivery in allowed if delivery.message_version_id in versions]
    failed: dict[str, list[Waiting]] = {}
    if len(sound) < len(allowed):
        failed[_BROKEN] = [each for each in allowed if each.message_version_id not in versions]
    facts = personal_facts(session, sound, now, zone, tracking=tracking) if sound else {}
    texts: dict[int, str] = {}
    for delivery in sound:
        writer, known = versions[delivery.message_version_id], facts[delivery.id]
        try:
            language = messages.spoken(known["language"], writer.languages)
            texts[delivery.id] = writer.write(language, known)
        except messages.RenderError as error:
            failed.setdefault(error.reason, []).append(delivery)
    for reason, those in failed.items():
        _end(session, those, DeliveryState.SKIPPED, reason, now)
    return texts


def _versions(session: Session, deliveries: Iterable[Waiting]) -> dict[int | None, messages.MessageWriter]:
    """Return the messages that today's rules allow, ready to be written for anybody."""
    ids = {delivery.message_version_id for delivery in deliveries}
    found: dict[int | None, messages.MessageWriter] = {}
    for version in session.scalars(select(MessageVersion).where(MessageVersion.id.in_(ids))):
        try:
            found[version.id] = messages.writer_of(version.content)
        except messages.BadTemplate:
            continue
    return found


def _texts_of(session: Session, resends: Sequence[Waiting]) -> dict[int, str]:
    if not resends:
        return {}
    rows = session.execute(
        select(DeliveryBody.delivery_id, type_coerce(DeliveryBody.messages, Text)).where(
            bulk.among(session, DeliveryBody.delivery_id, [delivery.id for delivery in resends])
        )
    )
    return dict(rows.all())


def _as_pushes(
    session: Session,
    chunk: Chunk,
    deliveries: Sequence[Waiting],
    texts: dict[int, str],
    resends: Sequence[Waiting],
    carried: dict[int, list[int]],
) -> Pushes | None:
    if not deliveries:
        return None
    addresses = _addresses(session, deliveries)
    several = {first: tuple(ids) for first, ids in carried.items() if len(ids) > 1}
    firsts = [each for each in deliveries if each.id in carried] if several else deliveries
    bodies = texts | {first: bundling.joined([texts[id_] for id_ in ids]) for first, ids in several.items()}
    return Pushes(
        chunk_id=chunk.id,
        broadcast_id=chunk.broadcast_id,
        pushes=tuple(
            Push(each.id, addresses[each.friend_id], bodies[each.id], delivery_key(each.id))
            for each in firsts
        ),
        friend_ids=tuple(delivery.friend_id for delivery in firsts),
        resends=frozenset(delivery.id for delivery in resends),
        carried=several,
        campaigns=_campaigns(deliveries, carried) if chunk.broadcast_id is None else {},
    )


def _campaigns(deliveries: Sequence[Waiting], carried: dict[int, list[int]]) -> dict[int, frozenset[int]]:
    of = {each.id: each.broadcast_id for each in deliveries if each.broadcast_id is not None}
    named = (
        {first: frozenset(of[id_] for id_ in ids if id_ in of) for first, ids in carried.items()}
        if of
        else {}
    )
    return {first: broadcasts for first, broadcasts in named.items() if broadcasts}


def _addresses(session: Session, deliveries: Sequence[Waiting]) -> dict[int, str]:
    these = bulk.among(session, Friend.id, [delivery.friend_id for delivery in deliveries])
    rows = session.execute(select(Friend.id, Friend.line_user_id).where(these))
    return {id_: line_user_id or "" for id_, line_user_id in rows}
