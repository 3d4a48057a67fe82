"""Puts what has come due into chunks, what goes to one friend together."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from scheduler import bulk, throttle
from scheduler.affording import is_free_of_that
from scheduler.bundle_waits import put_off
from scheduler.chunks import CHUNK_SIZE, send_as_chunk
from scheduler.due_deliveries import BUNDLED, Due, due_deliveries
from scheduler.jobs import JobQueue
from scheduler.models import Broadcast, Delivery


def collect_due(session: Session, queue: JobQueue, now: datetime) -> int:
    """Put queued deliveries whose time has come into chunks; return how many were looked at, 0 when none is due.

    What is due to one friend goes into one chunk, so that it leaves as one push. What quiet hours held of a
    broadcast otherwise keeps to itself: pausing, cancelling and finishing it go by its chunks.
    """
    # What waits for money is let go by scheduler.releasing, the most valuable friends first. To end needs no money.
    is_over = Delivery.expires_at <= now
    due = due_deliveries(session, (Delivery.not_before <= now) & (is_free_of_that() | is_over), CHUNK_SIZE)
    if not due:
        return 0
    due += _more_of_the_same_friends(session, due, now)
    staying = put_off(session, due, now)
    paced = _paced(session, due)
    for broadcast_id, ids in _groups([each for each in due if each.id not in staying], paced):
        send_as_chunk(session, queue, ids, now, broadcast_id)
    return len(due)


def _more_of_the_same_friends(session: Session, due: Sequence[Due], now: datetime) -> list[Due]:
    """Return what else is due to these friends, and what waits for a reply of theirs: a push is as good."""
    known, friends = {each.id for each in due}, {each.friend_id for each in due if each.kind in BUNDLED}
    may_leave = or_(Delivery.not_before <= now, Delivery.rides_from <= now)
    theirs = bulk.among(session, Delivery.friend_id, friends)
    return [
        each
        for each in due_deliveries(session, may_leave & theirs)
        if each.id not in known and each.kind in BUNDLED
    ]


def _groups(due: Sequence[Due], paced: Mapping[int, int]) -> Iterable[tuple[int | None, list[int]]]:
    """Cut deliveries into chunks: a friend's together, a broadcast's that go alone with their own."""
    by_friend: dict[int, list[Due]] = {}
    for each in due:
        by_friend.setdefault(each.friend_id, []).append(each)
    together: dict[int | None, list[list[int]]] = {}
    for theirs in by_friend.values():
        joining = [each for each in theirs if each.kind in BUNDLED and each.broadcast_id not in paced]
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
