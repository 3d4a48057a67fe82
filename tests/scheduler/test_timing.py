"""Quiet hours and times of day, on ordinary days and on those when clocks are changed."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.timing import QuietHours, at_time_of_day, days_later, next_allowed

TOKYO = ZoneInfo("Asia/Tokyo")
NEW_YORK = ZoneInfo("America/New_York")
NIGHT = QuietHours(time(21), time(9))

zones = st.sampled_from(
    [
        "Asia/Tokyo",
        "America/New_York",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "Africa/Casablanca",
        "Europe/London",
    ]
).map(ZoneInfo)
moments = st.datetimes(datetime(2010, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 — hypothesis adds the zone
walls = st.times()


def tokyo(*values: int) -> datetime:
    return datetime(*values, tzinfo=TOKYO)  # type: ignore[arg-type, misc] — pyright cannot count them


@pytest.mark.parametrize(
    ("moment", "allowed"),
    [
        (tokyo(2026, 11, 21, 14, 30), tokyo(2026, 11, 21, 14, 30)),
        (tokyo(2026, 11, 21, 20, 59, 59), tokyo(2026, 11, 21, 20, 59, 59)),
        (tokyo(2026, 11, 21, 21), tokyo(2026, 11, 22, 9)),
        (tokyo(2026, 11, 22, 0), tokyo(2026, 11, 22, 9)),
        (tokyo(2026, 11, 22, 8, 59), tokyo(2026, 11, 22, 9)),
        (tokyo(2026, 11, 22, 9), tokyo(2026, 11, 22, 9)),
    ],
)
def test_a_moment_at_night_waits_for_the_morning(moment: datetime, allowed: datetime) -> None:
    assert next_allowed(moment, NIGHT, TOKYO) == allowed


def test_quiet_hours_within_a_day_end_the_same_day() -> None:
    lunch = QuietHours(time(12), time(13))
    assert next_allowed(tokyo(2026, 11, 21, 12, 30), lunch, TOKYO) == tokyo(2026, 11, 21, 13)


def test_equal_ends_and_none_mean_that_no_hour_is_quiet() -> None:
    moment = tokyo(2026, 11, 21, 3)
    assert next_allowed(moment, QuietHours(time(9), time(9)), TOKYO) == moment
    assert next_allowed(moment, None, TOKYO) == moment


def test_an_end_that_the_clocks_jump_over_is_not_missed() -> None:
    quiet = QuietHours(time(22), time(2, 30))
    allowed = next_allowed(datetime(2026, 3, 8, 1, 0, tzinfo=NEW_YORK), quiet, NEW_YORK)
    assert allowed.astimezone(NEW_YORK) == datetime(2026, 3, 8, 3, 30, tzinfo=NEW_YORK)


def test_an_end_that_comes_twice_counts_the_second_time_too() -> None:
    quiet = QuietHours(time(22), time(1, 30))
    second_ten_past_one = datetime(2026, 11, 1, 1, 10, tzinfo=NEW_YORK, fold=1)
    assert next_allowed(second_ten_past_one, quiet, NEW_YORK) - second_ten_past_one.astimezone(
        UTC
    ) == timedelta(minutes=20)


@given(moments, walls, walls, zones)
def test_what_is_allowed_is_never_quiet_never_early_and_stays_allowed(
    moment: datetime, begins: time, ends: time, zone: ZoneInfo
) -> None:
    quiet = QuietHours(begins, ends)
    allowed = next_allowed(moment, quiet, zone)
    assert allowed >= moment
    assert not quiet.cover(allowed.astimezone(zone).time())
    assert next_allowed(allowed, quiet, zone) == allowed
    assert allowed - moment <= timedelta(days=3)


@given(moments, walls, zones)
def test_a_time_of_day_is_waited_for_at_most_about_a_day(
    moment: datetime, wall: time, zone: ZoneInfo
) -> None:
    shown = at_time_of_day(moment, wall, zone)
    assert moment <= shown <= moment + timedelta(days=2, hours=2)
    assert at_time_of_day(shown, wall, zone) == shown


def test_a_time_of_day_that_has_passed_comes_tomorrow() -> None:
    assert at_time_of_day(tokyo(2026, 11, 21, 14, 30), time(12), TOKYO) == tokyo(2026, 11, 22, 12)
    assert at_time_of_day(tokyo(2026, 11, 21, 11, 30), time(12), TOKYO) == tokyo(2026, 11, 21, 12)
    assert at_time_of_day(tokyo(2026, 11, 21, 11, 30), None, TOKYO) == tokyo(2026, 11, 21, 11, 30)


def test_days_later_goes_by_the_calendar() -> None:
    monday_evening = tokyo(2026, 11, 23, 18)
    for saturday in (tokyo(2026, 11, 21, 0), tokyo(2026, 11, 21, 14, 30), tokyo(2026, 11, 21, 23, 59)):
        assert days_later(saturday, 2, time(18), TOKYO) == monday_evening
