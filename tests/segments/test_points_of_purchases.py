"""Points that purchases bring: earned once, taken back by refunds, kept when friends are linked or merged."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from segments import facts, facts_locking, members, merging, point_ledger, points
from segments.db import Database
from segments.errors import Conflict
from segments.models import CustomerEvent, EventKind, PointEntry, Touched
from segments.point_policy import PointPolicy
from tests.builders import a_friend, a_purchase, a_watched_segment, days_ago
from tests.fakes.clock import A_SATURDAY as NOW
from tests.segments.point_book import balance, entries, follow, kept, turn_on


def test_a_purchase_earns_by_the_yen_kept_once(database: Database) -> None:
    with database.begin() as session:
        turn_on(session)
        a_watched_segment(session)
        friend = a_friend(session)
        a_purchase(session, friend, amount_yen=1999)
        follow(session, friend)
        follow(session, friend)
        assert (entries(session, friend), kept(session, friend), balance(session, friend)) == ([19], 19, 19)
        news = session.scalars(select(CustomerEvent).where(CustomerEvent.kind == EventKind.POINTS_EARNED))
        assert [each.payload["points"] for each in news] == [19]
        assert friend.id in set(session.scalars(select(Touched.friend_id)))


def test_refunds_take_points_back_in_part_and_in_full(database: Database) -> None:
    with database.begin() as session:
        turn_on(session)
        friend = a_friend(session)
        bought = a_purchase(session, friend, amount_yen=1000)
        follow(session, friend)
        bought.refunded_yen, bought.refunded_at = 250, NOW
        follow(session, friend)
        assert entries(session, friend) == [10, -3]
        bought.refunded_yen = 1000
        follow(session, friend)
        follow(session, friend)
        assert (entries(session, friend), kept(session, friend)) == ([10, -3, -7], 0)


def test_a_refund_takes_points_back_also_when_the_rule_has_been_switched_off(database: Database) -> None:
    with database.begin() as session:
        turn_on(session)
        friend = a_friend(session)
        bought = a_purchase(session, friend, amount_yen=1000)
        facts.learn_purchases(session, friend.id, NOW)
        turn_on(session, PointPolicy(yen_per_point=0), NOW)
        bought.refunded_yen, bought.refunded_at = 1000, NOW
        facts.learn_purchases(session, friend.id, NOW)
        assert (entries(session, friend), kept(session, friend)) == ([10, -10], 0)


def test_many_large_gifts_add_up_to_more_than_32_bits(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        rows = [point_ledger.row(friend.id, 2_000_000_000, f"test:{n}", "test", NOW) for n in range(3)]
        facts_locking.lock_one(session, friend.id)
        point_ledger.write(session, rows)
        facts.rebuild(session, friend.id, NOW)
        assert (kept(session, friend), balance(session, friend)) == (6_000_000_000, 6_000_000_000)


def test_points_spent_before_a_refund_are_owed_and_paid_by_the_next_purchase(database: Database) -> None:
    with database.begin() as session:
        turn_on(session)
        friend = a_friend(session)
        bought = a_purchase(session, friend, amount_yen=1000)
        follow(session, friend)
        points.adjust(session, friend.id, -8, "till:1", "till", NOW)
        bought.refunded_yen, bought.refunded_at = 1000, NOW
        follow(session, friend)
        assert balance(session, friend) == -8
        a_purchase(session, friend, amount_yen=3000)
        follow(session, friend)
        assert (balance(session, friend), kept(session, friend)) == (22, 22)
        with pytest.raises(Conflict, match="points_insufficient"):
            points.adjust(session, friend.id, -23, "till:2", "till", NOW)


def test_a_purchase_earns_by_the_rule_it_was_bought_under(database: Database) -> None:
    with database.begin() as session:
        turn_on(session, PointPolicy(100, None), days_ago(20))
        turn_on(session, PointPolicy(50, None), days_ago(10))
        friend = a_friend(session)
        for days in (30, 15, 5):
            a_purchase(session, friend, bought_at=days_ago(days), amount_yen=1000)
        follow(session, friend)
        assert sorted(entries(session, friend)) == [10, 20]


def test_a_number_that_is_unlinked_takes_its_points_along_and_brings_them_to_the_next(
    database: Database,
) -> None:
    with database.begin() as session:
        turn_on(session)
        first, second = a_friend(session), a_friend(session)
        bought = a_purchase(session, first, amount_yen=1000, member_number="7")
        follow(session, first, second)
        for owner in (None, second.id, None, first.id):
            bought.friend_id = owner
            follow(session, first, second)
            held = {friend.id: balance(session, friend) for friend in (first, second)}
            assert held == {friend.id: 10 * (friend.id == owner) for friend in (first, second)}
        causes = list(session.scalars(select(PointEntry.cause)))
        assert len(causes) == len(set(causes)) == 5


def test_two_rows_that_become_one_friend_keep_every_point_once(database: Database) -> None:
    with database.begin() as session:
        turn_on(session)
        imported = a_friend(session, line_user_id=None, member_number="7")
        friend = a_friend(session)
        a_purchase(session, imported, amount_yen=1000, member_number="7")
        mine = a_purchase(session, friend, amount_yen=500)
        follow(session, imported, friend)
        points.set_imported(session, {imported.id: 40}, "import:1", NOW)
        merging.merge(session, imported, into=friend, now=NOW)
        assert (kept(session, friend), balance(session, friend)) == (55, 55)
        follow(session, friend)
        assert kept(session, friend) == 55
        assert points.set_imported(session, {friend.id: 40}, "import:2", NOW) == set()
        mine.refunded_yen, mine.refunded_at = 500, NOW
        follow(session, friend)
        assert kept(session, friend) == 50


def test_recording_refunding_linking_and_unlinking_keep_the_points_right(database: Database) -> None:
    with database.begin() as session:
        turn_on(session)
        friend = a_friend(session)
        a_purchase(session, friend, amount_yen=700)
        waiting = a_purchase(session, friend, friend_id=None, member_number="7", amount_yen=1000)
        code = members.issue_link_code(session, "7", NOW)
        members.link(session, friend, code, NOW)
        assert kept(session, friend) == 17
        members.unlink(session, friend, NOW)
        assert kept(session, friend) == 7
        assert waiting.friend_id is None
        facts.rebuild(session, friend.id, NOW)
        assert (kept(session, friend), entries(session, friend)) == (7, [7, 10, -10])


def test_once_its_points_have_expired_a_purchase_is_settled(database: Database) -> None:
    with database.begin() as session:
        turn_on(session)
        friend = a_friend(session)
        bought = a_purchase(session, friend, bought_at=days_ago(364), amount_yen=3000)
        too_old = a_purchase(session, friend, bought_at=days_ago(366), amount_yen=9000)
        follow(session, friend)
        later = NOW + timedelta(days=2)
        bought.refunded_yen, bought.refunded_at, too_old.friend_id = 3000, later, None
        follow(session, friend, now=later)
        points.expire(session, later)
        follow(session, friend, now=later)
        assert (entries(session, friend), kept(session, friend)) == ([30, -30], 0)
