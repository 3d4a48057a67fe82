"""The days a report speaks of, as they stand in its address, and how they are cut into places of a chart."""

from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from bot import formats
from bot.i18n import N_, current_language

DAY = timedelta(days=1)
DEFAULT = "3"
OWN = "own"
CHOICES = {
    "this": N_("今月"),
    "last": N_("先月"),
    "3": N_("3か月"),
    "6": N_("6か月"),
    "12": N_("12か月"),
    OWN: N_("日付を指定"),
}
LONGEST = timedelta(days=1100)
BY_DAY, BY_WEEK = timedelta(days=35), timedelta(days=200)
"""The longest periods that are shown by days, and by weeks."""


@dataclass(frozen=True)
class Bucket:
    """One place of a chart: some days, and what it is called."""

    first: date
    last: date
    label: str


@dataclass(frozen=True)
class Period:
    """From the first day to the last, both included; none of them to come."""

    key: str
    since: date
    until: date
    problem: str = ""
    """What is wrong with the days that were typed, in words; then the usual period is shown."""

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.until - self.since).days + 1

    def query(self, **more: str) -> dict[str, str]:
        """Return the fields of an address that means the same."""
        own = {"from": self.since.isoformat(), "to": self.until.isoformat()} if self.key == OWN else {}
        return {"period": self.key, **own, **{name: value for name, value in more.items() if value}}

    def words(self) -> str:
        """Return its first and last day."""
        language = current_language()
        return _(
            "%(first)s〜%(last)s",
            first=formats.day(self.since, language),
            last=formats.day(self.until, language),
        )

    def buckets(self) -> list[Bucket]:
        """Cut it into days, weeks (from its first day on) or months, whichever still fits a picture."""
        length = self.until - self.since
        if length <= BY_DAY:
            return [Bucket(day, day, f"{day.month}/{day.day}") for day in _days(self.since, self.until)]
        if length <= BY_WEEK:
            return self._weeks()
        return self.months()

    def _weeks(self) -> list[Bucket]:
        starts = _days(self.since, self.until)[::7]
        return [
            Bucket(start, min(start + 6 * DAY, self.until), _("%(day)s〜", day=f"{start.month}/{start.day}"))
            for start in starts
        ]

    def months(self) -> list[Bucket]:
        """Cut it into the months of the calendar; the first and the last may be parts of one."""
        found: list[Bucket] = []
        first = self.since
        while first <= self.until:
            last = min(_last_of_month(first), self.until)
            found.append(Bucket(first, last, f"{first.year}/{first.month}"))
            first = last + DAY
        return found


def read(args: MultiDict[str, str], today: date) -> Period:
    """Read the period of an address; what makes no sense gives the usual one, with what was wrong."""
    key = args.get("period", DEFAULT)
    if key == OWN:
        return _own(args, today)
    return _usual(key if key in CHOICES else DEFAULT, today)


def _usual(key: str, today: date, problem: str = "") -> Period:
    month = today.replace(day=1)
    if key == "this":
        return Period(key, month, today, problem)
    if key == "last":
        last = month - DAY
        return Period(key, last.replace(day=1), last, problem)
    return Period(key, _months_before(month, int(key) - 1), today, problem)


def _own(args: MultiDict[str, str], today: date) -> Period:
    try:
        since, until = (date.fromisoformat(args.get(name, "")) for name in ("from", "to"))
    except ValueError:
        return _usual(DEFAULT, today, _("始まりと終わりの日付を両方入れてください。"))
    if since > until:
        return _usual(DEFAULT, today, _("始まりの日が終わりの日より後になっています。"))
    if since > today:
        return _usual(DEFAULT, today, _("始まりの日がまだ来ていません。"))
    if until - since > LONGEST:
        return _usual(DEFAULT, today, _("期間は3年までにしてください。"))
    return Period(OWN, since, min(until, today))


def _months_before(month: date, count: int) -> date:
    place = month.year * 12 + month.month - 1 - count
    return date(place // 12, place % 12 + 1, 1)


def _last_of_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1) - DAY


def _days(first: date, last: date) -> list[date]:
    return [first + place * DAY for place in range((last - first).days + 1)]
