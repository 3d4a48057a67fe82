"""How long a step's message waits for a reply, as forms have it: in whole hours, though files may say minutes too."""

from datetime import timedelta

from scheduler.riding import LONGEST

HOUR = timedelta(hours=1)
FIELD = "rides_hours"
MOST = LONGEST // HOUR


def shown(rides_for: timedelta | None) -> str:
    """Return the hours that stand in the form, begun ones counted whole; "" for a message that does not wait."""
    return str(-(-rides_for // HOUR)) if rides_for else ""


def typed(hours: int, stored: timedelta | None) -> timedelta | None:
    """Return how long it waits by what was typed, None for 0; hours that were left as shown change nothing."""
    return stored if str(hours) == shown(stored) else timedelta(hours=hours) or None
