"""Categories: counted, renamed, joined; buyers are looked at again."""

import pytest

from segments import product_categories
from segments.db import Database
from segments.errors import Invalid, NotFound
from segments.models import Facts, PurchaseItem
from segments.product_categories import Category
from tests.builders import a_friend, a_product, a_purchase
from tests.fakes.clock import A_SATURDAY as NOW


def test_a_category_is_renamed_and_its_buyers_are_looked_at_again(database: Database) -> None:
    with database.begin() as session:
        buyer, other = a_friend(session), a_friend(session)
        tea = a_product(session, category="お茶")
        a_product(session, category="お茶", available=False)
        a_product(session, category="茶器")
        bought = a_purchase(session, buyer)
        item = PurchaseItem(purchase_id=bought.id, line=1, product_id=tea.id, quantity=1, amount_yen=1000)
        session.add(item)
        session.flush()
        assert product_categories.all_of(session) == [Category("お茶", 2, 1), Category("茶器", 1, 1)]
        assert product_categories.rename(session, "お茶", "  緑茶 ", NOW) == 2
        assert [each.name for each in product_categories.all_of(session)] == ["緑茶", "茶器"]
        assert session.get_one(Facts, buyer.id, populate_existing=True).review_at == NOW
        assert session.get_one(Facts, other.id, populate_existing=True).review_at is None
        assert product_categories.rename(session, "緑茶", "茶器", NOW) == 2
        assert product_categories.all_of(session) == [Category("茶器", 3, 2)]
        assert product_categories.rename(session, "茶器", "茶器", NOW) == 0


def test_a_name_that_cannot_be_is_refused(database: Database) -> None:
    with database.begin() as session:
        a_product(session, category="お茶")
        for name in ("", " ", "あ" * 65):
            with pytest.raises(Invalid, match="category_invalid"):
                product_categories.rename(session, "お茶", name, NOW)
        for unknown in ("", "紅茶"):
            with pytest.raises(NotFound, match="category_unknown"):
                product_categories.rename(session, unknown, "緑茶", NOW)
