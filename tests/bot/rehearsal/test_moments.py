"""When a rehearsal looks: soon after what falls due, and never so late that a night comes between."""

from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rehearsal.moments import GRAIN, taken_up
from scheduler.timing import QuietHours, next_allowed
from tests.fakes.clock import A_SATURDAY

TOKYO = ZoneInfo("Asia/Tokyo")
QUIET = QuietHours(time(21, 10), time(9))


@given(minutes=st.integers(0, 3 * 24 * 60), seconds=st.integers(0, 59))
def test_what_may_leave_is_taken_up_within_a_grain_and_may_leave_then(minutes: int, seconds: int) -> None:
    due = A_SATURDAY + timedelta(minutes=minutes, seconds=seconds)
    moment = taken_up(due, QUIET, TOKYO)
    assert due <= moment < due + GRAIN
    if next_allowed(due, QUIET, TOKYO) == due:
        assert next_allowed(moment, QUIET, TOKYO) == moment


@pytest.mark.parametrize(
    ("due", "quiet", "at"), [("21:05", QUIET, "21:05"), ("21:05", None, "21:30"), ("20:45", QUIET, "21:00")]
)
def test_the_last_minutes_before_the_night_are_not_put_off_to_the_morning(
    due: str, quiet: QuietHours | None, at: str
) -> None:
    moment = A_SATURDAY.astimezone(TOKYO).replace(hour=int(due[:2]), minute=int(due[3:]))
    assert f"{taken_up(moment, quiet, TOKYO).astimezone(TOKYO):%H:%M}" == at
