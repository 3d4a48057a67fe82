"""How figures, dates and times are worded in messages, in Japanese and in English."""

from datetime import date, datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from jinja2 import Undefined, pass_context
from jinja2.runtime import Context

WEEKDAYS = "月火水木金土日"
# Not strftime: its words follow the machine's locale.
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def yen_words(amount: int, language: str) -> str:
    """Return 「1,234円」 or "¥1,234"."""
    return f"{amount:,}円" if language == "ja" else f"¥{amount:,}"


def date_words(day: date, language: str, *, short: bool = False) -> str:
    """Return 「2026年11月28日（土）」 or "Sat, Nov 28, 2026"; `short` leaves the year out."""
    if language == "ja":
        year = "" if short else f"{day.year}年"
        return f"{year}{day.month}月{day.day}日（{WEEKDAYS[day.weekday()]}）"
    year = "" if short else f", {day.year}"
    return f"{DAYS[day.weekday()]}, {MONTHS[day.month - 1]} {day.day}{year}"


def time_words(moment: datetime) -> str:
    """Return "14:30"."""
    return f"{moment:%H:%M}"


def _present(value: Any) -> Any:
    if isinstance(value, Undefined):
        str(value)  # It complains by the fact's name.
    return value


def _language(context: Context) -> str:
    return str(context.get("language", "ja"))


def _local(context: Context, value: Any) -> Any:
    """Return a moment on the shop's wall clock; ISO 8601 strings come from JSON."""
    _present(value)
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if len(value) > len("2026-11-28") else date.fromisoformat(value)
    zone = context.get("zone")
    if isinstance(value, datetime) and value.tzinfo is not None and isinstance(zone, ZoneInfo):
        return value.astimezone(zone)
    return value


@pass_context
def _yen(context: Context, value: Any) -> str:
    return yen_words(int(_present(value)), _language(context))


@pass_context
def _date(context: Context, value: Any, style: str = "") -> str:
    return date_words(_local(context, value), _language(context), short=style == "short")


@pass_context
def _time(context: Context, value: Any) -> str:
    return time_words(_local(context, value))


@pass_context
def _datetime(context: Context, value: Any, style: str = "") -> str:
    moment = _local(context, value)
    return f"{date_words(moment, _language(context), short=style == 'short')} {time_words(moment)}"


def _url(value: Any) -> str:
    return quote(str(_present(value)), safe="")


def _number(value: Any) -> str:
    return f"{_present(value):,}"


FILTERS = {"yen": _yen, "date": _date, "time": _time, "datetime": _datetime, "url": _url, "number": _number}
