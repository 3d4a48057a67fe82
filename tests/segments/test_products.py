"""Products: put once, changed when told otherwise."""

from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from segments import facts, products, purchases, review
from segments.db import Database
from segments.errors import Invalid
from segments.models import Cycle, Facts, Friend, Product, ProductKind, Purchase, PurchaseItem
from segments.products import NewProduct, Put
from segments.purchases import NewItem, NewPurchase
from tests.builders import a_friend, a_product, a_purchase, days_ago
from tests.fakes.clock import A_SATURDAY

NOW = A_SATURDAY


def test_a_product_is_created_then_left_alone_then_changed(database: Database) -> None:
    tea = NewProduct("TEA", name="お茶", price_yen=1000)
    with database.begin() as session:
        assert products.put(session, tea, NOW) == Put.CREATED
        assert products.put(session, tea, NOW) == Put.UNCHANGED
        assert products.put(session, NewProduct("TEA", price_yen=1200), NOW) == Put.CHANGED
        stored = products.by_code(session, "TEA")
        assert stored is not None
        assert (stored.name, stored.price_yen) == ("お茶", 1200)


def test_a_new_product_without_name_or_price_is_refused(database: Database) -> None:
    with database.begin() as session:
        with pytest.raises(Invalid, match="product_incomplete"):
            products.put(session, NewProduct("TEA", name="お茶"), NOW)
        assert session.scalars(select(Product)).all() == []


def test_products_put_together_are_judged_one_by_one(database: Database) -> None:
    with database.begin() as session:
        a_product(session, code="OLD", name="古")
        news = [NewProduct("NEW", name="新", price_yen=1), NewProduct("BAD"), NewProduct("OLD", name="古")]
        created, refused, same = products.put_many(session, news, NOW)
        assert (created, same) == (Put.CREATED, Put.UNCHANGED)
        assert isinstance(refused, Invalid)


def test_a_product_that_turns_out_to_be_a_trial_makes_its_orders_trial_orders(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        a_product(session, code="S")
        a_product(session, code="REST")
        for order_id, items in (("1", ("S",)), ("2", ("S", "REST"))):
            lines = tuple(NewItem(code) for code in items)
            order = NewPurchase(order_id, days_ago(5), 1000, lines, friend_id=friend.id)
            purchases.record(session, order, NOW, "till")
        products.put(session, NewProduct("S", kind=ProductKind.TRIAL), NOW)
        session.expire_all()
        trials = dict(session.execute(select(Purchase.order_id, Purchase.is_trial)).all())
        assert trials == {"1": True, "2": False}
        # However many bought it: here they are only put in line, and learned of by the reviews, a batch at a time.
        known = session.get_one(Facts, friend.id)
        assert (known.full_price_count, known.review_at) == (2, NOW)
    with database.begin() as session:
        while review.review_due(session, NOW):
            pass
    with database.reading() as session:
        assert session.get_one(Facts, friend.id).full_price_count == 1


def test_a_renamed_category_is_followed_by_cycles_and_facts_of_its_buyers(database: Database) -> None:
    with database.begin() as session:
        products.put(session, NewProduct("TEA", name="煎茶", price_yen=1000, category="お茶"), NOW)
        buyer, other = a_friend(session), a_friend(session)
        _buys(session, buyer, "TEA", days_ago(40), days_ago(10))
        facts.learn_purchases(session, other.id, NOW)
        before = session.get_one(Facts, other.id).review_at
        assert products.put(session, NewProduct("TEA", category="緑茶"), NOW) == Put.CHANGED
    with database.reading() as session:
        assert session.get_one(Facts, buyer.id).review_at == NOW
        assert session.get_one(Facts, other.id).review_at == before
    with database.begin() as session:
        while review.review_due(session, NOW):
            pass
    with database.reading() as session:
        categories = select(Cycle.category).where(Cycle.friend_id == buyer.id).order_by(Cycle.category)
        assert session.scalars(categories).all() == ["", "緑茶"]
        assert session.get_one(Facts, buyer.id).favourite_category == "緑茶"


def test_what_settles_renews_or_betters_a_product_is_kept_and_may_be_taken_away(database: Database) -> None:
    with database.begin() as session:
        tea = NewProduct("TEA", name="煎茶", price_yen=1000, settling_count=3, subscription_days=30)
        best = NewProduct("BEST", name="玉露", price_yen=3000, upgrade_of="TEA")
        assert products.put_many(session, [best, tea], NOW) == [Put.CREATED, Put.CREATED]
        assert products.put_many(session, [best, tea], NOW) == [Put.UNCHANGED, Put.UNCHANGED]
    with database.begin() as session:
        stored, better = products.by_code(session, "TEA"), products.by_code(session, "BEST")
        assert stored is not None
        assert better is not None
        assert (stored.settling_count, stored.subscription_days) == (3, 30)
        assert better.upgrade_of_id == stored.id
        none = NewProduct("TEA", settling_count=0, subscription_days=0)
        assert products.put_many(session, [none, NewProduct("BEST", upgrade_of="")], NOW) == [Put.CHANGED] * 2
        assert (stored.settling_count, stored.subscription_days, better.upgrade_of_id) == (None, None, None)


def test_a_product_is_no_better_version_of_itself_nor_of_what_nobody_knows(database: Database) -> None:
    with database.begin() as session:
        chain = [NewProduct(code, name=code, price_yen=1) for code in ("A", "B", "C")]
        products.put_many(session, chain, NOW)
        products.put_many(session, [NewProduct("B", upgrade_of="A"), NewProduct("C", upgrade_of="B")], NOW)
        wrong = [
            NewProduct("A", upgrade_of="C"),
            NewProduct("B", upgrade_of="B"),
            NewProduct("C", upgrade_of="NONE"),
            NewProduct("NEW", name="新", price_yen=1, upgrade_of="NONE"),
            NewProduct("NEWER", name="新", price_yen=1, upgrade_of="NEW"),
        ]
        codes = [getattr(each, "code", each) for each in products.put_many(session, wrong, NOW)]
        assert codes == [
            "upgrade_circle",
            "upgrade_circle",
            "upgrade_unknown",
            "upgrade_unknown",
            "upgrade_unknown",
        ]
        assert products.by_code(session, "NEW") is None
        assert products.by_code(session, "NEWER") is None


def _buys(session: Session, friend: Friend, code: str, *moments: datetime) -> None:
    product = products.by_code(session, code)
    assert product is not None
    for moment in moments:
        line = PurchaseItem(line=1, product_id=product.id, quantity=1, amount_yen=1000)
        a_purchase(session, friend, bought_at=moment, items=[line])
    facts.learn_purchases(session, friend.id, NOW)
