"""Moments, money and spans in words."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from bot import formats
from tests.fakes.clock import A_SATURDAY

TOKYO = ZoneInfo("Asia/Tokyo")


def test_a_moment_is_written_as_the_shops_clock_shows_it() -> None:
    assert formats.moment(A_SATURDAY, TOKYO, "ja") == "2026年11月21日（土） 14:30"
    assert formats.moment(A_SATURDAY, TOKYO, "en") == "Sat 21 Nov 2026, 14:30"
    assert formats.moment(A_SATURDAY, ZoneInfo("Europe/Berlin"), "en") == "Sat 21 Nov 2026, 06:30"


def test_money_and_zone_are_written_in_the_readers_way() -> None:
    assert (formats.yen(1980, "ja"), formats.yen(1980, "en")) == ("1,980円", "¥1,980")
    assert formats.zone_name(TOKYO, "ja") == "日本時間"
    assert formats.zone_name(ZoneInfo("Europe/Berlin"), "ja") == "Europe/Berlin"


@pytest.mark.parametrize(
    ("span", "japanese", "english"),
    [
        (timedelta(seconds=20), "たった今", "just now"),
        (timedelta(minutes=59), "59分前", "59 min ago"),
        (timedelta(hours=30), "1日前", "1 d ago"),
        (timedelta(minutes=-5), "たった今", "just now"),
    ],
)
def test_how_long_ago_is_told_in_one_unit(span: timedelta, japanese: str, english: str) -> None:
    assert (formats.ago(span, "ja"), formats.ago(span, "en")) == (japanese, english)
