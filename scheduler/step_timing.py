"""When a step is due for each of many friends: by its delay, time of day, weekday, best hour or count-back."""

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from scheduler import reaction_hours, step_dates
from scheduler.models import Step
from scheduler.reaction_hours import BestHour
from scheduler.step_dates import Asked
from scheduler.step_settings import CountBack, of_step
from scheduler.timing import at_time_of_day, days_later
from segments.shop import Shop

COUNTED_AT = time(10)
"""Time of day of a count-back that names none."""


class Arriving(NamedTuple):
    """One enrolment on its way to a step."""

    id: int
    friend_id: int
    base: datetime
    """What the delay counts from."""
    context: Mapping[str, Any]


def due_dates(
    session: Session, step: Step, arriving: Collection[Arriving], now: datetime, settings: Shop
) -> dict[int, datetime]:
    """Return, by enrolment, when `step` is due; an enrolment is left out when the date it counts back from is unknown
    or its day has gone by: nothing is sent late for a day that has passed."""
    when = of_step(step).when
    hours: Mapping[int, BestHour] = {}
    if when.best_hour:
        friend_ids = {each.friend_id for each in arriving}
        hours = reaction_hours.best_hours(session, friend_ids, now, settings)
    if when.before is not None:
        return _counted_back(session, step, when.before, arriving, hours, now, settings)
    return {
        each.id: _due(step, each.base, hours.get(each.friend_id), when.weekdays, settings.zone)
        for each in arriving
    }


def _due(
    step: Step, base: datetime, best: BestHour | None, weekdays: Collection[int], zone: ZoneInfo
) -> datetime:
    if best is None:
        return due_after(base, step.delay, step.at_time, weekdays, zone)
    return due_at_best_hour(base, step.delay, best, weekdays, zone)


def due_at_best_hour(
    base: datetime, delay: timedelta, best: BestHour, weekdays: Collection[int], zone: ZoneInfo
) -> datetime:
    """Do as due_after at a best hour, which may be one of another clock: the shop's may show it at another time each day.

    Pure. The days and `weekdays` are those of the shop's calendar, in `zone`.
    """
    if best.zone == zone:
        return due_after(base, delay, time(best.hour), weekdays, zone)
    by_calendar = delay.days >= 1 and delay == timedelta(days=delay.days)
    since = base.astimezone(zone).date() + delay if by_calendar else (base + delay).astimezone(zone).date()
    return next(
        due
        for (_, before), (due, day) in pairwise(_moments_abroad(since, best, zone))
        if day >= since and (by_calendar or due >= base + delay) and _is_wanted(before, day, since, weekdays)
    )


def _moments_abroad(since: date, best: BestHour, zone: ZoneInfo) -> Iterator[tuple[datetime, date]]:
    """Yield each moment of the best hour and its day in `zone`, from one that is before the day `since` on."""
    there = since - timedelta(days=3)
    while True:
        due = datetime.combine(there, time(best.hour), best.zone).astimezone(UTC)
        yield due, due.astimezone(zone).date()
        there += timedelta(days=1)


def _is_wanted(before: date, day: date, since: date, weekdays: Collection[int]) -> bool:
    """Tell whether `day`, or one between it and the day of the moment before, is of the weekdays.

    A day that clocks cut short may have no such moment: the next one will do.
    """
    days = (before + timedelta(days=ahead) for ahead in range(1, (day - before).days))
    return not weekdays or any(each.weekday() in weekdays for each in (*days, day) if each >= since)


def due_after(
    base: datetime, delay: timedelta, at_time: time | None, weekdays: Collection[int], zone: ZoneInfo
) -> datetime:
    """Return when a step is due that follows `base` by `delay`, in UTC. Pure.

    Whole days with a time of day go by the calendar: two days after Saturday night, at 18:00, is Monday at 18:00.
    Of `weekdays` (0 = Monday) it is the first that comes; a step without a time of day then keeps the hour it had.
    """
    if at_time is not None and delay.days >= 1 and delay == timedelta(days=delay.days):
        due = days_later(base, delay.days, at_time, zone)
    else:
        due = at_time_of_day(base + delay, at_time, zone)
    return _on_weekday(due, weekdays, zone)


def _on_weekday(due: datetime, weekdays: Collection[int], zone: ZoneInfo) -> datetime:
    wall = due.astimezone(zone)
    ahead = next((days for days in range(7) if (wall.weekday() + days) % 7 in weekdays), 0)
    return days_later(due, ahead, wall.time(), zone) if ahead else due


def _clock(step: Step, best: BestHour | None, moment: datetime, zone: ZoneInfo) -> time | None:
    """Return the time of day, on the shop's clock, at which the step comes on the day of `moment`."""
    return step.at_time if best is None else best.on(moment.astimezone(zone).date(), zone)


def _counted_back(
    session: Session,
    step: Step,
    wanted: CountBack,
    arriving: Collection[Arriving],
    hours: Mapping[int, BestHour],
    now: datetime,
    settings: Shop,
) -> dict[int, datetime]:
    asked = [Asked(each.id, each.friend_id, settings.today(each.base), each.context) for each in arriving]
    known = step_dates.dates(session, wanted, asked, now, settings)
    found: dict[int, datetime] = {}
    for each in arriving:
        day = known.get(each.id)
        if day is None or (target := _back(day, wanted.days)) is None or target < settings.today(each.base):
            continue
        begins = datetime.combine(target, time(), settings.zone)
        wall = _clock(step, hours.get(each.friend_id), begins, settings.zone) or COUNTED_AT
        moment = at_time_of_day(begins, wall, settings.zone)
        # Whoever gets here later in the day still gets it that day.
        found[each.id] = max(moment, each.base)
    return found


def _back(day: date, days: int) -> date | None:
    """Return the day of the step, None for one at the end of time: 9999-12-31 is how many write "without end"."""
    try:
        target = day - timedelta(days=days)
    except OverflowError:
        return None
    return None if date.max.year in (day.year, target.year) else target
