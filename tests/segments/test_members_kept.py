"""Keeping members: found range by range, without news at first, and told of every edit that moves somebody."""

import pytest
from sqlalchemy import delete, event, insert, select

from segments import (
    members_filling,
    members_looking,
    members_sound,
    members_time,
    rfm,
    tags,
    touching,
    watching,
)
from segments.db import Database
from segments.errors import NotFound
from segments.models import EventKind, Friend, Segment, SegmentMember, Tag, Touched
from tests.builders import a_friend, days_ago
from tests.fakes.clock import A_SATURDAY as NOW
from tests.segments.members_passes import VIP, buyers, members, news, run, settled, tagged, watched
from tests.segments.watched_world import add_segment, edit, unanswerable


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
