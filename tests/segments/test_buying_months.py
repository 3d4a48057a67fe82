"""Buyers by month: the same figures as the reports over a period give, measured for all months at once."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from segments import buying_months, repeats
from segments.buying_months import WITHIN
from segments.db import Database
from segments.local_times import start_of
from segments.models import Purchase
from segments.purchase_history import counts
from tests.builders import a_friend, a_purchase
from tests.fakes.clock import A_SATURDAY as NOW
from tests.segments import buying_world

TOKYO = ZoneInfo("Asia/Tokyo")
TODAY = date(2026, 11, 21)


def bought(database: Database) -> None:
    with database.begin() as session:
        buying_world.build(session, 7)


def test_every_month_says_what_a_report_over_that_month_says(database: Database) -> None:
    bought(database)
    with database.reading() as session:
        found = buying_months.measure(session, NOW)
        for month in found.rows:
            end = (month.month + timedelta(days=31)).replace(day=1)
            bounds = start_of(month.month, TOKYO), start_of(end, TOKYO)
            over = repeats.repeats(session, *bounds, TOKYO)
            assert (month.buyers, month.repeaters, month.newcomers) == (
                over.buyers,
                over.repeaters,
                over.newcomers,
            )
            for place, days in enumerate(WITHIN):
                f2 = repeats.f2(session, *bounds, days, TODAY, TOKYO)[-1]
                assert (month.judged[place], month.converted[place]) == (f2.judged, f2.converted), days
        assert sum(month.newcomers for month in found.rows) > 10
        orders = select(func.count(), func.sum(Purchase.amount_yen - Purchase.refunded_yen)).where(
            counts(), Purchase.friend_id.is_not(None)
        )
        told = (sum(month.orders for month in found.rows), sum(month.yen for month in found.rows))
        assert told == tuple(session.execute(orders).one())


def test_what_was_kept_is_what_is_read_until_the_next_night(database: Database) -> None:
    bought(database)
    with database.begin() as session:
        measured = buying_months.measure(session, NOW)
        assert buying_months.load(session, NOW) == measured
        buying_months.keep(session, measured, NOW)
    with database.begin() as session:
        a_purchase(session, a_friend(session))
    with database.reading() as session:
        assert buying_months.load(session, NOW) == measured
        assert buying_months.counted_at(session) == NOW


def test_a_shop_without_purchases_has_no_months(database: Database) -> None:
    with database.reading() as session:
        assert buying_months.measure(session, NOW).rows == ()
