"""Figures of sales: kept ones are those measured; a small shop's are added up at once; asked for, they are made anew."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from segments import analyses_asked, analyses_nightly, cohorts, facts, sales_figures
from segments.best_sellers import Measure
from segments.db import Database
from segments.errors import Invalid
from segments.models import Purchase, PurchaseItem, Setting
from tests.builders import a_friend, a_product, a_purchase, days_ago
from tests.fakes.clock import A_SATURDAY, FakeClock

NOW = A_SATURDAY
TODAY = date(2026, 11, 21)


@pytest.fixture
def shop(database: Database) -> Database:
    with database.begin() as session:
        friend = a_friend(session)
        tea, pot = a_product(session, code="TEA", category="茶"), a_product(session, code="POT")
        for days, product in ((100, tea), (20, tea), (10, pot)):
            bought = a_purchase(session, friend, bought_at=days_ago(days), amount_yen=1000)
            item = {"line": 1, "product_id": product.id, "quantity": 2, "amount_yen": 1000}
            session.add(PurchaseItem(purchase_id=bought.id, **item))
        session.flush()
        facts.learn_purchases_many(session, {friend.id}, NOW, announce=False)
    return database


@pytest.fixture
def big_shop(shop: Database) -> Database:
    with shop.begin() as session:
        far = session.scalars(select(Purchase)).first()
        assert far is not None
        session.add(
            Purchase(
                id=sales_figures.SMALL + 1,
                order_id="far",
                friend_id=far.friend_id,
                bought_at=days_ago(400),
                amount_yen=500,
                source="test",
                created_at=NOW,
            )
        )
    return shop


def test_a_small_shops_figures_are_those_of_the_moment(shop: Database) -> None:
    with shop.reading() as session:
        loaded = sales_figures.load(session, sales_figures.usual("90", TODAY), NOW)
        assert loaded is not None
        figures, at = loaded
        assert (at, figures.yen, figures.times.total) == (NOW, 2000, 2)
        assert [each.code for each in figures.best(Measure.QUANTITY)] == ["POT", "TEA"]
        assert sales_figures.sold_of(session, [])[1] is None


def test_a_big_shops_figures_are_those_of_the_night(big_shop: Database) -> None:
    period = sales_figures.usual("365", TODAY)
    with big_shop.reading() as session:
        assert sales_figures.load(session, period, NOW) is None
        measured = sales_figures.measure(session, period, NOW)
    analyses_nightly.prepare(big_shop, NOW, _fail)
    later = NOW + timedelta(hours=9)
    with big_shop.reading() as session:
        loaded = sales_figures.load(session, period, later)
        assert loaded == (measured, NOW)
        tea = next(each.product_id for each in measured.products if each.code == "TEA")
        assert sales_figures.sold_of(session, [tea, 999]) == ({tea: 4, 999: 0}, NOW)
        assert cohorts.is_kept(session)


def _fail(_part: str, error: Exception) -> None:
    raise error


def test_a_period_of_ones_own_is_added_up_when_asked_for(big_shop: Database, clock: FakeClock) -> None:
    period = sales_figures.between(date(2026, 11, 1), date(2026, 11, 21))
    with big_shop.begin() as session:
        asked = analyses_asked.ask(session, period.key, NOW)
        assert asked is not None
        assert analyses_asked.ask(session, "", NOW) is None  # one at a time
    analyses_asked.work(big_shop, clock, asked.attempt)
    with big_shop.begin() as session:
        known = analyses_asked.last(session)
        assert known is not None
        assert (known.done, known.total, known.is_live(NOW)) == (1, 1, False)
        loaded = sales_figures.load(session, period, NOW)
        assert loaded is not None
        assert loaded[0].times.total == 2
        again = analyses_asked.ask(session, "", NOW)
        assert again is not None
        assert again.total == len(analyses_nightly.PARTS)


def test_work_that_was_lost_may_be_asked_for_again(database: Database) -> None:
    with database.begin() as session:
        assert analyses_asked.ask(session, "", NOW) is not None
        assert analyses_asked.ask(session, "", NOW + timedelta(minutes=59)) is None
        assert analyses_asked.ask(session, "", NOW + timedelta(minutes=61)) is not None


def test_of_periods_of_ones_own_the_latest_are_kept(shop: Database) -> None:
    with shop.begin() as session:
        for number in range(sales_figures.PERIODS_KEPT + 3):
            period = sales_figures.between(date(2026, 1, 1), date(2026, 1, 1 + number))
            figures = sales_figures.measure(session, period, NOW)
            sales_figures.keep(session, figures, NOW + timedelta(minutes=number))
        kept = set(session.scalars(select(Setting.name).where(Setting.name.startswith("sales:2026"))))
    assert len(kept) == sales_figures.PERIODS_KEPT
    assert "sales:2026-01-01..2026-01-01" not in kept


@pytest.mark.parametrize("key", ["", "45", "2026-02-01..2026-01-01", "..", "2026-13-01..2026-12-01", "all.."])
def test_a_period_that_cannot_be_is_refused(key: str) -> None:
    with pytest.raises(Invalid):
        sales_figures.of_key(key, TODAY)
