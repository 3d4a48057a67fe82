"""When messages may leave by the clock alone: outside quiet hours, and on open days where the shop asks for that."""

from datetime import datetime
from zoneinfo import ZoneInfo

from scheduler.timing import QuietHours, next_allowed
from segments.leaves.context import day_start
from segments.shop import Shop

_ROUNDS = 400
"""More days than are looked at for an open one."""


def next_moment(
    now: datetime, quiet: QuietHours | None, zone: ZoneInfo, open_days: Shop | None
) -> tuple[datetime, bool]:
    """Return the next moment, `now` or later, and whether a closed day is what put it off.

    Quiet hours go by the friend's wall clock (`zone`), closed days by the shop's. None = there are none.
    """
    moment, closed = next_allowed(now, quiet, zone), False
    if open_days is None:
        return moment, closed
    for _ in range(_ROUNDS):
        day = open_days.today(moment)
        opens = open_days.next_open_day(day)
        if opens == day:
            break
        moment, closed = next_allowed(day_start(opens, open_days.zone), quiet, zone), True
    return moment, closed
