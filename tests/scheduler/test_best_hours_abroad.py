"""The best hour of friends who live by another clock than the shop's."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from scheduler.reaction_hours import BestHour
from scheduler.step_timing import due_at_best_hour
from scheduler.timing import wall_here
from segments import events
from segments.db import Database
from segments.models import EventKind, Friend
from tests.builders import a_friend
from tests.scheduler.scenario_walks import DAY, TOKYO, enter, made, say

NEW_YORK, KOLKATA = ZoneInfo("America/New_York"), ZoneInfo("Asia/Kolkata")
BIRTHDAY = {"date": "birthday", "days": 1}


def who_taps(session: Session, at: datetime, **values: Any) -> Friend:
    """Add a friend who tapped at that time of day on each of 39 days."""
    friend = a_friend(session, **values)
    for days in range(1, 40):
        events.append(session, EventKind.TAPPED, friend.id, at - days * DAY)
    session.flush()
    return friend


def due(session: Session, friend: Friend, **step: Any) -> datetime:
    at = enter(session, made(session, say("最良", best_hour=True, **step)), friend).next_at
    assert at is not None
    return at


@pytest.mark.parametrize(
    ("name", "zone"), [("America/New_York", NEW_YORK), ("Asia/Kolkata", KOLKATA), ("Asia/Tokyo", TOKYO)]
)
def test_a_friend_abroad_is_written_to_at_the_hour_at_which_they_react_there(
    database: Database, name: str, zone: ZoneInfo
) -> None:
    with database.begin() as session:
        friend = who_taps(session, datetime(2026, 11, 20, 12, 30, tzinfo=zone), timezone=name)
        friend.birthday = date(1990, 12, 10)
        session.flush()
        after, back = due(session, friend, after={"days": 2}), due(session, friend, before=BIRTHDAY)
    assert (after.astimezone(zone).hour, back.astimezone(zone).hour) == (12, 12)
    # Which day it is, the shop's calendar says.
    assert after.astimezone(TOKYO).date() == date(2026, 11, 23)
    assert back.astimezone(TOKYO).date() == date(2026, 12, 9)


def test_no_hour_is_chosen_that_is_quiet_where_the_friend_is(database: Database) -> None:
    with database.begin() as session:
        # Awake at three in the night, which is the afternoon in the shop.
        friend = who_taps(
            session, datetime(2026, 11, 20, 3, 30, tzinfo=NEW_YORK), timezone="America/New_York"
        )
        silent = a_friend(session, timezone="America/New_York")
        for each in (friend, silent):
            assert 9 <= due(session, each, after={"days": 2}).astimezone(NEW_YORK).hour < 21


def test_the_hour_is_kept_when_clocks_are_changed_there_in_between(database: Database) -> None:
    with database.begin() as session:
        friend = who_taps(
            session, datetime(2026, 11, 20, 12, 30, tzinfo=NEW_YORK), timezone="America/New_York"
        )
        spring = due(session, friend, after={"days": 120})
    assert spring == datetime(2027, 3, 20, 12, tzinfo=NEW_YORK)


def test_a_friend_without_a_zone_has_the_hour_of_the_shops_clock(database: Database) -> None:
    with database.begin() as session:
        friend = who_taps(session, datetime(2026, 11, 20, 19, 20, tzinfo=TOKYO))
        assert due(session, friend, after={"days": 2}) == datetime(2026, 11, 23, 19, tzinfo=TOKYO)


@pytest.mark.parametrize(
    ("day", "shown"),
    [(date(2026, 11, 23), time(2)), (date(2026, 7, 1), time(1)), (date(2026, 11, 2), time(2))],
)
def test_a_time_elsewhere_is_told_by_the_clock_here(day: date, shown: time) -> None:
    assert wall_here(day, time(12), NEW_YORK, TOKYO) == shown
    assert wall_here(day, time(12), TOKYO, TOKYO) == time(12)


@pytest.mark.parametrize(
    ("shop", "there", "base", "hour"),
    [
        ("Pacific/Auckland", "Asia/Tokyo", datetime(2026, 4, 3, 14, 32, tzinfo=UTC), 20),
        ("Australia/Lord_Howe", "Europe/London", datetime(2026, 4, 4, 13, 30, tzinfo=UTC), 13),
        ("Europe/Athens", "Pacific/Auckland", datetime(2026, 10, 24, 22, 30, tzinfo=UTC), 13),
        ("Pacific/Auckland", "Europe/London", datetime(2026, 4, 4, 12, 30, tzinfo=UTC), 15),
        ("Asia/Tokyo", "America/New_York", datetime(2026, 3, 8, 0, 0, tzinfo=UTC), 10),
    ],
)
def test_the_hour_is_kept_beside_a_change_of_clocks(shop: str, there: str, base: datetime, hour: int) -> None:
    best = BestHour(hour, ZoneInfo(there))
    due = due_at_best_hour(base, timedelta(), best, (), ZoneInfo(shop))
    assert due.astimezone(ZoneInfo(there)).time() == time(hour)
    assert timedelta() <= due - base <= timedelta(days=1, hours=1)


@pytest.mark.parametrize(
    ("base", "due"),
    [
        # 8 March has the hour twice, 1 November not at all.
        (datetime(2026, 3, 8, 0, 0, tzinfo=UTC), datetime(2026, 3, 8, 23, tzinfo=TOKYO)),
        (datetime(2026, 10, 26, 0, 0, tzinfo=UTC), datetime(2026, 11, 2, 0, tzinfo=TOKYO)),
        (datetime(2026, 11, 2, 0, 0, tzinfo=UTC), datetime(2026, 11, 8, 0, tzinfo=TOKYO)),
    ],
)
def test_of_weekdays_the_day_that_comes_is_taken_also_when_it_has_the_hour_twice_or_never(
    base: datetime, due: datetime
) -> None:
    assert due_at_best_hour(base, timedelta(), BestHour(10, NEW_YORK), [6], TOKYO) == due


@given(
    st.integers(1_577_836_800, 2_051_222_400).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    st.timedeltas(timedelta(), timedelta(days=800)),
    st.integers(9, 20),
    st.sets(st.integers(0, 6)),
    st.sampled_from(["Asia/Tokyo", "Europe/Athens", "Pacific/Auckland", "Australia/Lord_Howe"]),
    st.sampled_from(["Asia/Tokyo", "America/New_York", "Europe/London", "Asia/Kolkata"]),
)
def test_a_best_hour_abroad_is_that_hour_there_on_a_day_of_the_shops(
    base: datetime, delay: timedelta, hour: int, weekdays: set[int], shop: str, there: str
) -> None:
    zone, best = ZoneInfo(shop), BestHour(hour, ZoneInfo(there))
    due = due_at_best_hour(base, delay, best, weekdays, zone)
    assert due.astimezone(best.zone).time() == time(hour)
    assert base <= due <= base + delay + timedelta(days=9)
    assert due.astimezone(zone).date() >= base.astimezone(zone).date() + timedelta(days=delay.days)
    day = due.astimezone(zone).date()
    if weekdays and day.weekday() not in weekdays:
        # The wanted day, which clocks cut short, had no such hour.
        missed = day - timedelta(days=1)
        shown = (
            datetime.combine(missed + timedelta(days=near), time(hour), best.zone).astimezone(zone).date()
            for near in (-1, 0, 1)
        )
        assert missed not in shown
        assert missed.weekday() in weekdays


@pytest.mark.parametrize("days", [-1, 0, 7])
def test_a_date_without_end_holds_up_nobody_wherever_they_live(database: Database, days: int) -> None:
    with database.begin() as session:
        scenario = made(
            session,
            say("最良", best_hour=True, before={"date": "field", "name": "保証", "days": days}),
            say("その後", after={"days": 1}),
        )
        for zone in ("America/New_York", "Pacific/Auckland", None):
            friend = a_friend(session, timezone=zone, fields={"保証": "9999-12-31"})
            session.flush()
            assert enter(session, scenario, friend).next_step_id == scenario.steps[1].id
