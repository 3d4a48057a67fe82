"""How many friends scenarios by date would start on each of many days, as friends' dates stand now.

One question for all the days together: each date of a friend's life is looked up with the day it starts them on.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import String, and_, column, func, or_, select, values
from sqlalchemy.orm import Session

from scheduler.date_starts import reachable, same_day
from scheduler.scenario_settings import DateStart, started_on
from scheduler.step_settings import DateKind
from segments.db import UtcDateTime
from segments.leaves.json_fields import field_text
from segments.local_times import micros, start_of
from segments.micros import moment_of
from segments.models import Coupon, CouponGrant, Facts, Friend
from segments.shop import Shop
from segments.zone_days import SECOND

DAY = timedelta(days=1)
QUARTER = 900 * SECOND
"""Moments are counted by the quarter of an hour: in every zone midnight lies on such a border."""

_Lives = Mapping[date, date]
"""Dates of friends' lives, each with the day on which it starts its friends."""
_Counted = Iterable[tuple[date, int]]
"""Dates of friends' lives, and how many reachable friends have each."""


def starting(session: Session, start: DateStart, days: Sequence[date], settings: Shop) -> dict[date, int]:
    """Return how many friends a scenario by date would start on each of the days; days without any are left out."""
    kind = DateKind(start.date)
    lives = {life: day for day in days for life in _lives_of(kind, started_on(start, day))}
    found: dict[date, int] = {}
    if not lives:
        return found
    for life, friends in _COUNTS[kind](session, start, lives, settings):
        if life in lives and friends:
            found[lives[life]] = found.get(lives[life], 0) + friends
    return dict(sorted(found.items()))


def day_spans(days: Iterable[date], settings: Shop) -> Any:
    """Return days as a table in a query: `day` as text, and when it `begins` and `ends` in the shop."""
    columns = (column("day", String), column("begins", UtcDateTime), column("ends", UtcDateTime))
    rows = [
        (day.isoformat(), start_of(day, settings.zone), start_of(day + DAY, settings.zone)) for day in days
    ]
    return values(*columns, name="days").data(rows).cte("days")


def _lives_of(kind: DateKind, wanted: date) -> Sequence[date]:
    if kind is DateKind.BIRTHDAY:
        return same_day(wanted)
    return same_day(wanted)[:40] if kind is DateKind.FIRST_PURCHASE else [wanted]


def _birthdays(session: Session, start: DateStart, lives: _Lives, settings: Shop) -> _Counted:
    del start, settings
    # By name of the day in every year, so that a plain index finds them.
    born = select(Friend.birthday, func.count()).where(Friend.birthday.in_(list(lives)), *reachable())
    return ((day, friends) for day, friends in session.execute(born.group_by(Friend.birthday)) if day)


def _moments(moment: Any) -> "_Count":
    def counted(session: Session, start: DateStart, lives: _Lives, settings: Shop) -> _Counted:
        del start
        quarter = (micros(session, moment) // QUARTER).label("quarter")
        zone = settings.zone
        during = [
            and_(moment >= start_of(first, zone), moment < start_of(last + DAY, zone))
            for first, last in _runs(sorted(lives))
        ]
        rows = session.execute(
            select(quarter, func.count())
            .select_from(Facts)
            .join(Friend, Friend.id == Facts.friend_id)
            .where(or_(*during), *reachable())
            .group_by(quarter)
        )
        for number, friends in rows:
            at = moment_of(number * QUARTER)
            assert at is not None
            yield at.astimezone(zone).date(), friends

    return counted


def _runs(days: Sequence[date]) -> Iterable[tuple[date, date]]:
    """Yield the first and the last of days that follow each other."""
    begins = [day for before, day in pairwise(days) if day - before > DAY]
    ends = [before for before, day in pairwise(days) if day - before > DAY]
    return zip([days[0], *begins], [*ends, days[-1]], strict=True)


def _coupon_ends(session: Session, start: DateStart, lives: _Lives, settings: Shop) -> _Counted:
    days = day_spans(lives, settings)
    held = select(days.c.day, func.count(CouponGrant.friend_id.distinct())).select_from(days)
    during = and_(CouponGrant.expires_at >= days.c.begins, CouponGrant.expires_at < days.c.ends)
    held = held.join(CouponGrant, during).join(Friend, Friend.id == CouponGrant.friend_id)
    if start.name is not None:
        held = held.where(CouponGrant.coupon_id.in_(select(Coupon.id).where(Coupon.key == start.name)))
    rows = session.execute(held.where(CouponGrant.redeemed_at.is_(None), *reachable()).group_by(days.c.day))
    return ((date.fromisoformat(day), friends) for day, friends in rows)


def _fields(session: Session, start: DateStart, lives: _Lives, settings: Shop) -> _Counted:
    del settings
    told = select(field_text(Friend.fields, start.name or "").label("life")).where(*reachable()).subquery()
    named = told.c.life.in_([life.isoformat() for life in lives])
    rows = session.execute(select(told.c.life, func.count()).where(named).group_by(told.c.life))
    return ((date.fromisoformat(day), friends) for day, friends in rows)


def _one_day(session: Session, start: DateStart, lives: _Lives, settings: Shop) -> _Counted:
    del settings
    if start.day is None or start.day not in lives:
        return ()
    friends = session.scalar(select(func.count()).select_from(Friend).where(*reachable()))
    return ((start.day, friends or 0),)


_Count = Callable[[Session, DateStart, _Lives, Shop], _Counted]
_COUNTS: dict[DateKind, _Count] = {
    DateKind.BIRTHDAY: _birthdays,
    DateKind.FIRST_PURCHASE: _moments(Facts.first_purchase_at),
    DateKind.TRIAL_END: _moments(Facts.trial_offer_ends_at),
    DateKind.COUPON_END: _coupon_ends,
    DateKind.FIELD: _fields,
    DateKind.DAY: _one_day,
}
