"""Charts: where marks stand, which labels fit, what values are called, and the macros that draw them."""

import re
from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from flask import Flask, render_template_string

from bot.console.chart_axes import Figure, Value, said, short, steps, text_width, thinned
from bot.console.chart_lines import spark, timeline
from bot.console.charts import layout

PHONE, DESK = (300, 200), (720, 240)
TEMPLATE = '{% import "console/_charts.html" as charts with context %}'


@pytest.mark.parametrize(
    ("largest", "expected"),
    [
        (0, [0, 1]),
        (3, [0, 1, 2, 3]),
        (10, [0, 3, 6, 9, 12]),
        (97, [0, 25, 50, 75, 100]),
        (12_345, [0, 5000, 10_000, 15_000]),
    ],
)
def test_steps_are_round_and_reach_the_largest_value(largest: float, expected: list[float]) -> None:
    assert steps(largest) == expected


@pytest.mark.parametrize("largest", [1, 7, 13, 99, 101, 4999, 1_000_001])
def test_steps_are_few_and_whole(largest: int) -> None:
    found = steps(largest)
    assert found[-1] >= largest > found[-2]
    assert len(found) <= 7
    assert all(each == int(each) for each in found)


def test_labels_beside_each_other_never_touch() -> None:
    labels = [f"2026/{month}" for month in range(1, 13)] * 3
    for width in (80, 300, 720):
        step = width / len(labels)
        places = thinned(labels, step)
        assert places[0] == 0
        widest = max(text_width(each) for each in labels)
        assert all((after - place) * step > widest for place, after in pairwise(places))


@pytest.mark.parametrize(
    ("value", "language", "figure", "axis", "told"),
    [
        (12_000, "ja", Figure.NUMBER, "1.2万", "12,000"),
        (12_000, "en", Figure.NUMBER, "12k", "12,000"),
        (10_000_000, "ja", Figure.YEN, "1000万", "10,000,000円"),
        (0.4, "ja", Figure.PERCENT, "40%", "40.0%"),
        (2.5, "en", Figure.NUMBER, "2.5", "2.5"),
    ],
)
def test_values_are_said_shortly_on_the_axis_and_in_full_in_the_table(
    value: float, language: str, figure: Figure, axis: str, told: str
) -> None:
    assert short(value, language, figure) == axis
    assert said(value, language, figure) == told
    assert said(None, language, figure) == "—"


@pytest.mark.parametrize("kind", ["line", "columns", "stacked"])
@pytest.mark.parametrize("size", [PHONE, DESK])
def test_everything_drawn_lies_inside_the_picture(kind: str, size: tuple[int, int]) -> None:
    labels = [f"2026/{month}" for month in range(1, 13)]
    series: Sequence[tuple[str, Sequence[Value]]] = [
        ("常連", [place * 100 for place in range(12)]),
        ("離脱", [None, *range(11)]),
    ]
    found = layout(kind, labels, series, size)
    assert found.marks
    for mark in found.marks:
        assert found.left <= mark.x
        assert mark.x + mark.width <= found.right
        assert mark.y > 0
        assert mark.y + mark.height <= found.floor + 1
    for tick in found.across:
        half = text_width(tick.text) / 2
        assert half - 0.1 <= tick.at <= size[0] - half + 0.1


def test_a_line_breaks_where_a_value_is_missing() -> None:
    found = layout("line", ["1", "2", "3", "4", "5"], [("", [1, 2, None, 3, 4])], PHONE)
    assert found.lines[0].path.count("M") == 2
    assert len(found.marks) == 4


def test_stacked_columns_stand_on_each_other() -> None:
    lower, upper = layout("stacked", ["1"], [("a", [10]), ("b", [30])], PHONE).marks
    assert upper.y + upper.height == pytest.approx(lower.y, abs=0.2)
    assert upper.height == pytest.approx(3 * lower.height, rel=0.02)


def test_shares_go_to_a_hundred_percent_at_most() -> None:
    found = layout("columns", ["1"], [("", [0.97])], PHONE, figure=Figure.PERCENT)
    assert [tick.text for tick in found.up][-1] == "100%"


def test_a_spark_needs_two_values_and_a_timeline_one_date() -> None:
    assert spark([1]) == spark([]) == ""
    assert spark([1, None, 3]).count("L") == 1
    assert timeline([], date(2026, 11, 21), "ja") is None
    found = timeline([(date(2026, 11, 1), "購入", "done")], date(2026, 11, 21), "ja")
    assert found
    assert (found.marks[0].x, found.now) == (10, 290)
    assert found.marks[0].text == "2026年11月1日（日） 購入"


def drawn(app: Flask, template: str, **values: Any) -> str:
    with app.test_request_context("/"):
        return render_template_string(TEMPLATE + template, **values)


def test_a_chart_has_a_name_a_table_and_a_file_and_no_inline_style(app: Flask) -> None:
    page = drawn(
        app,
        "{{ charts.columns('<新しい>友だち', labels, series, unit='人', csv='/x.csv') }}",
        labels=["9月", "10月"],
        series=[("店頭", [1, 2]), ("<b>", [None, 4000])],
    )
    assert page.count('role="img" aria-label="&lt;新しい&gt;友だち"') == 2
    assert "<title>10月 &lt;b&gt;: 4,000</title>" in page
    assert re.findall(r'<td class="number">(.*?)</td>', page) == ["1", "—", "2", "4,000"]
    assert 'href="/x.csv" download' in page
    assert "<b>" not in page
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script", page)


def test_a_chart_without_places_says_so(app: Flask) -> None:
    page = drawn(app, "{{ charts.line('x', [], []) }}{{ charts.timeline('x', []) }}")
    assert page.count("まだ記録がありません。") == 2
    assert "<svg" not in page
