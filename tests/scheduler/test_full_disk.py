"""A disk that fills up in the middle of a send: nothing leaves that is not written down, and all of it goes on when there is room."""

import resource
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DBAPIError

from scheduler import broadcast_progress, broadcasts, drafts
from scheduler.dispatcher import Dispatcher
from scheduler.drafts import Draft
from scheduler.models import (
    Chunk,
    ChunkState,
    Delivery,
    DeliveryBody,
    DeliveryKind,
    DeliveryState,
    Purpose,
)
from scheduler.tick import tick
from segments.db import Database, is_full
from tests.builders import a_friend, many_friends
from tests.databases import PostgresServer, SmallDisk
from tests.fakes.clock import FakeClock
from tests.fakes.gateway import FakeGateway
from tests.fakes.queue import FakeQueue
from tests.scheduler.conftest import jobs_of

PERSONAL = {"ja": [{"type": "text", "text": "{{ name }}様、" + "新茶が入りました。" * 40}]}
FRIENDS = 60
Run = Callable[[], int]


def scheduled(dispatcher: Dispatcher) -> list[str]:
    now = dispatcher.clock.now()
    with dispatcher.database.begin() as session:
        known = [each.line_user_id or "" for each in many_friends(session, FRIENDS)]
        draft = Draft("秋", PERSONAL, condition={"is": "everyone"})
        broadcast_id = drafts.create(session, draft, now=now, by="test").id
        broadcasts.schedule(session, dispatcher.queue, broadcast_id, None, now)
    return known


def run_until_it_breaks(dispatcher: Dispatcher, queue: FakeQueue) -> bool:
    """Run what waits; return whether the disk was full. The job that broke is gone, as with the engine."""
    try:
        queue.run(jobs_of(dispatcher))
    except DBAPIError as error:
        if not is_full(error):
            raise
        queue.waiting.clear()
        return True
    return False


def by_state(dispatcher: Dispatcher) -> dict[DeliveryState, int]:
    with dispatcher.database.reading() as session:
        return broadcast_progress.progress(session, 1).by_state


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("room", [0, 2, 4, 6, 9, 12])
def test_wherever_it_fills_up_everybody_gets_it_once_in_the_end(
    dispatcher: Dispatcher, gateway: FakeGateway, queue: FakeQueue, clock: FakeClock, room: int
) -> None:
    friends = scheduled(dispatcher)
    disk = SmallDisk(dispatcher.database)
    disk.fill(room)
    broke = run_until_it_breaks(dispatcher, queue)
    assert broke, "there was room for all of it: the test asks for too little"
    left = sum(len(gateway.sent_to(each)) for each in friends)
    with dispatcher.database.reading() as session:
        written = session.scalar(
            select(func.count()).select_from(Delivery).where(Delivery.state != DeliveryState.QUEUED)
        )
    assert left <= (written or 0), "nobody got what was not written down before"
    with suppress(DBAPIError):  # Each part of a tick finds the disk full, and none of them sends.
        clock.advance(timedelta(minutes=2))
        tick(dispatcher)
    queue.waiting.clear()
    disk.make_room()
    for _ in range(3):
        clock.advance(timedelta(minutes=2))
        tick(dispatcher)
        assert not run_until_it_breaks(dispatcher, queue)
    assert [len(gateway.sent_to(each)) for each in friends] == [1] * FRIENDS
    assert by_state(dispatcher) == {DeliveryState.ACCEPTED: FRIENDS}


@contextmanager
def no_room_beyond(database: Database, server: PostgresServer, table: str) -> Generator[None]:
    """Start the server again so that none of its files may grow beyond what `table` has now.

    The kernel then refuses where a full disk would, and the server says so in the same words; a disk of its own would
    take the rights of an administrator. Afterwards it starts without that limit.
    """
    with database.reading() as session:
        most = session.scalar(text("SELECT pg_relation_size(:table)"), {"table": table}) or 0
    assert most > WAL_SEGMENT
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    database.dispose()
    with server.down():
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    try:
        yield
    finally:
        database.dispose()
        with server.down():
            pass


WAL_SEGMENT = 16 * 1024 * 1024
"""The journal's files are written up to this size: the limit has to lie above it."""


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_on_a_server_without_room_sending_stops_before_line_is_called_and_goes_on_afterwards(
    dispatcher: Dispatcher,
    gateway: FakeGateway,
    queue: FakeQueue,
    clock: FakeClock,
    postgres: PostgresServer,
) -> None:
    friends = scheduled(dispatcher)
    _pad(dispatcher, clock)
    run_plan(dispatcher, queue)
    with no_room_beyond(dispatcher.database, postgres, "delivery_bodies"):
        assert run_until_it_breaks(dispatcher, queue)
        assert gateway.calls == []
        with dispatcher.database.reading() as session:
            (chunk,) = session.execute(select(Chunk.state, Chunk.failures)).all()
        assert tuple(chunk) == (ChunkState.QUEUED, 0), "a full disk is no fault of the chunk's"
    clock.advance(timedelta(minutes=2))
    assert tick(dispatcher)["swept"] == 1
    assert not run_until_it_breaks(dispatcher, queue)
    assert [len(gateway.sent_to(each)) for each in friends] == [1] * FRIENDS


def run_plan(dispatcher: Dispatcher, queue: FakeQueue) -> None:
    (job_id,) = queue.waiting
    job, args, _delay = queue.waiting.pop(job_id)
    jobs_of(dispatcher)[job](*args)


def _pad(dispatcher: Dispatcher, clock: FakeClock) -> None:
    """Fill the table of bodies beyond the size of the journal's files, as a shop does in a year."""
    rows = WAL_SEGMENT // 1900
    with dispatcher.database.begin() as session:
        stranger = a_friend(session, line_user_id=None, followed_at=None)
        shared = {
            "friend_id": stranger.id, "kind": DeliveryKind.MANUAL, "purpose": Purpose.CARE,
            "state": DeliveryState.ACCEPTED, "created_at": clock.now(),
        }  # fmt: skip
        ids = session.scalars(insert(Delivery).returning(Delivery.id), [shared] * rows).all()
        noise = "SELECT string_agg(md5(random()::text || n || k), '') FROM generate_series(1, 59) AS k"
        session.execute(
            text(
                f"INSERT INTO {DeliveryBody.__tablename__} (delivery_id, messages)"  # noqa: S608
                f" SELECT n, ({noise}) FROM generate_series(CAST(:least AS bigint), CAST(:most AS bigint)) AS n"
            ),
            {"least": min(ids), "most": max(ids)},
        )
