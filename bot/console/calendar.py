"""The calendar of everything that goes out: a month, and one day of it."""

from datetime import date, timedelta

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from bot import formats, step_words
from bot.console import scenarios_views
from bot.console.access import READERS, requires
from bot.console.page import current_shop, zone_label
from bot.i18n import current_language
from bot.services import current_services
from scheduler import calendar
from scheduler.calendar_days import Day, Month
from segments.errors import NotFound

blueprint = Blueprint("calendar", __name__, url_prefix="/console/calendar")

MOST_MONTHS = 12
"""Months before and after this one that may be looked at."""


@blueprint.get("/")
@requires(*READERS)
def show() -> ResponseReturnValue:
    """Show a month."""
    today = current_shop().today(current_services().clock.now())
    first = _month_asked(today)
    month = _month(first)
    return render_template(
        "console/calendar.html",
        month=month,
        weeks=_weeks(month),
        title=_title(first),
        weekdays=_weekdays(),
        before=_beside(first, -1, today),
        after=_beside(first, 1, today),
        is_this_month=first == today.replace(day=1),
        quiet=formats.hours(month.settings.quiet_from, month.settings.quiet_until, current_language()),
        **_words(),
    )


@blueprint.get("/<day>")
@requires(*READERS)
def day(day: str) -> ResponseReturnValue:
    """Show what goes out on one day, or what did."""
    today = current_shop().today(current_services().clock.now())
    try:
        wanted = date.fromisoformat(day)
    except ValueError as error:
        raise NotFound("not_found") from error
    if _is_too_far(wanted.replace(day=1), today):
        raise NotFound("not_found")
    month = _month(wanted.replace(day=1))
    found = month.days[wanted.day - 1]
    return render_template(
        "console/calendar_day.html",
        month=month,
        day=found,
        before=wanted - timedelta(days=1),
        after=wanted + timedelta(days=1),
        **_words(),
    )


def _month(first: date) -> Month:
    services = current_services()
    with services.database.reading() as session:
        return calendar.month(session, first, services.clock.now())


def _month_asked(today: date) -> date:
    """Return the first day of the month in the address; of this one when there is none, or one too far off."""
    try:
        first = date.fromisoformat(f"{request.args.get('month', '')}-01")
    except ValueError:
        return today.replace(day=1)
    return today.replace(day=1) if _is_too_far(first, today) else first


def _is_too_far(first: date, today: date) -> bool:
    return abs((first.year - today.year) * 12 + first.month - today.month) > MOST_MONTHS


def _beside(first: date, step: int, today: date) -> str | None:
    """Return the month before or after as an address names it; None beyond what may be looked at."""
    month = (first - timedelta(days=1)) if step < 0 else (first + timedelta(days=31))
    return None if _is_too_far(month.replace(day=1), today) else f"{month:%Y-%m}"


def _weeks(month: Month) -> list[list[Day | None]]:
    """Return the days in weeks from Sunday on, as calendars in Japan have them."""
    lead = (month.days[0].day.weekday() + 1) % 7
    cells: list[Day | None] = [*[None] * lead, *month.days]
    cells += [None] * (-len(cells) % 7)
    return [cells[start : start + 7] for start in range(0, len(cells), 7)]


def _title(first: date) -> str:
    if current_language() == "en":
        return f"{formats.MONTHS_EN[first.month - 1]} {first.year}"
    return f"{first.year}年{first.month}月"


def _weekdays() -> list[str]:
    names = formats.WEEKDAYS_EN if current_language() == "en" else tuple(formats.WEEKDAYS_JA)
    return [names[6], *names[:6]]


def _words() -> dict[str, object]:
    return {
        "steps": step_words,
        "name_of": scenarios_views.name_of,
        "language": current_language(),
        "zone": zone_label(),
    }
