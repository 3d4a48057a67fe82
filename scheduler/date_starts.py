"""Starts scenarios by date: on their birthday, so many days before a coupon ends, on one day for everybody.

Day by day of the shop's calendar and page by page of friends; how far it has come stands with the scenario, so that
a crash or a night without a server leaves nobody out, and nobody is started twice for the same day.
"""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, true
from sqlalchemy.orm import Session

from scheduler.enrolments import Start, enter_many
from scheduler.models import Scenario
from scheduler.scenario_settings import DateStart, read_date_start, started_on
from scheduler.step_dates import kept_in
from scheduler.step_settings import DateKind
from segments import shop
from segments.leaves.json_fields import field_text
from segments.models import Coupon, CouponGrant, Facts, Friend
from segments.shop import Shop

BATCH = 500
CATCH_UP = timedelta(days=3)
"""Days missed longer ago than this, by a server that was off or a pause, are let go."""
OLDEST = 130
"""Years of birthdays and of first purchases that are looked for."""


def start_due(session: Session, now: datetime, limit: int = BATCH) -> int:
    """Start a page of friends of one scenario whose day it is; return how many pages were seen to, 0 when all are."""
    settings = shop.load(session)
    today = settings.today(now)
    due = (Scenario.active, or_(Scenario.dates_through.is_(None), Scenario.dates_through < today))
    by_date = Scenario.trigger["date"].as_string().is_not(None)
    query = select(Scenario).where(*due, by_date).order_by(Scenario.id).limit(1)
    scenario = session.scalars(query.with_for_update(skip_locked=True)).first()
    if scenario is None:
        return 0
    day = _next_day(scenario, today)
    ids = _page(session, scenario, day, now, settings, limit)
    _note(scenario, day, ids, limit)
    return 1


def reachable() -> tuple[ColumnElement[bool], ...]:
    """Return who starts at all: friends who follow and did not block us."""
    return Friend.followed_at.is_not(None), Friend.blocked_at.is_(None)


def _next_day(scenario: Scenario, today: date) -> date:
    through = scenario.dates_through
    if through is None:
        return today
    day = through + timedelta(days=1)
    if day < today - CATCH_UP:
        scenario.dates_after = 0
        return today - CATCH_UP
    return day


def _page(
    session: Session, scenario: Scenario, day: date, now: datetime, settings: Shop, limit: int
) -> list[int]:
    start = read_date_start(scenario.trigger)
    wanted = started_on(start, day)
    query = _SELECTS[DateKind(start.date)](start, wanted, settings)
    page = (
        query.where(Friend.id > scenario.dates_after, *reachable())
        .distinct()
        .order_by(Friend.id)
        .limit(limit)
    )
    ids = list(session.scalars(page))
    begins = datetime.combine(day, time(), settings.zone)
    context = {"event": "date", "date": wanted.isoformat()}
    cause = f"date:{start.date}:{wanted}"
    enter_many(session, scenario, [Start(id_, cause, context, begins) for id_ in ids], now, settings)
    return ids


def _note(scenario: Scenario, day: date, ids: list[int], limit: int) -> None:
    if len(ids) == limit:
        scenario.dates_after = ids[-1]
    else:
        scenario.dates_through, scenario.dates_after = day, 0


_Select = Callable[[DateStart, date, Shop], Select[Any]]


def _birthdays(start: DateStart, day: date, settings: Shop) -> Select[Any]:
    del start, settings
    # By name of the day in every year, so that a plain index finds them.
    return select(Friend.id).where(Friend.birthday.in_(same_day(day)))


def _first_purchases(start: DateStart, day: date, settings: Shop) -> Select[Any]:
    del start
    spans = [_during(Facts.first_purchase_at, each, settings) for each in same_day(day)[:40]]
    return select(Friend.id).join(Facts, Facts.friend_id == Friend.id).where(or_(*spans))


def _trial_ends(start: DateStart, day: date, settings: Shop) -> Select[Any]:
    del start
    ends = _during(Facts.trial_offer_ends_at, day, settings)
    return select(Friend.id).join(Facts, Facts.friend_id == Friend.id).where(ends)


def _coupon_ends(start: DateStart, day: date, settings: Shop) -> Select[Any]:
    ends = and_(_during(CouponGrant.expires_at, day, settings), CouponGrant.redeemed_at.is_(None))
    if start.name is not None:
        ends = and_(ends, CouponGrant.coupon_id.in_(select(Coupon.id).where(Coupon.key == start.name)))
    return select(Friend.id).join(CouponGrant, CouponGrant.friend_id == Friend.id).where(ends)


def _fields(start: DateStart, day: date, settings: Shop) -> Select[Any]:
    del settings
    return select(Friend.id).where(field_text(Friend.fields, start.name or "") == day.isoformat())


def _one_day(start: DateStart, day: date, settings: Shop) -> Select[Any]:
    del settings
    return select(Friend.id).where(true() if start.day == day else false())


_SELECTS: dict[DateKind, _Select] = {
    DateKind.BIRTHDAY: _birthdays,
    DateKind.FIRST_PURCHASE: _first_purchases,
    DateKind.TRIAL_END: _trial_ends,
    DateKind.COUPON_END: _coupon_ends,
    DateKind.FIELD: _fields,
    DateKind.DAY: _one_day,
}


def same_day(day: date) -> list[date]:
    """Return the days of the years before that are kept on `day`, the latest first."""
    years = range(day.year - 1, day.year - OLDEST, -1)
    found = [date(year, day.month, day.day) for year in years if _exists(year, day)]
    if (day.month, day.day) == (2, 28) and kept_in(date(2000, 2, 29), day.year) == day:
        found += [date(year, 2, 29) for year in years if _exists(year, date(2000, 2, 29))]
    return sorted(found, reverse=True)


def _exists(year: int, day: date) -> bool:
    return (day.month, day.day) != (2, 29) or (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0))


def _during(column: Any, day: date, settings: Shop) -> Any:
    begins = datetime.combine(day, time(), settings.zone)
    ends = datetime.combine(day + timedelta(days=1), time(), settings.zone)
    return and_(column >= begins, column < ends)
