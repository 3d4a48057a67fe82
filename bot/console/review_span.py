"""The week or month a review looks at, as it stands in its address, and the one before it."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from bot import formats
from bot.i18n import N_, current_language

DAY = timedelta(days=1)
OLDEST = timedelta(days=3660)


class Unit(StrEnum):
    """How much a review looks at."""

    WEEK = "week"
    MONTH = "month"


UNITS = {Unit.WEEK: N_("週ごと"), Unit.MONTH: N_("月ごと")}


@dataclass(frozen=True)
class Span:
    """A week from Monday on, or a month; its last day may be to come."""

    unit: Unit
    first: date

    @property
    def last(self) -> date:
        """Its last day."""
        return _after(self) - DAY

    @property
    def before(self) -> "Span":
        """The one before it."""
        return of(self.unit, self.first - DAY)

    @property
    def after(self) -> "Span":
        """The one after it."""
        return Span(self.unit, _after(self))

    @property
    def key(self) -> tuple[str, date]:
        """Its unit and first day, as decisions are kept by."""
        return self.unit.value, self.first

    @property
    def query(self) -> dict[str, str]:
        """The fields of an address that means it."""
        return {"unit": self.unit.value, "start": self.first.isoformat()}

    def words(self) -> str:
        """Return its days."""
        language = current_language()
        return _(
            "%(first)s〜%(last)s",
            first=formats.day(self.first, language),
            last=formats.day(self.last, language),
        )


def of(unit: Unit, day: date) -> Span:
    """Return the week or month that a day is in."""
    return Span(unit, day - timedelta(days=day.weekday()) if unit is Unit.WEEK else day.replace(day=1))


def read(args: MultiDict[str, str], today: date) -> Span:
    """Return the span of an address; the last one that is over when none is named, or one that cannot be."""
    given = args.get("unit", "")
    unit = Unit(given) if given in set(Unit) else Unit.WEEK
    usual = of(unit, today).before
    try:
        start = date.fromisoformat(args.get("start", ""))
    except ValueError:
        return usual
    return of(unit, start) if today - OLDEST <= start <= today else usual


def _after(span: Span) -> date:
    if span.unit is Unit.WEEK:
        return span.first + 7 * DAY
    return (span.first + 31 * DAY).replace(day=1)
