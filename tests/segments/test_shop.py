"""The shop's settings: stored as they are, refused by the name of what is wrong."""

from dataclasses import replace
from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segments import shop
from segments.db import Database
from segments.errors import Invalid
from segments.shop import Shop
from segments.shop_values import FreeItem, Words
from tests.fakes.clock import A_SATURDAY as NOW

texts = st.text(st.characters(codec="utf-8"), max_size=20).map(str.strip)
words = st.builds(Words, ja=texts, en=texts)
shops = st.builds(
    Shop,
    name=texts,
    timezone=st.sampled_from(["Asia/Tokyo", "Europe/London"]),
    language=st.sampled_from(["ja", "en"]),
    closed_weekdays=st.sets(st.integers(0, 6)).map(lambda days: tuple(sorted(days))),
    closed_dates=st.sets(st.dates(), max_size=3).map(lambda days: tuple(sorted(days))),
    basic_id=st.sampled_from(["", "@shop"]),
    free_item=st.builds(
        FreeItem, title=words, text=words, url=st.sampled_from(["", "https://example.com/a.pdf"])
    ),
    how_to_buy=words,
    opening_hours=words,
    quiet_from=st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    quiet_until=st.just(time(9, 0)),
)


@given(shops)
def test_settings_survive_json(one: Shop) -> None:
    assert shop.from_json(shop.to_json(one)) == one


def test_settings_are_saved_and_have_defaults(database: Database) -> None:
    with database.begin() as session:
        assert shop.load(session) == Shop()
        for name in ("みどり茶舗", "みどり茶舗 本店"):
            shop.save(session, replace(Shop(), name=name), NOW)
    with database.reading() as session:
        assert shop.load(session).name == "みどり茶舗 本店"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("timezone", "Mars/Olympus"),
        ("timezone", "Asia"),
        ("language", "fr"),
        ("closed_weekdays", [7]),
        ("closed_weekdays", [True]),
        ("closed_dates", ["2026-02-30"]),
        ("basic_id", "shop"),
        ("free_item", {"url": "javascript:alert(1)"}),
        ("how_to_buy", {"fr": "x"}),
        ("quiet_from", "25:00"),
        ("name", 3),
        ("colour", "red"),
    ],
)
def test_what_cannot_be_is_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(Invalid) as refused:
        shop.from_json({field: value})
    assert (refused.value.code, refused.value.params) == ("shop_invalid", {"field": field})


def test_the_shop_knows_its_days() -> None:
    one = Shop(closed_weekdays=(5,), closed_dates=(date(2026, 11, 22),))
    assert one.today(NOW) == date(2026, 11, 21)
    assert one.is_closed(date(2026, 11, 21))
    assert one.next_open_day(date(2026, 11, 21)) == date(2026, 11, 23)
    assert Shop(closed_weekdays=tuple(range(7))).next_open_day(date(2026, 11, 21)) == date(2026, 11, 21)


def test_a_text_left_empty_is_borrowed_from_the_other_language() -> None:
    assert Words("日本語").of("en") == "日本語"
    assert Words("日本語", "English").of("zh") == "English"
