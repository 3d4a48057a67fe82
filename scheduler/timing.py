"""When something may leave: quiet hours and times of day on the wall clocks of any zone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class QuietHours:
    """The part of each day in which nothing leaves, by the wall clock; it may cross midnight.

    `begins` is quiet, `ends` is not. Equal ends mean that no hour is quiet.
    """

    begins: time
    ends: time

    def cover(self, wall: time) -> bool:
        """Tell whether the wall clock's `wall` is quiet."""
        if self.begins <= self.ends:
            return self.begins <= wall < self.ends
        return wall >= self.begins or wall < self.ends


def next_allowed(moment: datetime, quiet: QuietHours | None, zone: ZoneInfo) -> datetime:
    """Return `moment`, or the end of the quiet hours it falls into, in UTC.

    Never earlier than `moment` and never quiet, also on the days on which clocks are changed:
    an end that the clocks jump over comes as much later, one that comes twice counts both times.
    """
    allowed = moment.astimezone(UTC)
    while quiet is not None and quiet.cover(_wall(allowed, zone)):
        allowed = next(end for end in _moments_showing(quiet.ends, allowed, zone) if end > allowed)
    return allowed


def at_time_of_day(moment: datetime, wall: time | None, zone: ZoneInfo) -> datetime:
    """Return the first moment from `moment` on at which clocks in `zone` show `wall`, in UTC; None = at once.

    On a day on which they jump over it, it comes as much later as they jump: 2:30 at 3:30.
    """
    start = moment.astimezone(UTC)
    if wall is None:
        return start
    return next(shown for shown in _moments_showing(wall, start, zone) if shown >= start)


def days_later(moment: datetime, days: int, wall: time, zone: ZoneInfo) -> datetime:
    """Return 「n日後のHH:MM」 as people mean it: by the calendar of `zone`, however late in the day `moment` is."""
    day = moment.astimezone(zone).date() + timedelta(days=days)
    return at_time_of_day(datetime.combine(day, time(), zone), wall, zone)


def wall_here(day: date, wall: time, there: ZoneInfo, here: ZoneInfo) -> time:
    """Return what clocks `here` show, on their `day`, when those `there` show `wall`."""
    if there == here:
        return wall
    shown = [
        datetime.combine(day + timedelta(days=days), wall, there).astimezone(here) for days in (0, -1, 1)
    ]
    # On a day that clocks cut short there may be no such moment: that of the day before or after will do.
    return next((each.time() for each in shown if each.date() == day), shown[0].time())


def _wall(moment: datetime, zone: ZoneInfo) -> time:
    return moment.astimezone(zone).time()


def _moments_showing(wall: time, start: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    day = start.astimezone(zone).date()
    while True:
        first, second = (
            datetime.combine(day, wall.replace(fold=fold), zone).astimezone(UTC) for fold in (0, 1)
        )
        yield first
        # On the night the clocks go back the same wall time comes twice. A time they jump over has a second
        # reading as well, before the jump: that would be too early.
        if second > first:
            yield second
        day += timedelta(days=1)
