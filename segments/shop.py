"""The shop's own settings: name, zone, closed days, quiet hours, the free item and how to buy."""

import json
from dataclasses import dataclass, field, fields
from datetime import date, datetime, time, timedelta
from functools import cached_property, lru_cache
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import Text, select
from sqlalchemy import cast as cast_to
from sqlalchemy.orm import Session

from segments import policies
from segments.errors import Invalid
from segments.models import Setting

SETTING = "shop"
LANGUAGES = ("ja", "en")
BASIC_ID_LIMIT = 32
MOST = 1_000_000_000
"""Yen or friends: more is a typing error."""


@dataclass(frozen=True)
class Words:
    """A text in the languages the bot speaks."""

    ja: str = ""
    en: str = ""

    def of(self, language: str) -> str:
        """Return the text in `language`, or in the other one when it was left empty."""
        return (self.ja or self.en) if language == "ja" else (self.en or self.ja)


@dataclass(frozen=True)
class FreeItem:
    """What a friend gets for nothing; claiming it makes a prospect (seed 000, 仕組み1)."""

    title: Words = Words()
    text: Words = Words()
    url: str = ""


@dataclass(frozen=True)
class Shop:
    """Everything the shop says of itself; times are in its own zone."""

    name: str = ""
    timezone: str = "Asia/Tokyo"
    language: str = "ja"
    closed_weekdays: tuple[int, ...] = ()
    """0 = Monday … 6 = Sunday."""
    closed_dates: tuple[date, ...] = ()
    basic_id: str = ""
    """LINE's @id of the official account, with its @."""
    free_item: FreeItem = field(default_factory=FreeItem)
    how_to_buy: Words = Words()
    opening_hours: Words = Words()
    quiet_from: time = time(21, 0)
    quiet_until: time = time(9, 0)
    """Between these no message leaves by itself; equal times mean no quiet hours."""
    monthly_budget_yen: int | None = None
    """The most that a month of LINE may cost, plan and additional messages together, before tax; None = no limit."""
    approval_above: int | None = None
    """A broadcast to more friends than this waits for a second operator's approval; None = none ever does."""

    @cached_property
    def zone(self) -> ZoneInfo:
        """The shop's time zone."""
        return ZoneInfo(self.timezone)

    def today(self, now: datetime) -> date:
        """Return the date it is in the shop at `now`."""
        return now.astimezone(self.zone).date()

    def is_closed(self, day: date) -> bool:
        """Tell whether the shop is closed all of `day`."""
        return day.weekday() in self.closed_weekdays or day in self.closed_dates

    def next_open_day(self, day: date) -> date:
        """Return `day`, or the first open day after it; `day` itself when none opens within a year."""
        days = (day + timedelta(days=offset) for offset in range(366))
        return next((each for each in days if not self.is_closed(each)), day)


_settings: Any = Setting.__table__.c
_STORED = select(cast_to(_settings.value, Text)).where(_settings.name == SETTING)


def load(session: Session) -> Shop:
    """Return the shop's settings, the defaults where none were saved."""
    stored = session.connection().execute(_STORED).scalar()
    return _understood(stored) if stored else Shop()


@lru_cache(maxsize=16)
def _understood(stored: str) -> Shop:
    """Read the settings' text, which is as good as a version: what was understood once holds while it is the same."""
    return from_json(json.loads(stored))


def save(session: Session, shop: Shop, now: datetime) -> None:
    """Store the settings after checking them; raises Invalid("shop_invalid", field=…).

    In another zone purchases fall on other days: they are read anew.
    """
    value = to_json(shop)
    from_json(value)
    if load(session).zone != shop.zone:
        policies.learn_everybody_again(session, now)
    session.merge(Setting(name=SETTING, value=value, updated_at=now))
    session.flush()  # `load` looks past the session


def to_json(shop: Shop) -> dict[str, Any]:
    """Write the settings as plain JSON."""
    return {each.name: _plain(getattr(shop, each.name)) for each in fields(shop)}


def from_json(data: dict[str, Any]) -> Shop:
    """Read settings; what is missing keeps its default. Raises Invalid("shop_invalid", field=…)."""
    known = {each.name for each in fields(Shop)}
    given: dict[str, Any] = {}
    for name, value in data.items():
        if name not in known:
            raise Invalid("shop_invalid", field=name)
        try:
            given[name] = _READERS[name](value)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise Invalid("shop_invalid", field=name) from error
    return Shop(**given)


def _plain(value: Any) -> Any:
    match value:
        case Words():
            return {"ja": value.ja, "en": value.en}
        case FreeItem():
            return {"title": _plain(value.title), "text": _plain(value.text), "url": value.url}
        case tuple():
            return [_plain(each) for each in cast("tuple[Any, ...]", value)]
        case time():
            return value.strftime("%H:%M")
        case date():
            return value.isoformat()
        case _:
            return value


def _text(value: Any) -> str:
    return _must(isinstance(value, str), value).strip()


def _words(value: Any) -> Words:
    return Words(**{language: _text(text) for language, text in value.items()})


def _free_item(value: Any) -> FreeItem:
    url = _text(value.get("url", ""))
    _must(not url or url.startswith(("https://", "http://")), url)
    return FreeItem(title=_words(value.get("title", {})), text=_words(value.get("text", {})), url=url)


def _zone_name(value: Any) -> str:
    return ZoneInfo(_text(value)).key


def _language(value: Any) -> str:
    return _must(value in LANGUAGES, value)


def _weekdays(value: Any) -> tuple[int, ...]:
    return tuple(sorted({_must(type(day) is int and 0 <= day <= 6, day) for day in value}))


def _dates(value: Any) -> tuple[date, ...]:
    return tuple(sorted({date.fromisoformat(day) for day in value}))


def _basic_id(value: Any) -> str:
    name = _text(value)
    return _must(not name or (name.startswith("@") and len(name) <= BASIC_ID_LIMIT), name)


def _amount(value: Any) -> int | None:
    """Read a whole number that may be missing; a terminal hands it over as text."""
    if value is None or value == "":
        return None
    number = int(value.replace(",", "")) if isinstance(value, str) else value
    return _must(type(number) is int and 0 <= number <= MOST, number)


def _must(fine: bool, value: Any) -> Any:
    if not fine:
        raise ValueError(value)
    return value


_READERS: dict[str, Any] = {
    "name": _text,
    "timezone": _zone_name,
    "language": _language,
    "closed_weekdays": _weekdays,
    "closed_dates": _dates,
    "basic_id": _basic_id,
    "free_item": _free_item,
    "how_to_buy": _words,
    "opening_hours": _words,
    "quiet_from": time.fromisoformat,
    "quiet_until": time.fromisoformat,
    "monthly_budget_yen": _amount,
    "approval_above": _amount,
}
