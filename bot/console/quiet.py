"""Quiet hours in front of an operator: whether a moment lies in them, and when sending begins then."""

from dataclasses import dataclass
from datetime import datetime

from bot import formats
from bot.i18n import current_language
from scheduler import eligibility
from scheduler.timing import next_allowed
from segments.shop import Shop


@dataclass(frozen=True)
class Wait:
    """Nothing leaves before `until`."""

    hours: str
    until: datetime


def wait_at(shop: Shop, moment: datetime) -> Wait | None:
    """Return the quiet hours of the shop's clock that `moment` lies in; None when it may leave at once."""
    hours = eligibility.quiet_hours(shop)
    until = next_allowed(moment, hours, shop.zone)
    if until <= moment:
        return None
    return Wait(formats.hours(hours.begins, hours.ends, current_language()), until)
