"""Recording purchases and refunds."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from segments import purchases, rebuilding
from segments.db import Database
from segments.errors import Conflict, Invalid, NotFound
from segments.models import (
    CustomerEvent,
    Cycle,
    EventKind,
    Facts,
    Friend,
    Product,
    ProductKind,
    Purchase,
    PurchaseItem,
    StageChange,
)
from segments.purchases import NewItem, NewPurchase
from tests.aside import Aside
from tests.builders import a_friend, a_product, days_ago
from tests.fakes.clock import A_SATURDAY

NOW = A_SATURDAY


def an_order(friend: Friend | None = None, **values: Any) -> NewPurchase:
    """Return an order of ¥3,000 yesterday."""
    defaults: dict[str, Any] = {"order_id": "A-1", "bought_at": days_ago(1), "amount_yen": 3000}
    if friend is not None:
        defaults["friend_id"] = friend.id
    return NewPurchase(**(defaults | values))


def news(session: Session, kind: EventKind) -> Sequence[dict[str, Any]]:
    """Return the payloads of all news of a kind, oldest first."""
    query = select(CustomerEvent.payload).where(CustomerEvent.kind == kind).order_by(CustomerEvent.id)
    return session.scalars(query).all()


def facts_of(session: Session, friend: Friend) -> Facts:
    """Return the facts as they are stored."""
    return session.get_one(Facts, friend.id, populate_existing=True)


def test_a_purchase_is_recorded_with_its_items_and_counts_in_the_facts(database: Database) -> None:
    with database.begin() as session:
        friend, tea, pot = a_friend(session), a_product(session, code="TEA"), a_product(session, code="POT")
        items = (NewItem("TEA", 2, 1000), NewItem("POT", 1, 2000))
        recorded = purchases.record(session, an_order(friend, items=items), NOW, "till")
        assert recorded.created
        assert recorded.purchase.source == "till"
        assert [(i.line, i.product_id, i.quantity, i.amount_yen) for i in recorded.purchase.items] == [
            (1, tea.id, 2, 1000), (2, pot.id, 1, 2000),
        ]  # fmt: skip
        facts = facts_of(session, friend)
        assert (facts.purchase_count, facts.spend_yen, facts.last_purchase_at) == (1, 3000, days_ago(1))


def test_telling_a_purchase_twice_changes_nothing(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        a_product(session, code="TEA")
        order = an_order(friend, items=(NewItem("TEA"),))
        first = purchases.record(session, order, NOW, "till")
        second = purchases.record(session, order, NOW, "api:1")
        assert (first.created, second.created) == (True, False)
        assert second.purchase is first.purchase
        assert second.purchase.source == "till"
        assert len(news(session, EventKind.PURCHASED)) == 1
        assert session.scalar(select(func.count()).select_from(PurchaseItem)) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"amount_yen": 2999},
        {"bought_at": days_ago(2)},
        {"items": (NewItem("TEA"), NewItem("TEA"))},
        {"items": ()},
    ],
)
def test_an_order_id_told_with_other_content_is_refused_showing_both(
    database: Database, other: dict[str, Any]
) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        a_product(session, code="TEA")
        order = an_order(friend, items=(NewItem("TEA"),))
        purchases.record(session, order, NOW, "till")
        with pytest.raises(Conflict) as refused:
            purchases.record(session, replace(order, **other), NOW, "till")
        assert refused.value.code == "order_differs"
        assert refused.value.params["stored"] != refused.value.params["given"]


def test_the_same_order_of_another_friend_is_refused(database: Database) -> None:
    with database.begin() as session:
        purchases.record(session, an_order(a_friend(session)), NOW, "till")
        with pytest.raises(Conflict, match="order_differs"):
            purchases.record(session, an_order(a_friend(session)), NOW, "till")


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"amount_yen": -1}, "amount_negative"),
        ({"amount_yen": 10**10}, "amount_too_large"),
        ({"bought_at": NOW + timedelta(minutes=6)}, "bought_in_future"),
        ({"bought_at": datetime(2026, 1, 1)}, "date_without_zone"),  # noqa: DTZ001 — that is the point
        ({"items": (NewItem("TEA", 0),)}, "quantity_out_of_range"),
        ({"items": (NewItem("TEA", 1, -5),)}, "amount_negative"),
        ({"items": (NewItem("NOPE"),)}, "product_unknown"),
        ({"order_id": " "}, "order_id_missing"),
        ({"order_id": "x" * 129}, "order_id_too_long"),
        ({"friend_id": None}, "owner_missing"),
        ({"friend_id": 987_654}, "friend_unknown"),
        ({"friend_id": None, "line_user_id": "Unobody"}, "friend_unknown"),
        ({"refunded_yen": 3001}, "refund_too_large"),
    ],
)
def test_an_impossible_purchase_is_refused_with_its_reason(
    database: Database, values: dict[str, Any], code: str
) -> None:
    with database.begin() as session:
        a_product(session, code="TEA")
        with pytest.raises((Invalid, NotFound)) as refused:
            purchases.record(session, an_order(a_friend(session), **values), NOW, "till")
        assert refused.value.code == code
        assert session.scalars(select(Purchase)).all() == []


def test_a_till_whose_clock_runs_a_little_ahead_is_believed(database: Database) -> None:
    with database.begin() as session:
        order = an_order(a_friend(session), bought_at=NOW + timedelta(minutes=4))
        assert purchases.record(session, order, NOW, "till").created


def test_the_buyer_is_found_by_line_id_and_by_member_number(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session, line_user_id="Uhanako", member_number="7")
        by_line = purchases.record(session, an_order(line_user_id="Uhanako", order_id="1"), NOW, "till")
        by_number = purchases.record(session, an_order(member_number="7", order_id="2"), NOW, "till")
        assert by_line.purchase.friend_id == by_number.purchase.friend_id == friend.id
        assert facts_of(session, friend).purchase_count == 2


def test_a_member_number_nobody_has_is_kept_for_later_without_news(database: Database) -> None:
    with database.begin() as session:
        recorded = purchases.record(session, an_order(member_number="7"), NOW, "till")
        assert (recorded.purchase.friend_id, recorded.purchase.member_number) == (None, "7")
        assert news(session, EventKind.PURCHASED) == []


def test_two_names_for_two_friends_are_refused(database: Database) -> None:
    with database.begin() as session:
        a_friend(session, line_user_id="Uhanako", member_number="7")
        a_friend(session, member_number="8")
        with pytest.raises(Conflict, match="owner_contradicts"):
            purchases.record(session, an_order(line_user_id="Uhanako", member_number="8"), NOW, "till")


def test_the_news_of_a_purchase_says_the_how_many_eth_it_is(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        a_product(session, code="TEA")
        purchases.record(
            session, an_order(friend, order_id="1", bought_at=days_ago(40)), NOW, "till", announce=False
        )
        purchases.record(session, an_order(friend, order_id="2", items=(NewItem("TEA"),)), NOW, "till")
        [told] = news(session, EventKind.PURCHASED)
        assert told | {"purchase_id": 0} == {
            "purchase_id": 0, "order_id": "2", "amount_yen": 3000, "product_codes": ["TEA"], "trial": False, "count": 2, "first": False,
        }  # fmt: skip


def test_a_first_purchase_is_told_as_one(database: Database) -> None:
    with database.begin() as session:
        purchases.record(session, an_order(a_friend(session)), NOW, "till")
        [told] = news(session, EventKind.PURCHASED)
        assert (told["first"], told["count"]) == (True, 1)


@pytest.mark.parametrize(
    ("kinds", "is_trial"),
    [
        ((ProductKind.TRIAL, ProductKind.TRIAL), True),
        ((ProductKind.TRIAL, ProductKind.REGULAR), False),
        ((), False),
    ],
)
def test_an_order_of_nothing_but_trials_is_a_trial_order(
    database: Database, kinds: tuple[ProductKind, ...], is_trial: bool
) -> None:
    with database.begin() as session:
        products: list[Product] = [a_product(session, kind=kind) for kind in kinds]
        order = an_order(a_friend(session), items=tuple(NewItem(product.code) for product in products))
        assert purchases.record(session, order, NOW, "till").purchase.is_trial is is_trial


def test_items_without_amounts_share_the_orders_by_list_price_to_the_last_yen(database: Database) -> None:
    with database.begin() as session:
        for code, price in (("A", 100), ("B", 200), ("C", 1000)):
            a_product(session, code=code, price_yen=price)
        items = (NewItem("A", 3), NewItem("B"), NewItem("C", 1, 1000))
        recorded = purchases.record(
            session, an_order(a_friend(session), amount_yen=1401, items=items), NOW, "till"
        )
        assert [item.amount_yen for item in recorded.purchase.items] == [240, 161, 1000]


def test_a_partial_refund_lowers_the_spend_and_a_full_one_takes_the_purchase_out(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        purchases.record(session, an_order(friend), NOW, "till")
        purchases.refund(session, "A-1", NOW, 1000)
        assert (facts_of(session, friend).purchase_count, facts_of(session, friend).spend_yen) == (1, 2000)
        purchases.refund(session, "A-1", NOW)
        assert (facts_of(session, friend).purchase_count, facts_of(session, friend).spend_yen) == (0, 0)
        assert [(told["amount_yen"], told["full"]) for told in news(session, EventKind.REFUNDED)] == [
            (1000, False), (2000, True),
        ]  # fmt: skip


def test_refunding_in_full_twice_changes_nothing(database: Database) -> None:
    with database.begin() as session:
        purchases.record(session, an_order(a_friend(session), amount_yen=0), NOW, "till")
        first = purchases.refund(session, "A-1", NOW).refunded_at
        assert purchases.refund(session, "A-1", NOW + timedelta(days=1)).refunded_at == first
        assert len(news(session, EventKind.REFUNDED)) == 1


def test_a_refund_beyond_what_was_paid_or_of_nothing_known_is_refused(database: Database) -> None:
    with database.begin() as session:
        purchases.record(session, an_order(a_friend(session)), NOW, "till")
        with pytest.raises(Invalid, match="refund_too_large"):
            purchases.refund(session, "A-1", NOW, 3001)
        with pytest.raises(Invalid, match="refund_not_positive"):
            purchases.refund(session, "A-1", NOW, 0)
        with pytest.raises(NotFound, match="order_unknown"):
            purchases.refund(session, "A-2", NOW)


def test_a_refund_told_with_the_order_again_is_taken_once(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        purchases.record(session, an_order(friend), NOW, "till")
        for _ in range(2):
            assert not purchases.record(session, an_order(friend, refunded_yen=500), NOW, "till").created
        assert facts_of(session, friend).spend_yen == 2500
        assert len(news(session, EventKind.REFUNDED)) == 1


def _snapshot(session: Session, friend: Friend) -> tuple[object, ...]:
    facts = facts_of(session, friend)
    cycles = session.scalars(select(Cycle).where(Cycle.friend_id == friend.id)).all()
    return (
        {
            c.name: getattr(facts, c.name)
            for c in Facts.__table__.columns
            if not c.name.startswith("stage_since")
        },
        sorted(
            (c.category, c.n, c.s1, c.s2, c.first_at, c.last_at, c.sum_amount, str(c.due_at)) for c in cycles
        ),
    )


def test_whatever_order_purchases_and_refunds_come_in_the_facts_equal_those_made_from_scratch(
    database: Database,
) -> None:
    days = (90, 10, 60, 60, 200, 31)
    with database.begin() as session:
        friend = a_friend(session)
        for number, day in enumerate(days):
            order = an_order(friend, order_id=str(number), bought_at=days_ago(day), amount_yen=1000 + number)
            purchases.record(session, order, NOW, "till")
        purchases.refund(session, "2", NOW, 300)
        purchases.refund(session, "4", NOW)
        kept = _snapshot(session, friend)
        session.execute(delete(Cycle))
        session.execute(delete(StageChange))
        rebuilding.rebuild(session, friend.id, NOW)
        assert _snapshot(session, friend) == kept
        assert facts_of(session, friend).purchase_count == 5


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # SQLite has one writer at a time
def test_a_refund_told_twice_at_once_is_news_once(database: Database) -> None:
    with database.begin() as session:
        order = an_order(a_friend(session))
        purchases.record(session, order, NOW, "test")
    refunded, other = replace(order, refunded_yen=1000), Aside(database)
    with database.begin() as session:
        purchases.record(session, refunded, NOW, "test")
        second = other.start(lambda aside: purchases.record(aside, refunded, NOW, "test"))
        other.wait_until_it_waits()
    second()
    with database.reading() as session:
        news = select(func.count()).where(CustomerEvent.kind == EventKind.REFUNDED)
        assert session.scalar(news) == 1
