"""Which steps' messages may wait for a free reply to ride on, and for how long."""

from datetime import timedelta

from sqlalchemy.orm import Session

from scheduler import step_changes
from segments.errors import Invalid

LONGEST = timedelta(days=30)


def let_ride(session: Session, step_id: int, rides_for: timedelta | None) -> None:
    """Let a step's message wait so long for a reply, or push it at once with None; what waits already keeps its time.

    Raises NotFound("step_unknown") and Invalid: rides_for_invalid, step_without_message.
    """
    step = step_changes.step_of(session, step_id)
    if rides_for is not None and not timedelta() < rides_for <= LONGEST:
        raise Invalid("rides_for_invalid", days=LONGEST.days)
    if rides_for is not None and step.message_id is None:
        raise Invalid("step_without_message")
    step.rides_for = rides_for
    session.flush()
