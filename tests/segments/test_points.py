"""The points ledger: earned, corrected, spent, expired, and always the sum of its entries."""

from datetime import timedelta
from threading import Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, func, select, text

from segments import merging, points
from segments.db import Database
from segments.errors import Conflict, Invalid, NotFound
from segments.models import PointEntry, Purchase
from segments.point_lots import standing
from segments.point_policy import PointPolicy, PointRules
from tests.builders import a_friend, a_purchase, days_ago
from tests.fakes.clock import A_SATURDAY as NOW
from tests.segments.point_book import LONG_AGO, balance, entries, follow, kept, turn_on


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
