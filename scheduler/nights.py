"""Which night's work is due: what was missed while nothing ran is made up when something runs again."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import heartbeats
from scheduler.models import Heartbeat

AT = time(3, 30)
"""When a night's work begins, by the shop's clock."""
APART = timedelta(hours=1)
"""At least so long lies between two: one that is made up just before the next must not run beside it."""
LAST = "night"


def due(session: Session, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Return when the night began whose work is to be put on the queue now; None when there is none.

    However many were missed, the newest does for all of them. A new database counts from its first start, so that
    nothing heavy runs while it is set up.
    """
    last = session.scalar(select(Heartbeat.at).where(Heartbeat.name == LAST))
    # One that lies ahead was noted before the clock was set back: waiting for it could take for ever.
    if last is None or last > now:
        note(session, now)
        return None
    begun = newest(now, zone)
    return begun if last < begun and now - last >= APART else None


def note(session: Session, now: datetime) -> None:
    """Take note that a night's work was put on the queue: from there it is not lost."""
    heartbeats.beat(session, LAST, heartbeats.NIGHT, now)
    session.flush()


def newest(now: datetime, zone: ZoneInfo) -> datetime:
    """Return the last moment until `now` at which a night's work was to begin."""
    today = now.astimezone(zone).date()
    begins = datetime.combine(today, AT, zone)
    # Compared in UTC: within one zone Python compares wall clocks.
    if begins.astimezone(UTC) > now.astimezone(UTC):
        begins = datetime.combine(today - timedelta(days=1), AT, zone)
    return begins
