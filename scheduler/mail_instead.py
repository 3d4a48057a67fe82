"""Puts what LINE cannot bring into chunks of mail, for friends who agreed to mail.

What a friend waits for goes by mail of itself; a broadcast only when it was marked for it. Tests and replies never do.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from scheduler import bulk, mail_settings
from scheduler.models import Broadcast, Chunk, ChunkMode, Delivery, DeliveryKind, DeliveryState, Purpose
from scheduler.reasons import Reason
from scheduler.waiting import Waiting
from segments import mail_consent

INSTEAD = frozenset({Reason.BLOCKED, Reason.NOT_FOLLOWING, Reason.NO_LINE_ID})
"""Why LINE cannot bring a message to a friend; whatever else stands against it stands against mail too."""
CHUNK_SIZE = 500


def take_over(
    session: Session, refused: Mapping[str, Sequence[Waiting]], now: datetime
) -> dict[str, list[Waiting]]:
    """Put those of `refused` that go by mail into chunks of mail; return the others, by reason as they came.

    A chunk gets its job from the tick's sweep, a minute later.
    """
    left = {reason: list(those) for reason, those in refused.items()}
    asked = [each for reason in INSTEAD & left.keys() for each in left[reason]]
    taken = _taken(session, asked)
    if taken:
        _put(session, [each for each in asked if each.id in taken], now)
        left = {reason: [each for each in those if each.id not in taken] for reason, those in left.items()}
    return {reason: those for reason, those in left.items() if those}


def of_steps(session: Session, step_id: int, enrolment_ids: Sequence[int], now: datetime) -> int:
    """Do the same for a step's deliveries that were just written as skipped; return how many go by mail."""
    if not enrolment_ids:
        return 0
    found = session.execute(
        select(Delivery.id, Delivery.friend_id).where(
            Delivery.step_id == step_id,
            Delivery.enrolment_id.in_(enrolment_ids),
            Delivery.state == DeliveryState.SKIPPED,
            Delivery.reason.in_(INSTEAD),
            Delivery.purpose == Purpose.SERVICE,
        )
    ).all()
    reachable = _reachable(session, [friend_id for _, friend_id in found])
    ids = [id_ for id_, friend_id in found if friend_id in reachable]
    if ids:
        _move(session, ids, _chunk(session, None, now))
    return len(ids)


def goes_by_mail(session: Session, purpose: Purpose, reason: str, friend_id: int) -> bool:
    """Tell whether a step's message that was refused for `reason` would go to the friend by mail."""
    asked = purpose is Purpose.SERVICE and reason in INSTEAD
    return asked and friend_id in _reachable(session, [friend_id])


def _reachable(session: Session, friend_ids: Sequence[int]) -> Mapping[int, str]:
    """Return the addresses of those whom a mail of the shop would reach."""
    if not friend_ids or not mail_settings.load(session).is_complete:
        return {}
    return mail_consent.addresses(session, friend_ids)


def _taken(session: Session, asked: Sequence[Waiting]) -> set[int]:
    able = [each for each in asked if _may_at_all(each)]
    marked = _marked(session, {each.broadcast_id for each in able if each.broadcast_id is not None})
    wanted = [each for each in able if each.purpose is Purpose.SERVICE or each.broadcast_id in marked]
    reachable = _reachable(session, sorted({each.friend_id for each in wanted}))
    return {each.id for each in wanted if each.friend_id in reachable}


def _may_at_all(one: Waiting) -> bool:
    return one.kind not in {DeliveryKind.TEST, DeliveryKind.REPLY} and one.message_version_id is not None


def _marked(session: Session, broadcast_ids: Iterable[int]) -> set[int]:
    ids = sorted(broadcast_ids)
    if not ids:
        return set()
    return set(session.scalars(select(Broadcast.id).where(Broadcast.id.in_(ids), Broadcast.by_mail)))


def _put(session: Session, those: Sequence[Waiting], now: datetime) -> None:
    by_broadcast: dict[int | None, list[int]] = {}
    for each in those:
        by_broadcast.setdefault(each.broadcast_id, []).append(each.id)
    for broadcast_id, ids in by_broadcast.items():
        for start in range(0, len(ids), CHUNK_SIZE):
            _move(session, ids[start : start + CHUNK_SIZE], _chunk(session, broadcast_id, now))


def _chunk(session: Session, broadcast_id: int | None, now: datetime) -> Chunk:
    soon = now + timedelta(seconds=1)  # Later than now, so that whoever asks what comes next finds it.
    chunk = Chunk(broadcast_id=broadcast_id, mode=ChunkMode.MAIL, created_at=now, next_attempt_at=soon)
    session.add(chunk)
    session.flush()
    return chunk


def _move(session: Session, delivery_ids: Sequence[int], chunk: Chunk) -> None:
    moved = update(Delivery).where(bulk.among(session, Delivery.id, delivery_ids))
    values = {
        "chunk_id": chunk.id,
        "state": DeliveryState.QUEUED,
        "reason": None,
        "not_before": None,
        "ended_at": None,
        "rides_from": None,
    }
    session.execute(moved.values(values).execution_options(synchronize_session=False))
