"""Dates as shops write them."""

from contextlib import suppress
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segments.errors import Invalid
from segments.imports import dates

TOKYO = ZoneInfo("Asia/Tokyo")
THE_DAY = datetime(2026, 11, 20, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-21", "2026/11/21", "2026.11.21", "2026年11月21日", "20261121", "令和8年11月21日", "R8.11.21",
        "R08/11/21", "r8-11-21", "２０２６年１１月２１日", "2026年11月21日（土）", "2026/11/21(土)", " 2026-11-21 ",
    ],
)  # fmt: skip
def test_a_day_is_read_as_its_midnight_in_the_shop(text: str) -> None:
    assert dates.moment(text, TOKYO) == THE_DAY


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-21 14:30", "2026/11/21 14:30:00", "2026-11-21T14:30:00.000", "2026年11月21日 14時30分", "20261121 14:30",
        "2026-11-21T05:30:00Z", "2026-11-21T14:30:00+09:00", "2026-11-21 午後2時30分", "2026/11/21 2:30 PM",
        "2026年11月21日（土） 14:30", "令和8年11月21日14時30分",
    ],
)  # fmt: skip
def test_a_time_is_read_with_the_day(text: str) -> None:
    assert dates.moment(text, TOKYO) == datetime(2026, 11, 21, 5, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("01/02/2026", "date_ambiguous"), ("26/11/21", "date_ambiguous"), ("21.11.26", "date_ambiguous"),
        ("2026-02-30", "date_impossible"), ("2026/13/01", "date_impossible"), ("2026-11-21 25:00", "date_impossible"),
        ("2026-11-21 13:00 PM", "date_impossible"), ("0000-01-01", "date_impossible"),
        ("平成33年1月1日", "date_outside_era"), ("令和1年4月30日", "date_outside_era"), ("昭和64年1月9日", "date_outside_era"),
        ("46347", "date_unreadable"), ("昨日", "date_unreadable"), ("2026-11", "date_unreadable"), ("2026/11-21", "date_unreadable"),
        ("2026-11-21 soon", "date_unreadable"), ("202611211430", "date_unreadable"), ("2026-11-211", "date_unreadable"),
    ],
)  # fmt: skip
def test_what_could_mean_two_days_or_none_is_refused(text: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        dates.moment(text, TOKYO)
    assert refused.value.code == code
    assert refused.value.params["given"] == text


def test_a_time_skipped_by_the_clocks_is_refused_and_one_that_comes_twice_is_the_first() -> None:
    new_york = ZoneInfo("America/New_York")
    with pytest.raises(Invalid, match="date_no_such_time"):
        dates.moment("2026-03-08 02:30", new_york)
    assert dates.moment("2026-11-01 01:30", new_york) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("昭和64年1月7日", date(1989, 1, 7)), ("平成元年1月8日", date(1989, 1, 8)), ("S55.4.1", date(1980, 4, 1)),
        ("令和元年5月1日", date(2019, 5, 1)), ("大正15年1月1日", date(1926, 1, 1)),
    ],
)  # fmt: skip
def test_birthdays_are_read_in_every_era(text: str, day: date) -> None:
    assert dates.day(text) == day


@given(
    st.dates(date(1900, 1, 1), date(2100, 12, 31)),
    st.sampled_from(["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y年%m月%d日"]),
)
def test_every_day_written_in_a_common_way_is_read_back(day: date, form: str) -> None:
    assert dates.day(day.strftime(form)) == day


@given(st.text(max_size=40))
def test_no_text_whatever_breaks_the_reader(text: str) -> None:
    # Whatever is not a date is refused by name, so nothing else can escape.
    with suppress(Invalid):
        assert dates.moment(text, TOKYO).tzinfo is UTC
