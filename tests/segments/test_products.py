"""Products: put once, changed when told otherwise."""

import pytest
from sqlalchemy import select

from segments import products, purchases
from segments.db import Database
from segments.errors import Invalid
from segments.models import Facts, Product, ProductKind, Purchase
from segments.products import NewProduct, Put
from segments.purchases import NewItem, NewPurchase
from tests.builders import a_friend, a_product, days_ago
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
        assert session.get_one(Facts, friend.id).full_price_count == 1
