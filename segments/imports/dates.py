"""Reads dates as Japanese shops write them; what could mean two days is refused, never guessed."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from segments.errors import Invalid

_ERAS = {
    "明治": ("M", date(1868, 1, 25)),
    "大正": ("T", date(1912, 7, 30)),
    "昭和": ("S", date(1926, 12, 25)),
    "平成": ("H", date(1989, 1, 8)),
    "令和": ("R", date(2019, 5, 1)),
}
_LETTERS = {letter: name for name, (letter, _) in _ERAS.items()}
_STARTS = {name: start for name, (_, start) in _ERAS.items()}

_DAY = re.compile(
    r"""(?: (?P<era>明治|大正|昭和|平成|令和|[MTSHR]) \s* (?P<era_year>\d{1,2}|元) | (?P<year>\d{4}) )
        (?: \s* 年 \s* (?P<m1>\d{1,2}) \s* 月 \s* (?P<d1>\d{1,2}) \s* 日
          | (?P<mark>[-/.]) (?P<m2>\d{1,2}) (?P=mark) (?P<d2>\d{1,2})
          | (?P<m3>\d{2}) (?P<d3>\d{2}) )""",
    re.VERBOSE | re.ASCII,
)
_WEEKDAY = re.compile(r"\s*\([月火水木金土日](?:曜日?)?\)")
_TIME = re.compile(
    r"""(?: \s+ | \s*T )? (?P<half>午前|午後|[AP]M\s)? \s*
        (?P<hour>\d{1,2}) (?: : (?P<min1>\d{2}) (?: : (?P<sec1>\d{2}) (?:[.]\d{1,9})? )?
                            | 時 (?: \s*(?P<min2>\d{1,2}) 分 (?: \s*(?P<sec2>\d{1,2}) 秒 )? )? )
        \s* (?P<half_after>[AP]M)? \s* (?P<offset>Z|[+-]\d{2}:?\d{2})?""",
    re.VERBOSE | re.ASCII,
)
_TWO_MEANINGS = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2}(?:\d{2})?(?!\d)|\d{2}年", re.ASCII)


def moment(text: str, zone: ZoneInfo) -> datetime:
    """Return the moment that `text` names in the shop's zone, in UTC; a day without a time is its midnight.

    Raises Invalid: date_ambiguous, date_unreadable, date_impossible, date_outside_era,
    date_no_such_time (skipped by a change of the clocks). Of an hour that comes twice, the first is meant.
    """
    found = _read(text)
    if isinstance(found, str):
        raise Invalid(found, given=text)
    return _place(text, found, zone)


def day(text: str) -> date:
    """Return the day that `text` names, a birthday for instance; raises as `moment` does."""
    found = _read(text)
    if isinstance(found, str):
        raise Invalid(found, given=text)
    return found.day


@dataclass(frozen=True, slots=True)
class _Reading:
    day: date
    time: time
    offset: str | None


# The same days come back all through a file: the last few thousand need no second reading.
@lru_cache(maxsize=4096)
def _read(text: str) -> _Reading | str:
    plain = unicodedata.normalize("NFKC", text).strip().upper()
    found = _DAY.match(plain)
    if not found:
        return "date_ambiguous" if _TWO_MEANINGS.match(plain) else "date_unreadable"
    read = _day(found)
    if isinstance(read, str):
        return read
    rest = _WEEKDAY.sub("", plain[found.end() :], count=1)
    if not rest.strip():
        return _Reading(read, time(), None)
    clock = _TIME.fullmatch(rest)
    if not clock or (found["d3"] and rest[0].isdigit()):
        return "date_unreadable"
    at = _time(clock)
    return at if isinstance(at, str) else _Reading(read, at, clock["offset"])


def _day(found: re.Match[str]) -> date | str:
    month = int(found["m1"] or found["m2"] or found["m3"])
    number = int(found["d1"] or found["d2"] or found["d3"])
    era = _LETTERS.get(found["era"], found["era"]) if found["era"] else None
    year = int(found["year"]) if era is None else _era_year(era, found["era_year"])
    try:
        read = date(year, month, number)
    except ValueError:
        return "date_impossible"
    if year < 1868:
        return "date_impossible"
    if era is not None and not _in_era(era, read):
        return "date_outside_era"
    return read


def _era_year(era: str, number: str) -> int:
    return _STARTS[era].year + (0 if number == "元" else int(number) - 1)


def _in_era(era: str, read: date) -> bool:
    names = list(_STARTS)
    later = names[names.index(era) + 1 :]
    return _STARTS[era] <= read and (not later or read <= _STARTS[later[0]])


def _time(clock: re.Match[str]) -> time | str:
    hour = int(clock["hour"])
    half = (clock["half"] or clock["half_after"] or "").strip()
    if half:
        if hour > 12:
            return "date_impossible"
        hour = hour % 12 + (12 if half in {"午後", "PM"} else 0)
    try:
        return time(hour, int(clock["min1"] or clock["min2"] or 0), int(clock["sec1"] or clock["sec2"] or 0))
    except ValueError:
        return "date_impossible"


def _place(text: str, found: _Reading, zone: ZoneInfo) -> datetime:
    naive = datetime.combine(found.day, found.time)
    if found.offset:
        return datetime.fromisoformat(f"{naive.isoformat()}{found.offset}").astimezone(UTC)
    moment = naive.replace(tzinfo=zone).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == naive:
        return moment
    if found.time == time():
        return moment  # a day that begins after midnight, as some do: its first moment
    raise Invalid("date_no_such_time", given=text)
