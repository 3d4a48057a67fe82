"""Months as LINE counts and bills them: by Japan's calendar, from the first midnight to the next."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

LINE_ZONE = ZoneInfo("Asia/Tokyo")


def month_of(at: datetime) -> str:
    """Return the month `at` lies in, as `2026-11`."""
    return f"{at.astimezone(LINE_ZONE):%Y-%m}"


def month_start(at: datetime) -> datetime:
    """Return the moment at which the month of `at` began."""
    first = at.astimezone(LINE_ZONE).date().replace(day=1)
    return datetime.combine(first, time.min, LINE_ZONE)


def next_month(at: datetime) -> datetime:
    """Return the moment at which the month after that of `at` begins."""
    first = at.astimezone(LINE_ZONE).date().replace(day=1)
    return datetime.combine((first + timedelta(days=31)).replace(day=1), time.min, LINE_ZONE)
