"""Prepares a run of a chunk of personal messages: each judged, rendered and written down before it leaves."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Text, delete, select, type_coerce, update
from sqlalchemy.orm import Session

from scheduler import affording, bulk, bundling, eligibility, lost_tries, messages
from scheduler.batches import Pushes, delivery_key, key_expired
from scheduler.gateway import Push
from scheduler.keeping_back import EXPIRED, change, end, keep_back
from scheduler.models import Chunk, ChunkState, Delivery, DeliveryBody, DeliveryState, MessageVersion
from scheduler.template_facts import personal_facts
from scheduler.waiting import Waiting
from segments.link_tokens import Tracking
from segments.models import Friend


def pushes(
    session: Session,
    chunk: Chunk,
    deliveries: Sequence[Waiting],
    now: datetime,
    zone: ZoneInfo,
    tracking: Tracking | None,
) -> Pushes | None:
    """Fix what goes to whom; None when there is nothing to do now."""
    sending = [delivery for delivery in deliveries if delivery.state is DeliveryState.SENDING]
    expired = [delivery for delivery in sending if key_expired(delivery.first_attempt_at, now)]
    end(session, expired, DeliveryState.UNCERTAIN, EXPIRED, now)
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
    change(session, early, {"chunk_id": None})
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
        end(session, those, DeliveryState.SKIPPED, reason, now)
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
    again = lost_tries.counts(session, [each.id for each in deliveries])
    several = {first: tuple(ids) for first, ids in carried.items() if len(ids) > 1}
    firsts = [each for each in deliveries if each.id in carried] if several else deliveries
    bodies = texts | {first: bundling.joined([texts[id_] for id_ in ids]) for first, ids in several.items()}
    return Pushes(
        chunk_id=chunk.id,
        broadcast_id=chunk.broadcast_id,
        pushes=tuple(
            Push(
                each.id,
                addresses[each.friend_id],
                bodies[each.id],
                delivery_key(each.id, again.get(each.id, 0)),
            )
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
