"""Keeping members: found range by range, without news at first, cheap as time passes, right with two at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, event, insert, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from segments import (
    cycle_refresh,
    members_filling,
    members_looking,
    members_sound,
    members_time,
    products,
    purchases,
    rfm,
    tags,
    touching,
    watching,
)
from segments.db import Database
from segments.errors import NotFound
from segments.models import CustomerEvent, EventKind, Friend, Segment, SegmentMember, Tag, Touched
from tests.builders import a_friend, days_ago
from tests.fakes.clock import A_SATURDAY as NOW
from tests.segments.watched_world import add_segment, edit, evaluated, unanswerable

VIP = {"is": "tag", "names": ["vip"]}
EVERYONE = {"is": "everyone"}
LATELY = {"is": "last_purchase", "within_days": 10}
Part = Callable[[Session, datetime, int], int]


def run(database: Database, part: Part, now: datetime = NOW, limit: int = 500) -> list[int]:
    """Call a pass until it is done; return what it handled each time."""
    handled: list[int] = []
    while not handled or handled[-1]:
        with database.begin() as session:
            handled.append(part(session, now, limit))
    return handled


def settled(database: Database, now: datetime = NOW) -> None:
    for part in (members_filling.fill, members_looking.look_again, members_time.pass_time):
        run(database, part, now)


def members(database: Database) -> list[int]:
    with database.reading() as session:
        return list(session.scalars(select(SegmentMember.friend_id).order_by(SegmentMember.friend_id)))


def touched(database: Database) -> list[int]:
    with database.reading() as session:
        return list(session.scalars(select(Touched.friend_id)))


def news(database: Database) -> list[tuple[EventKind, int]]:
    told = (EventKind.SEGMENT_ENTERED, EventKind.SEGMENT_LEFT)
    with database.reading() as session:
        rows = session.execute(
            select(CustomerEvent.kind, CustomerEvent.friend_id)
            .where(CustomerEvent.kind.in_(told))
            .order_by(CustomerEvent.id)
        )
        return [(kind, friend_id) for kind, friend_id in rows]


def watched(session: Session, condition: dict[str, Any], name: str = "S") -> int:
    segment_id = add_segment(session, name, condition)
    watching.watch(session, segment_id, NOW)
    return segment_id


def tagged(session: Session, number: int, name: str = "vip") -> list[int]:
    ids = [a_friend(session).id for _ in range(number)]
    tags.tag_many(session, ids, name, NOW, "operator:1")
    return ids


def buyers(session: Session, number: int, last: datetime) -> list[int]:
    return [
        a_friend(session, facts={"purchase_count": 1, "last_purchase_at": last}).id for _ in range(number)
    ]


def test_the_first_filling_goes_range_by_range_and_is_no_news(database: Database) -> None:
    with database.begin() as session:
        ids = tagged(session, 7)
        a_friend(session)
        watched(session, VIP)
    assert run(database, members_filling.fill, limit=3) == [3, 3, 2, 1, 0]
    assert members(database) == ids
    assert news(database) == []


def test_a_filling_that_was_cut_off_goes_on_where_it_stood(database: Database) -> None:
    with database.begin() as session:
        ids = tagged(session, 5)
        watched(session, VIP)
    with database.begin() as session:
        members_filling.fill(session, NOW, 2)
    with pytest.raises(RuntimeError), database.begin() as session:
        members_filling.fill(session, NOW, 2)
        raise RuntimeError
    assert members(database) == ids[:2]
    assert run(database, members_filling.fill, limit=2) == [2, 1, 1, 0]
    assert members(database) == ids


def test_whom_the_first_filling_has_not_come_to_enters_with_it_and_not_as_news(database: Database) -> None:
    with database.begin() as session:
        first, last = (a_friend(session).id for _ in range(2))
        tags.ensure(session, "vip", NOW)
        watched(session, VIP)
    with database.begin() as session:
        members_filling.fill(session, NOW, 1)
    with database.begin() as session:
        tags.tag_many(session, [first, last], "vip", NOW, "operator:1")
    settled(database)
    assert members(database) == [first, last]
    assert news(database) == [(EventKind.SEGMENT_ENTERED, first)]


def test_an_edited_condition_tells_who_enters_and_leaves_by_it(database: Database) -> None:
    with database.begin() as session:
        out, stays = tagged(session, 2)
        comes = a_friend(session, route="web").id
        tags.tag(session, stays, "web", NOW, "operator:1")
        tags.tag(session, comes, "web", NOW, "operator:1")
        segment_id = watched(session, VIP)
    settled(database)
    with database.begin() as session:
        edit(session, segment_id, {"is": "tag", "names": ["web"]})
    settled(database)
    assert members(database) == [stays, comes]
    assert news(database) == [(EventKind.SEGMENT_LEFT, out), (EventKind.SEGMENT_ENTERED, comes)]


def test_another_name_compares_nobody(database: Database) -> None:
    with database.begin() as session:
        tagged(session, 5)
        segment_id = watched(session, VIP)
    settled(database)
    with database.begin() as session:
        edit(session, segment_id, VIP)
    assert run(database, members_filling.fill, limit=2) == [1, 0]


def test_an_edit_of_a_segment_that_is_named_by_a_watched_one_counts_as_its_own(database: Database) -> None:
    with database.begin() as session:
        out, comes = tagged(session, 2)
        tags.tag(session, comes, "web", NOW, "operator:1")
        inner = add_segment(session, "inner", VIP)
        watched(session, {"is": "segment", "segment_id": inner})
    settled(database)
    with database.begin() as session:
        edit(session, inner, {"is": "tag", "names": ["web"]})
    later = NOW + members_time.EVERY
    settled(database, later)
    settled(database, later)
    assert members(database) == [comes]
    assert news(database) == [(EventKind.SEGMENT_LEFT, out)]


def test_new_cuts_of_a_score_are_taken_in(database: Database) -> None:
    with database.begin() as session:
        (comes,) = buyers(session, 1, days_ago(20))
        watched(session, {"is": "rfm", "recency": {"at_least": 5}})
    settled(database)
    before = members(database)
    with database.begin() as session:
        policy = rfm.load(session)
        rfm.save(session, type(policy)(recency_days=(10, 90, 180, 365)), "operator:1", NOW)
    later = NOW + members_time.EVERY
    settled(database, later)
    settled(database, later)
    assert (before, members(database)) == ([comes], [])


def test_who_is_not_on_line_is_in_no_segment_until_they_follow(database: Database) -> None:
    with database.begin() as session:
        customer = a_friend(session, line_user_id=None, followed_at=None)
        tags.tag(session, customer.id, "vip", NOW, "import:1")
        watched(session, VIP)
    settled(database)
    assert members(database) == []
    with database.begin() as session:
        friend = session.merge(customer)
        friend.line_user_id, friend.followed_at = "U" + "f" * 32, NOW
        touching.touch(session, [friend.id])
    settled(database)
    assert news(database) == [(EventKind.SEGMENT_ENTERED, customer.id)]


def test_what_a_condition_names_may_vanish_and_come_back(database: Database) -> None:
    with database.begin() as session:
        ids = tagged(session, 2)
        segment_id, other = watched(session, VIP), watched(session, {"is": "everyone"}, "T")
    settled(database)
    with database.begin() as session:
        session.execute(delete(Tag))
        newcomer = a_friend(session).id
        touching.touch(session, [*ids, newcomer])
    settled(database)
    with database.reading() as session:
        segment = session.get_one(Segment, segment_id)
        assert segment.members_problem == {"code": "condition_tag_missing", "params": {"missing": ["vip"]}}
        kept = select(SegmentMember.friend_id).where(SegmentMember.segment_id == segment_id)
        assert set(session.scalars(kept)) == set(ids)
        others = select(SegmentMember.friend_id).where(SegmentMember.segment_id == other)
        assert newcomer in session.scalars(others).all()
    with database.begin() as session:
        tags.tag(session, newcomer, "vip", NOW, "operator:1")
    settled(database)
    settled(database)
    with database.reading() as session:
        assert session.get_one(Segment, segment_id).members_problem is None
        assert set(session.scalars(kept)) == {newcomer}


def test_a_segment_nobody_uses_any_more_forgets_its_members(database: Database) -> None:
    with database.begin() as session:
        tagged(session, 5)
        segment_id = watched(session, VIP)
    settled(database)
    with database.begin() as session:
        watching.unwatch(session, segment_id)
    assert run(database, members_filling.fill, limit=2) == [2, 2, 1, 1, 0]
    assert members(database) == []
    assert news(database) == []


def test_touches_are_forgotten_while_nothing_is_watched(database: Database) -> None:
    with database.begin() as session:
        tagged(session, 3)
        session.execute(insert(Touched), [{"friend_id": each} for each in session.scalars(select(Friend.id))])
    assert run(database, members_looking.look_again) == [3, 0]
    with database.reading() as session:
        assert session.scalars(select(Touched)).all() == []


def test_time_is_taken_in_by_looking_at_those_alone_whom_it_moved(database: Database) -> None:
    with database.begin() as session:
        ids = buyers(session, 3, days_ago(9))
        buyers(session, 40, days_ago(3))
        buyers(session, 40, days_ago(60))
        watched(session, LATELY)
    settled(database)
    assert len(members(database)) == 43
    tomorrow = NOW + timedelta(days=1)
    assert sum(run(database, members_time.pass_time, tomorrow)) < 10
    assert news(database) == [(EventKind.SEGMENT_LEFT, each) for each in ids]
    assert run(database, members_time.pass_time, tomorrow) == [0]


def test_much_that_time_moved_is_taken_in_batch_by_batch_and_survives_a_restart(database: Database) -> None:
    with database.begin() as session:
        ids = buyers(session, 9, days_ago(9))
        buyers(session, 100, days_ago(100))
        watched(session, LATELY)
    settled(database)
    tomorrow, later = NOW + timedelta(days=1), NOW + timedelta(days=1, hours=1)
    with database.begin() as session:
        assert members_time.pass_time(session, tomorrow, 4) == 4
    assert len(members(database)) == 5
    assert run(database, members_time.pass_time, later, 4) == [4, 1, 0]
    assert (members(database), len(news(database))) == ([], len(ids))


def test_after_a_long_stop_everybody_is_compared_once(database: Database) -> None:
    with database.begin() as session:
        for ago in range(60):
            buyers(session, 1, days_ago(ago))
        segment_id = watched(session, {"is": "last_purchase", "within_days": 50})
    settled(database)
    month = NOW + timedelta(days=40)
    assert run(database, members_time.pass_time, month, 5) == [0]
    assert sum(run(database, members_filling.fill, month, 7)) > 60
    with database.reading() as session:
        assert set(members(database)) == evaluated(session, segment_id, month)
    assert {kind for kind, _ in news(database)} == {EventKind.SEGMENT_LEFT}


def test_a_category_that_is_renamed_is_asked_of_everybody_again(database: Database) -> None:
    with database.begin() as session:
        products.put(session, products.NewProduct("TEA", name="茶", category="tea", price_yen=500), NOW)
        products.put(session, products.NewProduct("CUP", name="器", category="cups", price_yen=500), NOW)
        friend_id = a_friend(session).id
        new = purchases.NewPurchase(
            order_id="A-1",
            friend_id=friend_id,
            bought_at=days_ago(1),
            amount_yen=500,
            items=(purchases.NewItem("TEA"),),
        )
        purchases.record(session, new, NOW, "test")
        watched(session, {"is": "bought", "categories": ["cups"]})
        watched(session, {"is": "everyone"}, "T")
    settled(database)
    with database.begin() as session:
        products.put(session, products.NewProduct("TEA", category="cups"), NOW)
        session.execute(delete(Touched))
    settled(database)
    assert news(database) == [(EventKind.SEGMENT_ENTERED, friend_id)]


def test_new_dates_of_cycles_are_asked_of_everybody_again(sqlite: Database) -> None:
    with sqlite.begin() as session:
        segment_id = watched(session, {"is": "due_within", "days": 3})
        watched(session, EVERYONE, "T")
    settled(sqlite)
    cycle_refresh.refresh_dates(sqlite, NOW)
    with sqlite.reading() as session:
        assert [each.id for each in session.scalars(select(Segment)) if each.filling] == [segment_id]


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


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # SQLite has one writer at a time
def test_a_comparison_asked_for_while_time_is_taken_in_is_not_lost(database: Database) -> None:
    with database.begin() as session:
        buyers(session, 9, days_ago(9))
        buyers(session, 100, days_ago(100))
        segment_id = watched(session, LATELY)
    settled(database)
    tomorrow = NOW + timedelta(days=1)
    with database.begin() as session:
        assert members_time.pass_time(session, tomorrow, 4) == 4

    def ask() -> None:
        with database.begin() as session:
            assert watching.compare_anew(session, lambda _leaf: True, tomorrow) == 1

    with ThreadPoolExecutor(1) as pool:
        with database.begin() as session:
            assert members_time.pass_time(session, tomorrow, 4) == 4
            asking = pool.submit(ask)
            with pytest.raises(TimeoutError):
                asking.result(timeout=0.5)  # it waits for the segment
        asking.result()
    with database.reading() as session:
        filling = watching.Filling.from_json(session.get_one(Segment, segment_id).filling or {})
    assert filling == watching.Filling(tomorrow)


def test_a_condition_too_much_for_the_database_holds_up_no_other(database: Database) -> None:
    with database.begin() as session:
        too_much, late = watched(session, unanswerable(session), "too much"), watched(session, VIP, "late")
        tags.ensure(session, "vip", NOW)
        friend_id = a_friend(session).id
    settled(database)
    with database.begin() as session:
        edit(session, late, {"is": "everyone"})
        watching.watch(session, add_segment(session, "V", VIP), NOW)
    settled(database)
    with database.begin() as session:
        tags.tag(session, friend_id, "vip", NOW, "operator:1")
    settled(database)
    assert members(database) == [friend_id, friend_id]
    with database.reading() as session:
        problem = session.get_one(Segment, too_much).members_problem
    kind = "OperationalError" if database.is_sqlite else "ProgrammingError"
    assert problem == {"code": members_sound.BROKEN, "params": {"kind": kind}}


def test_who_is_unknown_cannot_be_watched(sqlite: Database) -> None:
    with sqlite.begin() as session, pytest.raises(NotFound, match="segment_unknown"):
        watching.watch(session, 1, NOW)


def test_with_nothing_to_do_a_pass_asks_one_question(sqlite: Database) -> None:
    with sqlite.begin() as session:
        tagged(session, 2)
        watched(session, VIP)
    settled(sqlite)
    asked: list[str] = []
    event.listen(sqlite.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    for part in (members_filling.fill, members_looking.look_again, members_time.pass_time):
        assert run(sqlite, part) == [0]
    assert len([each for each in asked if "SELECT" in each]) == 3
