"""The points ledger: earned, corrected, spent, expired, and always the sum of its entries."""

from datetime import datetime, timedelta
from threading import Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, func, select, text
from sqlalchemy.orm import Session

from segments import facts, facts_locking, members, merging, point_ledger, point_policy, points
from segments.db import Database
from segments.errors import Conflict, Invalid, NotFound
from segments.models import CustomerEvent, EventKind, Facts, Friend, PointEntry, Purchase, Touched
from segments.point_lots import standing
from segments.point_policy import PointPolicy, PointRules
from tests.builders import a_friend, a_purchase, a_watched_segment, days_ago
from tests.fakes.clock import A_SATURDAY as NOW

LONG_AGO = days_ago(1000)
YEAR = PointPolicy(yen_per_point=100, expire_days=365)


def turn_on(session: Session, policy: PointPolicy = YEAR, since: datetime = LONG_AGO) -> None:
    point_policy.save(session, policy, "test", since)


def follow(session: Session, *friends: Friend, now: datetime = NOW) -> None:
    """Learn purchases as the transaction does that records them."""
    session.flush()
    ids = sorted(friend.id for friend in friends)
    facts_locking.lock(session, ids)
    points.follow_purchases(session, ids, now)


def balance(session: Session, friend: Friend, now: datetime = NOW) -> int:
    return points.statement(session, friend.id, now).balance


def entries(session: Session, friend: Friend) -> list[int]:
    query = select(PointEntry.points).where(PointEntry.friend_id == friend.id).order_by(PointEntry.id)
    return list(session.scalars(query))


def kept(session: Session, friend: Friend) -> int:
    return session.get_one(Facts, friend.id, populate_existing=True).points


def test_a_shop_without_a_rule_gives_no_points(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        a_purchase(session, friend)
        follow(session, friend)
        assert (entries(session, friend), points.statement(session, friend.id, NOW).is_kept) == ([], False)


def test_where_points_are_off_they_cost_no_query(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        session.flush()
        asked: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            asked.append(statement)

        event.listen(database.engine, "before_cursor_execute", note)
        points.follow_purchases(session, [friend.id], NOW, rules=PointRules(((LONG_AGO, PointPolicy()),)))
        event.remove(database.engine, "before_cursor_execute", note)
    assert asked == []


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


def test_a_cause_counts_once_and_contradicting_it_is_refused(database: Database) -> None:
    with database.begin() as session:
        friend, other = a_friend(session), a_friend(session)
        entry, created = points.adjust(session, friend.id, 50, "api:visit-1", "api:1", NOW)
        again, twice = points.adjust(session, friend.id, 50, "api:visit-1", "api:2", NOW)
        assert (created, twice, again.id, kept(session, friend)) == (True, False, entry.id, 50)
        for friend_id, number in ((friend.id, 51), (other.id, 50)):
            with pytest.raises(Conflict, match="points_cause_used"):
                points.adjust(session, friend_id, number, "api:visit-1", "api:1", NOW)


@pytest.mark.parametrize(
    ("number", "cause"),
    [
        (0, "a"),
        (points.MOST + 1, "a"),
        (1, ""),
        (1, "x" * 129),
        (1, "purchase:1:1:1"),
        (1, "a\nb"),
    ],
)
def test_what_is_no_movement_of_points_is_refused(sqlite: Database, number: int, cause: str) -> None:
    with sqlite.begin() as session, pytest.raises(Invalid, match="points_"):
        points.adjust(session, a_friend(session).id, number, cause, "test", NOW)


def test_nobody_spends_more_than_they_have(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        points.adjust(session, friend.id, 30, "a", "test", NOW)
        with pytest.raises(Conflict) as refused:
            points.adjust(session, friend.id, -31, "b", "test", NOW)
        assert refused.value.params == {"balance": 30, "asked": 31}
        points.adjust(session, friend.id, -30, "c", "test", NOW)
        assert kept(session, friend) == 0
        with pytest.raises(NotFound, match="friend_unknown"):
            points.adjust(session, 999, 1, "d", "test", NOW)


def test_of_two_who_spend_at_once_one_succeeds(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        points.adjust(session, friend.id, 30, "a", "test", NOW)
    refused: list[str] = []

    def spend(cause: str) -> None:
        try:
            with database.begin() as session:
                points.adjust(session, friend.id, -20, cause, "test", NOW)
        except Conflict as error:
            refused.append(error.code)

    threads = [Thread(target=spend, args=(f"t{number}",)) for number in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    with database.begin() as session:
        assert (refused, kept(session, friend)) == (["points_insufficient"] * 3, 10)


def test_what_expires_first_is_spent_first_and_the_rest_goes_on_its_day(database: Database) -> None:
    with database.begin() as session:
        turn_on(session)
        friend = a_friend(session)
        a_purchase(session, friend, bought_at=days_ago(360), amount_yen=3000)
        a_purchase(session, friend, bought_at=days_ago(100), amount_yen=2000)
        follow(session, friend)
        points.adjust(session, friend.id, -10, "till:1", "till", NOW)
        stands = points.statement(session, friend.id, NOW)
        assert stands.expiring == [(days_ago(-5), 20), (days_ago(-265), 20)]
        assert points.expire(session, NOW) == 0
        later = NOW + timedelta(days=5)
        assert (balance(session, friend, later), kept(session, friend)) == (20, 40)
        assert points.expire(session, later) == 1
        assert points.expire(session, later) == 0
        assert (balance(session, friend, later), kept(session, friend)) == (20, 20)


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


def test_expiry_is_found_by_its_day_in_the_index(database: Database) -> None:
    with database.begin() as session:
        due = (
            "SELECT friend_id FROM point_entries WHERE expires_at <= {} AND expired_at IS NULL"
            " ORDER BY expires_at LIMIT 500"
        )
        if database.is_sqlite:
            plan = session.execute(text("EXPLAIN QUERY PLAN " + due.format(1))).all()
        else:
            session.execute(text("SET LOCAL enable_seqscan = off"))
            plan = session.execute(text("EXPLAIN " + due.format("now()"))).all()
    assert "ix_point_entries_expiring" in str(plan)


def test_an_imported_balance_is_brought_once_and_corrected_by_a_later_file(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        assert points.set_imported(session, {friend.id: 100}, "import:1", NOW) == {friend.id}
        assert points.set_imported(session, {friend.id: 100}, "import:2", NOW) == set()
        points.adjust(session, friend.id, -30, "till:1", "till", NOW)
        assert points.set_imported(session, {friend.id: 120}, "import:3", NOW) == {friend.id}
        assert (entries(session, friend), kept(session, friend)) == ([100, -30, 20], 90)


def test_a_thousand_friends_need_as_many_queries_as_one(database: Database) -> None:
    counts: list[int] = []
    for size in (1, 40):
        with database.begin() as session:
            turn_on(session)
            friends = [a_friend(session) for _ in range(size)]
            for friend in friends:
                a_purchase(session, friend)
                a_purchase(session, friend)
            session.flush()
            asked: list[str] = []

            def note(_c: object, _u: object, statement: str, *_rest: object, to: list[str] = asked) -> None:
                to.append(statement)

            event.listen(database.engine, "before_cursor_execute", note)
            points.follow_purchases(session, [friend.id for friend in friends], NOW)
            session.flush()
            event.remove(database.engine, "before_cursor_execute", note)
            counts.append(len(asked))
    assert counts[0] == counts[1]


moves = st.lists(
    st.one_of(
        st.tuples(st.just("buy"), st.integers(0, 50), st.integers(0, 3000)),
        st.tuples(st.just("refund"), st.integers(0, 5), st.integers(1, 3000)),
        st.tuples(st.just("spend"), st.integers(1, 40), st.just(0)),
        st.tuples(st.just("give"), st.integers(1, 40), st.just(0)),
        st.tuples(st.just("wait"), st.integers(1, 40), st.just(0)),
        st.tuples(st.just("move"), st.integers(0, 5), st.just(0)),
    ),
    max_size=14,
)


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(moves=moves)
def test_whatever_happens_the_facts_are_the_sum_and_nothing_is_left_twice(
    sqlite: Database, moves: list[tuple[str, int, int]]
) -> None:
    with sqlite.begin() as session:
        session.execute(text("DELETE FROM point_entries"))
        turn_on(session, PointPolicy(10, 60))
        friend, other = a_friend(session), a_friend(session)
        bought: list[Purchase] = []
        now = NOW
        for number, (what, first, second) in enumerate(moves):
            match what:
                case "buy":
                    at = now - timedelta(days=first)
                    bought.append(a_purchase(session, friend, bought_at=at, amount_yen=second))
                case "refund" if first < len(bought):
                    bought[first].refunded_yen = min(bought[first].amount_yen, second)
                    bought[first].refunded_at = now
                case "move" if first < len(bought):
                    owners = {friend.id: other.id, other.id: None, None: friend.id}
                    bought[first].friend_id = owners[bought[first].friend_id]
                case "spend" if balance(session, friend, now) >= first:
                    points.adjust(session, friend.id, -first, f"spend:{number}", "test", now)
                case "give":
                    points.adjust(session, friend.id, first, f"give:{number}", "test", now)
                case "wait":
                    now += timedelta(days=first)
                    points.expire(session, now)
                case _:
                    pass
            follow(session, friend, other, now=now)
            follow(session, friend, other, now=now)
        points.expire(session, now)
        for each in (friend, other):
            rows = session.scalars(select(PointEntry).where(PointEntry.friend_id == each.id)).all()
            stands = standing(rows)
            total = sum(row.points for row in rows)
            assert kept(session, each) == total == sum(lot.left for lot in stands.lots) - stands.debt
            assert balance(session, each, now) == total
            assert all(lot.left >= 0 for lot in stands.lots)
        twice = select(PointEntry.cause).group_by(PointEntry.cause).having(func.count() > 1)
        assert session.scalars(twice).all() == []
        session.rollback()


def test_a_newcomer_after_a_merge_gets_an_id_and_points_of_their_own(sqlite: Database) -> None:
    with sqlite.begin() as session:
        turn_on(session)
        friend = a_friend(session)
        imported = a_friend(session, line_user_id=None)
        bought = a_purchase(session, imported, amount_yen=500)
        follow(session, imported)
        points.set_imported(session, {imported.id: 40}, "import:1", NOW)
        gone = imported.id
        merging.merge(session, imported, into=friend, now=NOW)
    with sqlite.begin() as session:
        newcomer = a_friend(session)
        assert newcomer.id > gone  # SQLite would give the highest id again
        assert points.set_imported(session, {newcomer.id: 7}, "import:2", NOW) == {newcomer.id}
        session.get_one(Purchase, bought.id).friend_id = newcomer.id
        follow(session, friend, newcomer)
        assert (kept(session, friend), kept(session, newcomer)) == (40, 12)
