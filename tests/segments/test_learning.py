"""What is learned from purchases: as its definitions say, whatever happened, and the same however it is learned."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from segments import facts, policies, shop
from segments.bulk_rebuild import rebuild_all
from segments.cycle import CycleParams
from segments.db import Database
from segments.models import Cycle, Facts, Friend, Purchase, PurchaseItem, StageChange, Touched
from tests.builders import a_friend, a_product, a_purchase, a_watched_segment, days_ago
from tests.fakes.clock import A_SATURDAY as NOW
from tests.segments import facts_oracle
from tests.segments.shop_lives import begin, cycle_rows, facts_row, happenings, moves, orders_of

DAY = timedelta(days=1)
PARAMS = CycleParams(elasticity=0.3, usual_quantity=2.0)


def assert_true(session: Session, friend_id: int, zone: ZoneInfo) -> None:
    """Assert that what is kept of a friend is what the oracle makes of their orders."""
    orders, kept = orders_of(session, friend_id), facts_row(session, friend_id)
    wanted = facts_oracle.facts(orders, zone)
    assert {name: kept[name] for name in wanted} == wanted
    states = facts_oracle.cycles(orders, zone, PARAMS.elasticity, PARAMS.usual_quantity)
    rows = cycle_rows(session, friend_id)
    assert rows.keys() == states.keys()
    for category, state in states.items():
        row, sums = rows[category], ("s1", "s2")
        assert [row[name] for name in sums] == pytest.approx([state.pop(name) for name in sums], abs=1e-9)
        assert {name: row[name] for name in state} == state


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York"])
def test_whatever_happens_facts_are_as_defined_and_as_made_from_scratch(
    database: Database, zone: str
) -> None:
    with database.begin() as session:
        policies.save_cycle_params(session, PARAMS, "test", NOW)
        shop.save(session, shop.Shop(timezone=zone), NOW)

    @given(happenings)
    @example(
        [
            ("buy", "A", 30, [(0, 1, None)], 999),
            ("buy", "friend", 31, [(1, 2, None)], 0),
            ("link", "A"),
            ("unlink",),
        ]
    )
    @settings(deadline=None, max_examples=12)
    def holds(story: list[Any]) -> None:
        with database.begin() as session:
            life = begin(session)
            for what in story:
                life.happen(what)
            friends = session.scalars(select(Friend.id).where(Friend.id >= life.friend.id - 1)).all()
            for friend_id in friends:
                assert_true(session, friend_id, ZoneInfo(zone))
            kept = [everything(session, friend_id) for friend_id in friends]
            for friend_id in friends:
                facts.rebuild(session, friend_id, NOW)
            assert [everything(session, friend_id) for friend_id in friends] == kept
        rebuild_all(database, NOW)
        with database.reading() as session:
            assert [everything(session, friend_id) for friend_id in friends] == kept

    holds()


def everything(session: Session, friend_id: int) -> Any:
    """Return all that is derived of a friend."""
    return facts_row(session, friend_id), cycle_rows(session, friend_id), moves(session, friend_id)


def test_a_date_does_not_depend_on_how_many_friends_are_learned_together(database: Database) -> None:
    with database.begin() as session:
        a_watched_segment(session)
        ids: list[int] = []
        for number in range(60):
            friend = a_friend(session)
            ids.append(friend.id)
            for gap in range(number % 9):
                a_purchase(session, friend, bought_at=days_ago(3 + gap * (5 + number)))
        facts.learn_purchases_many(session, ids, NOW)
        together = [cycle_rows(session, one) for one in ids]
        for one in ids:
            facts.learn_purchases(session, one, NOW)
        assert [cycle_rows(session, one) for one in ids] == together
        buyers = [one for place, one in enumerate(ids) if place % 9]
        assert session.scalars(select(Touched.friend_id)).all() == buyers  # once: nothing was new afterwards


def many_orders(session: Session, friend: Friend, moments: list[datetime]) -> None:
    """Add an order of one item for each moment."""
    product = a_product(session, category="お茶")
    first = len(session.scalars(select(Purchase.id)).all()) + 1
    rows = [
        {"id": first + place, "order_id": f"many-{first + place}", "friend_id": friend.id, "bought_at": at,
         "amount_yen": 100, "source": "test", "created_at": NOW}
        for place, at in enumerate(moments)
    ]  # fmt: skip
    session.execute(insert(Purchase), rows)
    items = [
        {"purchase_id": row["id"], "line": 1, "product_id": product.id, "quantity": 1, "amount_yen": 100}
        for row in rows
    ]
    session.execute(insert(PurchaseItem), items)


def test_ten_thousand_orders_of_one_day_are_one_day_of_buying(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        many_orders(session, friend, [days_ago(1) + timedelta(seconds=place) for place in range(10_000)])
        facts.learn_purchases(session, friend.id, NOW)
        kept, cycle = facts_row(session, friend.id), session.get_one(Cycle, (friend.id, "お茶"))
        assert (kept["purchase_count"], kept["spend_yen"], kept["product_count"]) == (10_000, 1_000_000, 1)
        assert (cycle.n, cycle.last_quantity, cycle.sum_amount) == (0, 10_000, 1_000_000)
        assert kept["growth"] != ""


def test_a_thousand_purchases_are_learned_as_they_are(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        many_orders(session, friend, [days_ago(2 * place + 1) for place in range(1000)])
        facts.learn_purchases(session, friend.id, NOW)
        cycle = session.get_one(Cycle, (friend.id, ""))
        assert cycle.n == 999
        assert cycle.cycle_days == pytest.approx(2.0, rel=0.02)
        assert facts_row(session, friend.id)["settled_count"] == 1


def test_days_are_those_of_the_shop_when_clocks_change(database: Database) -> None:
    zone = ZoneInfo("America/New_York")
    with database.begin() as session:
        shop.save(session, shop.Shop(timezone="America/New_York"), NOW)
        friend = a_friend(session)
        # 31 October, 23:30 in summer time; 1 November, 00:30, 01:30 and, an hour set back, 23:30 in winter time.
        for at in ((31, 23), (1, 0), (1, 1), (1, 23)):
            day, hour = at
            moment = datetime(2026, 10 if day == 31 else 11, day, hour, 30, tzinfo=zone)
            a_purchase(session, friend, bought_at=moment)
        facts.learn_purchases(session, friend.id, NOW)
        cycle = session.get_one(Cycle, (friend.id, ""))
        assert (cycle.n, cycle.s1, cycle.last_quantity) == (1, 0.0, 3)


def test_moves_keep_what_their_reasons_speak_of(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        for days in (300, 280):
            a_purchase(session, friend, bought_at=days_ago(days), is_trial=True)
        a_purchase(session, friend, bought_at=days_ago(270.5) + timedelta(microseconds=5))
        facts.learn_purchases(session, friend.id, days_ago(270))
        facts.learn_purchases(session, friend.id, NOW)
        changes = session.scalars(select(StageChange).where(StageChange.ladder == "pyramid")).all()
        assert [(one.from_stage, one.to_stage, one.reason_params) for one in changes] == [
            ("aware", "existing", {"count": 1}),
            ("existing", "exit", {"at": "2026-02-23T17:30:00.000005+00:00"}),
        ]


def test_objects_of_the_session_follow(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        held = session.get_one(Facts, friend.id)
        a_purchase(session, friend, bought_at=days_ago(2))
        facts.learn_purchases(session, friend.id, NOW)
        assert (held.purchase_count, held.stage, held.last_purchase_at) == (1, "existing", days_ago(2))
        assert held not in session.dirty
