"""How many friends a scenario by date would start on each day: as many as it starts when the day has come."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scheduler import date_start_counts, date_starts
from scheduler.models import Enrolment, Scenario
from scheduler.scenario_settings import read_date_start
from segments import coupons, shop
from segments.coupons import CouponTerms
from segments.db import Database
from segments.shop import Shop
from tests.builders import a_friend, a_scenario, days_ago

TOKYO = ZoneInfo("Asia/Tokyo")
DAY = timedelta(days=1)
FEBRUARY = [date(2027, 2, 24) + number * DAY for number in range(9)]
LEAP = [date(2028, 2, 24) + number * DAY for number in range(9)]
NEW_YEAR = [date(2026, 12, 27) + number * DAY for number in range(9)]


def at(day: date, hour: int = 0) -> datetime:
    return datetime.combine(day, time(hour), TOKYO)


def people(session: Session) -> None:
    """Add friends whose dates lie around the days that are asked for, at the beginning and the end of days."""
    for number, day in enumerate((*FEBRUARY, *LEAP, *NEW_YEAR)):
        born = day.replace(year=1980) if (day.month, day.day) != (2, 29) else day.replace(year=1984)
        facts: dict[str, Any] = {
            "first_purchase_at": at(day.replace(year=2020), 23 if number % 2 else 0),
            "trial_offer_ends_at": at(day) + (DAY - timedelta(seconds=1) if number % 2 else timedelta()),
        }
        friend = a_friend(session, birthday=born, fields={"保証": day.isoformat()}, facts=facts)
        coupons.define(
            session, "c", CouponTerms("割引", "Off", 100, (day - date(2026, 11, 1)).days), days_ago(20)
        )
        for cause in ("one", "two"):
            coupons.grant(session, "c", friend.id, f"{cause}-{friend.id}", at(date(2026, 11, 1), number % 24))
        a_friend(session, birthday=born, blocked_at=days_ago(1), facts=facts)
    a_friend(session, birthday=date(1984, 2, 29))


def started(session: Session, scenario: Scenario, days: list[date]) -> dict[date, int]:
    """Let each day come, and return how many friends it really starts."""
    found: dict[date, int] = {}
    for day in days:
        with session.begin_nested() as life:
            scenario.dates_through = day - DAY
            session.flush()
            while date_starts.start_due(session, at(day, 12)):
                pass
            found[day] = session.scalar(select(func.count()).select_from(Enrolment)) or 0
            life.rollback()
        session.expire_all()
    return {day: count for day, count in found.items() if count}


@pytest.mark.parametrize(
    "trigger",
    [
        {"date": "birthday"},
        {"date": "birthday", "days_before": 3},
        {"date": "first_purchase"},
        {"date": "first_purchase", "days_before": -2},
        {"date": "trial_end", "days_before": 1},
        {"date": "coupon_end", "days_before": 2, "name": "c"},
        {"date": "coupon_end"},
        {"date": "field", "name": "保証", "days_before": 1},
        {"date": "day", "day": "2027-02-26"},
    ],
    ids=lambda trigger: "-".join(str(value) for value in trigger.values()),
)
def test_as_many_are_told_as_start_when_the_day_has_come(database: Database, trigger: dict[str, Any]) -> None:
    with database.begin() as session:
        shop.save(session, Shop(), days_ago(0))
        people(session)
        scenario = a_scenario(session, {"delay": timedelta(days=400)}, trigger=trigger)
        start, settings = read_date_start(trigger), shop.load(session)
        some = 0
        for days in (FEBRUARY, LEAP, NEW_YEAR):
            told = date_start_counts.starting(session, start, days, settings)
            assert told == started(session, scenario, days), days
            some += len(told)
        assert some


def test_no_days_start_nobody(database: Database) -> None:
    with database.begin() as session:
        start = read_date_start({"date": "birthday"})
        assert date_start_counts.starting(session, start, [], Shop()) == {}
