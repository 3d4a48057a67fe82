"""When steps come: delays, weekdays, yearly dates, the best hour. All pure."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.best_hour import HOURS, best_hour, opening_hours, prior
from scheduler.step_dates import kept_in, next_yearly
from scheduler.step_timing import due_after
from scheduler.timing import QuietHours

TOKYO = ZoneInfo("Asia/Tokyo")
SATURDAY = datetime(2026, 11, 21, 14, 30, tzinfo=TOKYO)
NIGHT = QuietHours(time(21), time(9))
MOMENTS = st.integers(1_577_836_800, 2_051_222_400).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
DELAYS = st.timedeltas(timedelta(), timedelta(days=3650))
CLOCKS = st.none() | st.times().map(lambda given: given.replace(second=0, microsecond=0))


@pytest.mark.parametrize(
    ("delay", "at", "weekdays", "due"),
    [
        (timedelta(minutes=5), None, (), "2026-11-21T14:35"),
        (timedelta(days=2), time(18), (), "2026-11-23T18:00"),
        (timedelta(), time(12), (), "2026-11-22T12:00"),
        (timedelta(), None, (5,), "2026-11-21T14:30"),
        (timedelta(days=1), time(10), (0, 3), "2026-11-23T10:00"),
        (timedelta(days=1), None, (2,), "2026-11-25T14:30"),
        (timedelta(days=1095), time(10), (), "2029-11-20T10:00"),
    ],
)
def test_a_step_is_due_as_people_mean_it(
    delay: timedelta, at: time | None, weekdays: tuple[int, ...], due: str
) -> None:
    assert due_after(SATURDAY, delay, at, weekdays, TOKYO) == datetime.fromisoformat(due).replace(
        tzinfo=TOKYO
    )


@given(
    MOMENTS,
    DELAYS,
    CLOCKS,
    st.sets(st.integers(0, 6)),
    st.sampled_from(["Asia/Tokyo", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
)
def test_a_step_is_never_due_before_its_day_and_on_none_but_its_weekdays(
    base: datetime, delay: timedelta, at: time | None, weekdays: set[int], zone: str
) -> None:
    due = due_after(base, delay, at, weekdays, ZoneInfo(zone))
    earliest = (base + delay).astimezone(ZoneInfo(zone)).date()
    assert due >= base
    assert due.astimezone(ZoneInfo(zone)).date() >= earliest
    assert due - base <= delay + timedelta(days=9)
    if weekdays:
        assert due.astimezone(ZoneInfo(zone)).weekday() in weekdays


@given(
    st.dates(date(1900, 1, 1), date(2024, 12, 31)),
    st.dates(date(2026, 1, 2), date(2100, 1, 1)),
    st.integers(-30, 300),
)
def test_a_yearly_date_returns_within_a_year_and_not_before_its_time(
    day: date, since: date, days: int
) -> None:
    kept = next_yearly(day, since, days)
    assert kept - timedelta(days=days) >= since
    assert kept == kept_in(day, kept.year)
    assert kept - timedelta(days=days) - since <= timedelta(days=366)


def test_the_twenty_ninth_of_february_is_kept_on_the_twenty_eighth_in_common_years() -> None:
    assert next_yearly(date(1992, 2, 29), date(2027, 1, 1)) == date(2027, 2, 28)
    assert next_yearly(date(1992, 2, 29), date(2028, 1, 1)) == date(2028, 2, 29)


def test_a_friend_who_never_reacted_is_reached_when_most_are() -> None:
    shares = prior([19] * 50 + [12] * 10, NIGHT, None)
    assert best_hour([], shares) == 19
    assert best_hour([], prior([], NIGHT, (10, 19))) == 12
    assert best_hour([], prior([], NIGHT, None)) == 12


def test_a_friends_own_habit_outweighs_everybodys_as_it_grows() -> None:
    shares = prior([19] * 50, NIGHT, None)
    chosen = [best_hour([10] * count, shares) for count in range(12)]
    assert chosen[0] == 19
    assert chosen[-1] == 10
    # Once it has changed it stays changed.
    assert chosen == sorted(chosen, reverse=True)


@given(st.lists(st.integers(0, 23)), st.lists(st.integers(0, 23)), st.integers(0, 23), st.integers(0, 23))
def test_the_best_hour_is_never_a_quiet_one_and_shares_sum_to_one(
    own: list[int], everybody: list[int], begins: int, ends: int
) -> None:
    quiet = QuietHours(time(begins), time(ends))
    shares = prior(everybody, quiet, (10, 19))
    assert len(shares) == HOURS
    assert abs(sum(shares) - 1) < 1e-9
    assert not quiet.cover(time(best_hour(own, shares)))


@pytest.mark.parametrize(
    ("words", "hours"),
    [
        ("10:00〜19:00", (10, 19)),
        ("平日 9時から18時", (9, 18)),
        ("11:30-22:00（水曜定休）", (11, 22)),
        ("18:00～翌2:00", None),
        ("お問い合わせください", None),
        ("", None),
    ],
)
def test_opening_hours_are_read_where_they_are_plain(words: str, hours: tuple[int, int] | None) -> None:
    assert opening_hours(words) == hours
