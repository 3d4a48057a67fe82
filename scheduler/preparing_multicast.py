"""Prepares runs of chunks that leave as a multicast each: judged in groups, with one body for all."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

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

_Going = dict[Chunk, list[Waiting]]
"""What is to leave, chunk by chunk."""


def multicast(session: Session, chunk: Chunk, now: datetime) -> Multicast | None:
    """Fix what goes to whom; None when there is nothing to do now."""
    if chunk.first_attempt_at is not None:
        chunk.attempts += 1
        return _once_more(session, chunk, now)
    return next(iter(together(session, [chunk], now)), None)


def together(session: Session, chunks: Sequence[Chunk], now: datetime) -> list[Multicast]:
    """Fix what goes to whom for chunks of one broadcast of which nothing has left yet; those with nothing to do are left out.

    Asked together, so that what holds for all of them is read once: a million friends are two thousand chunks.
    """
    # Each chunk is written once, at the end.
    with session.no_autoflush:
        house = house_of(session, now)
        judged = alike.judge(session, chunks, house)
        keep_back(session, _by_verdict(judged.values()), now)
        going = {
            chunk: judged[chunk.id].by_verdict.get(eligibility.Allowed(), []) for chunk in _begun(chunks)
        }
        going = _with_body(session, going, house)
        going = _affordable(session, going, now)
        for chunk in going:
            chunk.retry_key, chunk.first_attempt_at = str(chunk_key(chunk.id, chunk.generation)), now
    session.flush()
    return [
        _to_all(chunk, those, judged[chunk.id].addresses, is_resend=False) for chunk, those in going.items()
    ]


def _begun(chunks: Sequence[Chunk]) -> Sequence[Chunk]:
    for chunk in chunks:
        chunk.attempts += 1
        chunk.state = ChunkState.SENDING
    return chunks


def _by_verdict(judged: Iterable[alike.Judged]) -> dict[eligibility.Verdict, list[Waiting]]:
    said: dict[eligibility.Verdict, list[Waiting]] = {}
    for each in judged:
        for verdict, those in each.by_verdict.items():
            said.setdefault(verdict, []).extend(those)
    return said


def _affordable(session: Session, going: _Going, now: datetime) -> _Going:
    """Leave out what the month does not suffice for."""
    wanted = [each for those in going.values() for each in those]
    held = affording.claim_for(session, wanted, None, now)
    if not held:
        return going
    left = {chunk: [each for each in those if each.id not in held] for chunk, those in going.items()}
    return {chunk: those for chunk, those in left.items() if those}


def _once_more(session: Session, chunk: Chunk, now: datetime) -> Multicast | None:
    deliveries = waiting(session, chunk)
    if key_expired(chunk.first_attempt_at, now):
        end(session, deliveries, DeliveryState.UNCERTAIN, EXPIRED, now)
        return None
    if not deliveries:
        return None
    return _to_all(chunk, deliveries, _addresses(session, deliveries), is_resend=True)


def _with_body(session: Session, going: _Going, house: House) -> _Going:
    """Give each chunk its body; leave out those with nobody, and end those whose message cannot be written."""
    written: dict[str, list[Any] | str] = {}
    ready: _Going = {}
    for chunk, those in going.items():
        if not those:
            continue
        language = chunk.language or messages.FALLBACK
        if language not in written:
            written[language] = _written(session, those[0], language, house)
        body = written[language]
        if isinstance(body, str):
            end(session, those, DeliveryState.SKIPPED, body, house.now)
        else:
            chunk.messages, ready[chunk] = body, those
    return ready


def _written(session: Session, one: Waiting, language: str, house: House) -> list[Any] | str:
    """Return the body in a language, or why it cannot be written."""
    version = session.get_one(MessageVersion, one.message_version_id)
    try:
        return list(messages.render(version.content, language, shop_facts(house.settings, language)))
    except messages.RenderError as error:
        return error.reason
    except messages.BadTemplate:
        return eligibility.Reason.TEMPLATE_FAILED


def _to_all(
    chunk: Chunk, deliveries: Sequence[Waiting], addresses: Mapping[int, str], *, is_resend: bool
) -> Multicast:
    ids, friends, *_ = zip(*deliveries, strict=True)
    return Multicast(
        chunk_id=chunk.id,
        broadcast_id=chunk.broadcast_id,
        delivery_ids=ids,
        friend_ids=friends,
        to=tuple(map(addresses.__getitem__, friends)),
        messages=tuple(chunk.messages or ()),
        generation=chunk.generation,
        is_resend=is_resend,
    )


def _addresses(session: Session, deliveries: Sequence[Waiting]) -> dict[int, str]:
    these = bulk.among(session, Friend.id, [delivery.friend_id for delivery in deliveries])
    rows = session.execute(select(Friend.id, Friend.line_user_id).where(these))
    return {id_: line_user_id or "" for id_, line_user_id in rows}
