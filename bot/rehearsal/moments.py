"""The moments at which a rehearsal looks: the end of a grain of time, and the next night."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from scheduler import nights
from scheduler.timing import QuietHours, next_allowed

GRAIN = timedelta(minutes=30)
"""Steps and messages that fall due within so long are taken up together, at its end; the real bell rings every two seconds.

As long as messages wait for each other by default (scheduler.bundling): what goes together here does so there too.
"""


def next_night(now: datetime, zone: ZoneInfo) -> datetime:
    """Return when the nightly jobs run next, in UTC."""
    local = now.astimezone(zone)
    night = local.replace(hour=nights.AT.hour, minute=nights.AT.minute, second=0, microsecond=0)
    return (night if night > local else night + timedelta(days=1)).astimezone(UTC)


def taken_up(moment: datetime, quiet: QuietHours | None, zone: ZoneInfo) -> datetime:
    """Return when a rehearsal takes up what falls due at `moment`: not in quiet hours that it comes before."""
    end = ceiling(moment)
    held = next_allowed(end, quiet, zone) != end and next_allowed(moment, quiet, zone) == moment
    return moment if held else end


def ceiling(moment: datetime, grain: timedelta = GRAIN) -> datetime:
    """Return the end of the grain that `moment` lies in; its very end is itself."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + -((midnight - moment) // grain) * grain
