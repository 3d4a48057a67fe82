"""Why a friend is expected, in words."""

from datetime import UTC, datetime, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

import pytest

from segments.cycle import CycleParams, after_purchase, forecast
from segments.cycle_words import because, explain, words

TOKYO = ZoneInfo("Asia/Tokyo")
PARAMS = CycleParams()
START = datetime(2026, 5, 1, 3, tzinfo=UTC)


def told(gaps: list[int], days_later: int, language: str) -> str:
    """Return the words for a friend who bought with these gaps in days."""
    state = after_purchase(None, START, 1000, 1, PARAMS)
    for days in accumulate(gaps):
        state = after_purchase(state, START + timedelta(days=days), 1000, 1, PARAMS)
    return explain(state, PARAMS, state.last_at + timedelta(days=days_later), language, TOKYO)


def test_figures_are_said_as_people_say_them() -> None:
    figures = {
        "purchases": 6,
        "days": 31,
        "spread": 6,
        "due_at": "2026-12-11T20:00:00+00:00",
        "overdue": False,
        "percent": 64,
    }
    assert words(figures, "ja", TOKYO) == (
        "6回購入、およそ31日ごと（±6日）。次は12月12日ごろ、4週間以内の確率64%"
    )
    assert words(figures, "en", TOKYO) == (
        "Bought 6 times, every 31 ± 6 days; due about 12 December, 64% within four weeks"
    )


@pytest.mark.parametrize(
    ("gaps", "days_later", "language", "beginning"),
    [
        ([], 3, "ja", "1回購入、まだ間隔がわからないためお店全体の傾向からの目安です。次は5月29日ごろ"),
        ([], 3, "en", "Bought once, so only the shop's general rhythm speaks; due about 29 May"),
        ([30], 3, "ja", "2回購入、間隔は30日。次は"),
        ([30], 3, "en", "Bought 2 times, 30 days apart; due about"),
        ([30, 28, 35], 90, "en", "Bought 4 times, every 31 ± 4 days; was due about"),
    ],
)
def test_thin_data_says_that_it_is_thin(
    gaps: list[int], days_later: int, language: str, beginning: str
) -> None:
    assert told(gaps, days_later, language).startswith(beginning)


def test_an_overdue_purchase_is_called_so() -> None:
    assert "の予定を過ぎています、4週間以内の確率" in told([30, 28, 35], 90, "ja")


def test_the_figures_are_plain_json() -> None:
    state = after_purchase(None, START, 1000, 1, PARAMS)
    figures = because(state, PARAMS, START)
    assert figures["due_at"] == forecast(state, PARAMS).due_at.isoformat()
    assert (figures["purchases"], figures["days"], figures["spread"]) == (1, None, None)
