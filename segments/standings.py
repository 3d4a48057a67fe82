"""How many friends stood on each rung when a day ended, and who moved: read from what is counted day by day."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from segments import day_counts
from segments.day_counts import moves, standing
from segments.ladder_growth import Standing, ladder_counts_over_time
from segments.ladders import LADDERS
from segments.models import DayCount
from segments.stages import Stage

DAY = timedelta(days=1)
OUT = {"pyramid": (Stage.EXIT.value,), "class": ("lapsed",), "status": ("lapsed",)}
"""Rungs that stand beside a ladder: whoever comes to them went out."""


@dataclass(frozen=True)
class Move:
    """How many friends went from one rung to another; "" is on none."""

    came_from: str
    went_to: str
    friends: int


@dataclass(frozen=True)
class Moved:
    """The moves on one ladder within some days."""

    ladder: str
    moves: Sequence[Move]

    @property
    def up(self) -> int:
        """Moves to a higher rung; back from outside counts, being noticed for the first time does not."""
        return sum(each.friends for each in self.moves if self.goes_up(each))

    @property
    def out(self) -> int:
        """Moves out of the ladder."""
        return sum(each.friends for each in self.moves if self.goes_out(each))

    def onto(self, rung: str) -> int:
        """Count who came up to a rung."""
        return sum(each.friends for each in self.moves if each.went_to == rung and self.goes_up(each))

    def off(self, rung: str) -> int:
        """Count who left a rung for outside."""
        return sum(each.friends for each in self.moves if each.came_from == rung and self.goes_out(each))

    def goes_up(self, move: Move) -> bool:
        """Tell whether a move leads upwards."""
        if move.came_from == "" and move.went_to == _rungs(self.ladder)[0]:
            return False
        return not self.goes_out(move) and self._height(move.went_to) > self._height(move.came_from)

    def goes_out(self, move: Move) -> bool:
        """Tell whether a move leads out."""
        return move.went_to in OUT.get(self.ladder, ()) and move.came_from != ""

    def _height(self, rung: str) -> int:
        rungs = _rungs(self.ladder)
        return -1 if rung in OUT.get(self.ladder, ()) or rung not in rungs else rungs.index(rung)


def moved(session: Session, ladder: str, since: date, until: date) -> Moved:
    """Return the moves on a ladder from one day to another, both included."""
    return moved_each(session, ladder, [(since, until)])[0]


def moved_each(session: Session, ladder: str, spans: Sequence[tuple[date, date]]) -> list[Moved]:
    """Return the moves on a ladder within each of some spans of days, read in one go."""
    first, last = min(since for since, _until in spans), max(until for _since, until in spans)
    days = day_counts.read(session, [moves(ladder)], first, last)[moves(ladder)]
    return [_within(ladder, days, span) for span in spans]


def _within(ladder: str, days: Mapping[date, Counter[str]], span: tuple[date, date]) -> Moved:
    total: Counter[str] = Counter()
    for day, counted in days.items():
        if span[0] <= day <= span[1]:
            total.update(counted)
    ranked = sorted(total.items(), key=lambda each: (-each[1], each[0]))
    found = [Move(*_pair(part), count) for part, count in ranked if count]
    return Moved(ladder, found)


def standings(session: Session, ladder: str, days: Sequence[date], now: datetime) -> list[Standing]:
    """Return how many stood where when each of some days ended, the days in order and none of them to come.

    From the day's own count, or the nearest one after it, taken back by the moves between; before the first count
    was made (a new shop) everybody is counted now.
    """
    kept = _kept(session, ladder)
    if not kept:
        known = {each.day: each for each in ladder_counts_over_time(session, ladder, days[0], days[-1], now)}
        return [known.get(day, Standing(day, {})) for day in days]
    grown = _grown(session, ladder, min(days[0], kept[-1]), days[-1] + 400 * DAY)
    counts = {day: _count(session, ladder, day) for day in {_nearest(kept, day) for day in days}}
    return [_brought(day, _nearest(kept, day), counts, grown) for day in days]


def _kept(session: Session, ladder: str) -> list[date]:
    query = select(DayCount.day).where(DayCount.figure == standing(ladder)).distinct().order_by(DayCount.day)
    return list(session.scalars(query))


def _nearest(kept: Sequence[date], day: date) -> date:
    return next((each for each in kept if each >= day), kept[-1])


def _count(session: Session, ladder: str, day: date) -> Mapping[str, int]:
    return day_counts.read(session, [standing(ladder)], day, day)[standing(ladder)].get(day, {})


def _grown(session: Session, ladder: str, since: date, until: date) -> dict[date, Counter[str]]:
    """Return by how many each rung grew on each day."""
    found: dict[date, Counter[str]] = {}
    for day, counted in day_counts.read(session, [moves(ladder)], since, until)[moves(ladder)].items():
        grown = found.setdefault(day, Counter())
        for part, count in counted.items():
            came_from, went_to = _pair(part)
            grown[went_to] += count
            grown[came_from] -= count
    return found


def _brought(
    day: date, counted: date, counts: Mapping[date, Mapping[str, int]], grown: Mapping[date, Counter[str]]
) -> Standing:
    friends = Counter(dict(counts[counted]))
    for each, by in grown.items():
        if day < each <= counted:
            friends.subtract(by)
        elif counted < each <= day:
            friends.update(by)
    return Standing(day, {rung: count for rung, count in sorted(friends.items()) if rung and count > 0})


def _pair(part: str) -> tuple[str, str]:
    came_from, _sign, went_to = part.partition(">")
    return came_from, went_to


def _rungs(ladder: str) -> tuple[str, ...]:
    return next(each.rungs for name, each in LADDERS.items() if name.value == ladder)
