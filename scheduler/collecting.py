"""Puts what has come due into chunks, what goes to one friend together."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from scheduler import bulk, bundling, throttle
from scheduler.affording import is_free_of_that
from scheduler.candidates import for_step
from scheduler.chunks import CHUNK_SIZE, send_as_chunk
from scheduler.jobs import JobQueue
from scheduler.models import (
    Broadcast,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Enrolment,
    EnrolmentState,
    Purpose,
    Scenario,
    Step,
)
from scheduler.reasons import Reason
from scheduler.verdicts import Allowed, may_send

MARGIN = timedelta(minutes=1)
"""How long before its last moment a message must be able to leave after it has waited."""
_WAITING = (Delivery.state == DeliveryState.QUEUED, Delivery.chunk_id.is_(None))
_BUNDLED = (DeliveryKind.STEP, DeliveryKind.BROADCAST)


class Due(NamedTuple):
    """One delivery that may leave."""

    id: int
    friend_id: int
    kind: DeliveryKind
    broadcast_id: int | None
    step_id: int | None
    expires_at: datetime | None
    reason: str | None


_COLUMNS = (
    Delivery.id,
    Delivery.friend_id,
    Delivery.kind,
    Delivery.broadcast_id,
    Delivery.step_id,
    Delivery.expires_at,
    Delivery.reason,
)


def collect_due(session: Session, queue: JobQueue, now: datetime) -> int:
    """Put queued deliveries whose time has come into chunks; return how many were looked at, 0 when none is due.

    What is due to one friend goes into one chunk, so that it leaves as one push. What quiet hours held of a
    broadcast otherwise keeps to itself: pausing, cancelling and finishing it go by its chunks.
    """
    # What waits for money is let go by scheduler.releasing, the most valuable friends first. To end needs no money.
    is_over = Delivery.expires_at <= now
    due = _rows(session, (Delivery.not_before <= now) & (is_free_of_that() | is_over), CHUNK_SIZE)
    if not due:
        return 0
    due += _more_of_the_same_friends(session, due, now)
    staying = _put_off(session, due, now)
    paced = _paced(session, due)
    for broadcast_id, ids in _groups([each for each in due if each.id not in staying], paced):
        send_as_chunk(session, queue, ids, now, broadcast_id)
    return len(due)


def _rows(session: Session, which: ColumnElement[bool], limit: int | None = None) -> list[Due]:
    query = select(*_COLUMNS).where(*_WAITING, which).order_by(Delivery.not_before, Delivery.id).limit(limit)
    return [Due(*row) for row in session.execute(query.with_for_update(skip_locked=True))]


def _more_of_the_same_friends(session: Session, due: Sequence[Due], now: datetime) -> list[Due]:
    """Return what else is due to these friends, and what waits for a reply of theirs: a push is as good."""
    known, friends = {each.id for each in due}, {each.friend_id for each in due if each.kind in _BUNDLED}
    may_leave = or_(Delivery.not_before <= now, Delivery.rides_from <= now)
    theirs = bulk.among(session, Delivery.friend_id, friends)
    return [
        each for each in _rows(session, may_leave & theirs) if each.id not in known and each.kind in _BUNDLED
    ]


def _groups(due: Sequence[Due], paced: Mapping[int, int]) -> Iterable[tuple[int | None, list[int]]]:
    """Cut deliveries into chunks: a friend's together, a broadcast's that go alone with their own."""
    by_friend: dict[int, list[Due]] = {}
    for each in due:
        by_friend.setdefault(each.friend_id, []).append(each)
    together: dict[int | None, list[list[int]]] = {}
    for theirs in by_friend.values():
        joining = [each for each in theirs if each.kind in _BUNDLED and each.broadcast_id not in paced]
        if len(joining) > 1:
            together.setdefault(None, []).append([each.id for each in joining])
            theirs = [each for each in theirs if each not in joining]  # noqa: PLW2901 — the rest of them
        for each in theirs:
            together.setdefault(each.broadcast_id, []).append([each.id])
    for broadcast_id, lists in together.items():
        size = throttle.chunk_size(paced.get(broadcast_id or 0), CHUNK_SIZE)
        yield from ((broadcast_id, ids) for ids in _full(lists, size))


def _full(lists: Iterable[list[int]], size: int) -> Iterable[list[int]]:
    """Fill chunks of at most `size` with lists that must stay together."""
    chunk: list[int] = []
    for ids in lists:
        if chunk and len(chunk) + len(ids) > size:
            yield chunk
            chunk = []
        chunk = chunk + ids
    if chunk:
        yield chunk


def _paced(session: Session, due: Sequence[Due]) -> dict[int, int]:
    """Return how many a minute leave of the broadcasts that are paced: theirs keep to their own turns."""
    ids = {each.broadcast_id for each in due} - {None}
    if not ids:
        return {}
    rows = session.execute(
        select(Broadcast.id, Broadcast.per_minute).where(
            Broadcast.id.in_(ids), Broadcast.per_minute.is_not(None)
        )
    )
    return {id_: per_minute for id_, per_minute in rows if per_minute is not None}


def _put_off(session: Session, due: Sequence[Due], now: datetime) -> set[int]:
    """Let messages wait for another that comes within the policy's window; return their ids.

    Each waits once at most, none whose latest time or whose waking hours would pass, and none that answers at once
    to what a friend did: then all of that friend's go now.
    """
    window = bundling.policy(session).window
    ready = _patient(session, [each for each in due if each.kind in _BUNDLED]) if window else {}
    coming = _coming(session, ready, now, now + window) if ready else {}
    is_open = _open(session, coming, now)
    moments: dict[datetime, list[int]] = {}
    for friend_id, moment in coming.items():
        theirs = ready[friend_id]
        if friend_id in is_open and all(_can_wait(each, moment) for each in theirs):
            moments.setdefault(moment, []).extend(each.id for each in theirs)
    for moment, ids in moments.items():
        put_off = update(Delivery).where(bulk.among(session, Delivery.id, ids))
        values = {"not_before": moment, "reason": Reason.BUNDLING}
        session.execute(put_off.values(values).execution_options(synchronize_session=False))
    return {id_ for ids in moments.values() for id_ in ids}


def _can_wait(each: Due, moment: datetime) -> bool:
    return each.expires_at is None or moment + MARGIN < each.expires_at


def _patient(session: Session, due: Sequence[Due]) -> dict[int, list[Due]]:
    """Return, by friend, the deliveries of those friends of whom nothing is urgent or has waited before."""
    steps = {each.step_id for each in due} - {None}
    at_once = select(Step.id).where(Step.id.in_(steps), Step.delay == timedelta(), Step.at_time.is_(None))
    urgent = set(session.scalars(at_once)) if steps else set[int]()
    hurried = {each.friend_id for each in due if each.step_id in urgent or each.reason == Reason.BUNDLING}
    by_friend: dict[int, list[Due]] = {}
    for each in due:
        if each.friend_id not in hurried:
            by_friend.setdefault(each.friend_id, []).append(each)
    return by_friend


def _coming(
    session: Session, friends: Collection[int], now: datetime, until: datetime
) -> dict[int, datetime]:
    """Return when the next message is due to each of `friends` to whom one is before `until`."""
    queued = select(Delivery.friend_id, Delivery.not_before).where(
        *_WAITING,
        bulk.among(session, Delivery.friend_id, friends),
        Delivery.not_before > now,
        Delivery.not_before <= until,
        Delivery.rides_from.is_(None),
    )
    steps = (
        select(Enrolment.friend_id, Enrolment.next_at)
        .join(Step, Step.id == Enrolment.next_step_id)
        .join(Scenario, Scenario.id == Step.scenario_id)
        .where(
            bulk.among(session, Enrolment.friend_id, friends),
            Enrolment.state == EnrolmentState.ACTIVE,
            Enrolment.next_at > now,
            Enrolment.next_at <= until,
            Step.message_id.is_not(None),
            Step.rides_for.is_(None),
            Step.active,
            Scenario.active,
        )
    )
    found: dict[int, datetime] = {}
    for query in (queued, steps):
        for friend_id, moment in session.execute(query):
            if moment is not None:
                found[friend_id] = min(moment, found.get(friend_id, moment))
    return found


def _open(session: Session, coming: dict[int, datetime], now: datetime) -> set[int]:
    """Return those to whom a message may still go at the moment it would wait for: no quiet hours, no closed day."""
    asked = for_step(session, list(coming), Purpose.CARE, now) if coming else {}
    return {id_ for id_, at in coming.items() if isinstance(may_send(asked[id_], at), Allowed)}
