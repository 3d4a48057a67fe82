"""Members while others write: two workers, open transactions, savepoints; each change is looked at after it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from segments import members_looking, tags, touching, watching
from segments.db import Database
from segments.models import EventKind, Segment
from tests.builders import a_friend
from tests.fakes.clock import A_SATURDAY as NOW
from tests.segments.members_passes import VIP, members, news, settled, tagged, touched, watched
from tests.segments.watched_world import add_segment, evaluated


def test_two_workers_at_once_leave_members_as_the_conditions_mean(database: Database) -> None:
    with database.begin() as session:
        ids = [a_friend(session).id for _ in range(30)]
        tags.ensure(session, "vip", NOW)
        segment_id = watched(session, VIP)
    settled(database)

    def change(turn: int) -> None:
        for each in ids[turn % 3 :: 2]:
            with database.begin() as session:
                if not tags.tag(session, each, "vip", NOW, "operator:1"):
                    tags.untag(session, each, "vip")

    def look(turn: int) -> None:
        for _ in range(15 + turn):
            with database.begin() as session:
                members_looking.look_again(session, NOW, 4)

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(work, turn) for turn in range(4) for work in (change, look)]:
            done.result()
    settled(database)
    with database.reading() as session:
        assert set(members(database)) == evaluated(session, segment_id, NOW)
    for friend_id in ids:
        mine = [kind for kind, whose in news(database) if whose == friend_id]
        assert (
            mine
            == [EventKind.SEGMENT_ENTERED, EventKind.SEGMENT_LEFT] * (len(mine) // 2)
            + mine[len(mine) // 2 * 2 :]
        )
        assert (len(mine) % 2 == 1) == (friend_id in members(database))


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # SQLite has one writer at a time
def test_a_change_that_commits_while_its_friend_is_looked_at_is_looked_at_after(database: Database) -> None:
    with database.begin() as session:
        (friend_id,) = tagged(session, 1)
        watched(session, VIP)
    settled(database)
    with database.begin() as session:
        touching.touch(session, [friend_id])
    with database.begin() as looking:
        assert members_looking.look_again(looking, NOW) == 1
        with database.begin() as session:
            tags.untag(session, friend_id, "vip")
        with database.begin() as other:
            assert members_looking.look_again(other, NOW) == 0
    settled(database)
    assert members(database) == []
    assert news(database) == [(EventKind.SEGMENT_LEFT, friend_id)]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # SQLite has one writer at a time
def test_who_changes_while_nothing_is_watched_is_there_when_the_first_filling_begins(
    database: Database,
) -> None:
    with database.begin() as session:
        (friend_id,) = tagged(session, 1, "other")
        segment_id = add_segment(session, "S", VIP)
    with database.begin() as changing:
        tags.tag(changing, friend_id, "vip", NOW, "operator:1")
        with database.begin() as session, pytest.raises(OperationalError, match="lock timeout"):
            session.execute(text("SET LOCAL lock_timeout = '100ms'"))
            watching.watch(session, segment_id, NOW)
    with database.begin() as watcher:
        watching.watch(watcher, segment_id, NOW)
        with database.begin() as session, pytest.raises(OperationalError, match="lock timeout"):
            session.execute(text("SET LOCAL lock_timeout = '100ms'"))
            tags.untag(session, friend_id, "vip")
    assert touched(database) == []
    settled(database)
    assert members(database) == [friend_id]
    with database.begin() as session:
        tags.untag(session, friend_id, "vip")
    assert touched(database) == [friend_id]


def test_a_savepoint_that_is_undone_takes_no_touch_along(database: Database) -> None:
    with database.begin() as session:
        (friend_id,) = tagged(session, 1)
        with session.begin_nested() as point:
            tags.untag(session, friend_id, "vip")
            point.rollback()
        watched(session, VIP)
        tags.untag(session, friend_id, "vip")
        tags.tag(session, friend_id, "vip", NOW, "operator:1")
    assert touched(database) == [friend_id, friend_id]
    with database.begin() as session:
        watching.unwatch(session, session.scalars(select(Segment.id)).one())
        tags.untag(session, friend_id, "vip")
        tags.tag(session, friend_id, "vip", NOW, "operator:1")
    assert touched(database) == [friend_id, friend_id]
