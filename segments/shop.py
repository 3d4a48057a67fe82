"""The shop's own settings: name, zone, closed days, quiet hours, the free item and how to buy."""

import json
from dataclasses import dataclass, field, fields
from datetime import date, datetime, time, timedelta
from functools import cached_property, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Text, select
from sqlalchemy import cast as cast_to
from sqlalchemy.orm import Session

from segments import policies
from segments.db import ONLY_READS
from segments.errors import Invalid
from segments.models import Setting
from segments.shop_values import READERS, FreeItem, Words, plain

SETTING = "shop"


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
    how_to_buy: Words = field(default_factory=Words)
    opening_hours: Words = field(default_factory=Words)
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
    """Return the shop's settings, the defaults where none were saved; a session that only reads asks once."""
    known = session.info.get(SETTING)
    if isinstance(known, Shop):
        return known
    stored = session.connection().execute(_STORED).scalar()
    found = _understood(stored) if stored else Shop()
    if session.info.get(ONLY_READS):
        session.info[SETTING] = found
    return found


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
    return {each.name: plain(getattr(shop, each.name)) for each in fields(shop)}


def from_json(data: dict[str, Any]) -> Shop:
    """Read settings; what is missing keeps its default. Raises Invalid("shop_invalid", field=…)."""
    known = {each.name for each in fields(Shop)}
    given: dict[str, Any] = {}
    for name, value in data.items():
        if name not in known:
            raise Invalid("shop_invalid", field=name)
        try:
            given[name] = READERS[name](value)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise Invalid("shop_invalid", field=name) from error
    return Shop(**given)
