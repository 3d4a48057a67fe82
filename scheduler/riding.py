"""Which steps' messages may wait for a free reply to ride on, and for how long: one rule for every way to say so."""

from datetime import timedelta

from segments.errors import Invalid

LONGEST = timedelta(days=30)


def check(rides_for: timedelta | None, *, has_message: bool) -> None:
    """Refuse to let a step's message wait so long for a reply; None, to push it at once, is always right.

    Raises Invalid: step_without_message, rides_for_invalid (days), both with the part of the step as `at`.
    """
    if rides_for is None:
        return
    if not has_message:
        raise Invalid("step_without_message", at="rides_for")
    if not timedelta() < rides_for <= LONGEST:
        raise Invalid("rides_for_invalid", days=LONGEST.days, at="rides_for")
