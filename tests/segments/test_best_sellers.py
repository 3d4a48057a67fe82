"""What sold best, and when it is bought."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segments import best_sellers, buying_times, local_times, zone_days
from segments.best_sellers import Measure
from segments.db import Database
from segments.models import PurchaseItem
from tests.builders import a_friend, a_product, a_purchase, days_ago
from tests.fakes.clock import A_SATURDAY as NOW
from tests.segments.buying_world import TOKYO, World, build

MARCH = datetime(2026, 2, 28, 15, tzinfo=UTC)
ZONES = st.sampled_from(["Asia/Tokyo", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Pacific/Apia"])
MOMENTS = st.integers(-10 * 365 * 86400, 60 * 365 * 86400).map(
    lambda s: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=s)
)
NEAR = settings(deadline=None, max_examples=40)


def test_a_partial_refund_is_taken_from_every_line_and_a_full_one_takes_the_order(database: Database) -> None:
    with database.begin() as session:
        tea, cup = a_product(session, code="TEA"), a_product(session, code="CUP")
        friend = a_friend(session)
        both = {"amount_yen": 3000, "refunded_at": NOW}
        for refunded in (1000, 3000):
            lines = [
                PurchaseItem(line=1, product_id=tea.id, quantity=2, amount_yen=2000),
                PurchaseItem(line=2, product_id=cup.id, quantity=1, amount_yen=1000),
            ]
            a_purchase(session, friend, refunded_yen=refunded, items=lines, **both)
        free = [PurchaseItem(line=1, product_id=cup.id, quantity=1, amount_yen=0)]
        a_purchase(session, friend, amount_yen=0, items=free)
        found = best_sellers.best_sellers(session, None, None)
    # 2,000 yen of 3,000 were kept: 2000 * 2/3 and 1000 * 2/3, rounded down; the order for nothing counts.
    assert [(each.code, each.quantity, each.yen, each.buyers) for each in found] == [
        ("TEA", 2, 1333, 1),
        ("CUP", 2, 666, 1),
    ]


@pytest.mark.parametrize("seed", range(3))
def test_sums_are_those_of_the_orders_one_by_one(database: Database, seed: int) -> None:
    with database.begin() as session:
        world = build(session, seed)
        for since, until in ((None, None), (MARCH, None), (None, MARCH), (MARCH, MARCH + timedelta(days=1))):
            for by in Measure:
                found = best_sellers.best_sellers(session, since, until, by, 100)
                sums = {each.product_id: (each.quantity, each.yen, each.buyers) for each in found}
                assert sums == world.sold(since, until)
                assert _falls([getattr(each, by.value) for each in found])
                groups = best_sellers.best_categories(session, since, until, by, 100)
                assert {
                    each.category: (each.quantity, each.yen, each.buyers) for each in groups
                } == world.sold(since, until, world.categories)
                assert _falls([getattr(each, by.value) for each in groups])


def test_a_category_and_a_limit_narrow_the_list(database: Database) -> None:
    with database.begin() as session:
        world = build(session, 5)
        found = best_sellers.best_sellers(session, None, None, Measure.YEN, 2, "C1")
        everything = best_sellers.best_sellers(session, None, None, Measure.YEN, 100)
    assert found == [each for each in everything if world.categories[each.product_id] == "C1"][:2]


def test_a_short_period_of_a_long_history_is_counted_right(database: Database) -> None:
    with database.begin() as session:
        tea = a_product(session)
        friend = a_friend(session)
        for days in range(40):
            lines = [PurchaseItem(line=1, product_id=tea.id, quantity=1, amount_yen=1000)]
            a_purchase(session, friend, bought_at=days_ago(days), items=lines)
        found = best_sellers.best_sellers(session, days_ago(2), NOW)
    assert [(each.quantity, each.yen, each.buyers) for each in found] == [(2, 2000, 1)]


def test_a_shop_without_sales_has_no_best_sellers_and_no_times(database: Database) -> None:
    with database.begin() as session:
        a_product(session)
        assert best_sellers.best_sellers(session, None, None) == []
        assert best_sellers.best_categories(session, None, None) == []
        times = buying_times.buying_times(session, None, None, TOKYO)
    assert (times.total, times.months) == (0, ())
    assert [len(row) for row in times.orders] == [24] * 7


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "Europe/Berlin", "America/St_Johns"])
def test_times_are_those_on_the_wall_of_the_shop(database: Database, zone: str) -> None:
    place = ZoneInfo(zone)
    with database.begin() as session:
        world = build(session, 2)
        friend = a_friend(session)
        before_1970 = datetime(1969, 12, 31, 14, 59, 59, tzinfo=UTC)
        a_purchase(session, friend, bought_at=before_1970, amount_yen=5)
        times = buying_times.buying_times(session, None, None, place)
        since_march = buying_times.buying_times(session, MARCH, None, place)
    hours, months = _slowly(world, place, [before_1970])
    assert {
        (day, hour): n for day, row in enumerate(times.orders) for hour, n in enumerate(row) if n
    } == hours
    assert {each.month: (each.orders, each.yen) for each in times.months} == months
    assert since_march.total == sum(order.at >= MARCH for order in world.kept())


@NEAR
@given(st.lists(MOMENTS, max_size=8), ZONES)
def test_many_days_at_once_are_the_days_one_by_one(moments: list[datetime], zone: str) -> None:
    place = ZoneInfo(zone)
    days = local_times.local_days(_micros(moments), place)
    assert days.tolist() == [moment.astimezone(place).toordinal() for moment in moments]
    months = local_times.months_of(days).tolist()
    assert [local_times.first_of(month) for month in months] == [
        date.fromordinal(day).replace(day=1) for day in days.tolist()
    ]
    assert months == [local_times.month_of(date.fromordinal(day)) for day in days.tolist()]


@NEAR
@given(st.lists(MOMENTS, min_size=1, max_size=8), ZONES)
def test_many_wall_clocks_at_once_are_the_clocks_one_by_one(moments: list[datetime], zone: str) -> None:
    place = ZoneInfo(zone)
    local = zone_days.wall_clock(_micros(moments), place)
    clock = [moment.astimezone(place).replace(tzinfo=UTC) for moment in moments]
    assert local.tolist() == _micros(clock).tolist()


def test_a_day_begins_at_midnight_in_the_shop() -> None:
    assert local_times.start_of(date(2026, 3, 1), TOKYO) == MARCH


def _micros(moments: list[datetime]) -> local_times.Ints:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return np.array([(moment - epoch) // timedelta(microseconds=1) for moment in moments], np.int64)


def _falls(values: list[int]) -> bool:
    return values == sorted(values, reverse=True)


def _slowly(
    world: World, zone: ZoneInfo, more: list[datetime]
) -> tuple[Counter[tuple[int, int]], dict[date, tuple[int, int]]]:
    hours = Counter[tuple[int, int]]()
    months = defaultdict[date, tuple[int, int]](lambda: (0, 0))
    sold = [*((order.at, order.yen - order.refunded) for order in world.kept()), *((at, 5) for at in more)]
    for at, yen in sold:
        clock = at.astimezone(zone)
        hours[clock.weekday(), clock.hour] += 1
        orders, sum_ = months[clock.date().replace(day=1)]
        months[clock.date().replace(day=1)] = (orders + 1, sum_ + yen)
    return hours, dict(months)
