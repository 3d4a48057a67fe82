"""Lays out a chart, its marks and what its axes say: pure geometry, in the units of the picture's viewBox."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import Flask

from bot.console.chart_axes import Figure, Value, said, short, steps, text_width, thinned
from bot.console.chart_lines import Timeline, spark, timeline
from bot.console.chart_marks import Frame, Line, Mark, Series, columns, dots, lines, stacked
from bot.console.page import current_zone
from bot.i18n import current_language

TOP, BOTTOM, RIGHT = 22, 24, 10
DOTS = 40
"""A line of more values than this is drawn without its dots."""


@dataclass(frozen=True)
class Tick:
    """One label of an axis."""

    at: float
    text: str


@dataclass(frozen=True)
class Layout:
    """A chart ready to be drawn."""

    width: int
    height: int
    left: float
    right: float
    floor: float
    """Where zero is."""
    across: Sequence[Tick]
    up: Sequence[Tick]
    marks: Sequence[Mark]
    lines: Sequence[Line] = ()


def layout(
    kind: str,
    labels: Sequence[str],
    series: Series,
    size: tuple[int, int],
    language: str = "ja",
    figure: str = Figure.NUMBER,
) -> Layout:
    """Lay out a chart of kind `line`, `columns` or `stacked` in a picture of `size`."""
    width, height = size
    up = _values_up(kind, series, figure)
    texts = [short(each, language, figure) for each in up]
    left = max(text_width(each) for each in texts) + 6
    frame = Frame(left, width - RIGHT, TOP, height - BOTTOM, len(labels), up[-1])
    drawn = {"line": dots, "stacked": stacked}.get(kind, columns)(frame, labels, series, language, figure)
    return Layout(
        width=width,
        height=height,
        left=round(left, 1),
        right=frame.right,
        floor=frame.floor,
        across=_across(frame, labels),
        up=[Tick(round(frame.y(each), 1), text) for each, text in zip(up, texts, strict=True)],
        marks=drawn if kind != "line" or len(labels) <= DOTS else [],
        lines=lines(frame, series) if kind == "line" else (),
    )


def _across(frame: Frame, labels: Sequence[str]) -> list[Tick]:
    """Return the labels below the axis; one near an edge is moved in, so that nothing of it is cut off."""
    ticks: list[Tick] = []
    for place in thinned(labels, frame.step):
        half = text_width(labels[place]) / 2
        at = min(max(frame.middle(place), half), frame.right + RIGHT - half)
        ticks.append(Tick(round(at, 1), labels[place]))
    return ticks


def _values_up(kind: str, series: Series, figure: str) -> list[float]:
    places = list(zip(*(values for _name, values in series), strict=True))
    tops = [
        sum(each or 0 for each in place) if kind == "stacked" else max(each or 0 for each in place)
        for place in places
    ]
    largest = max(tops, default=0)
    if figure == Figure.PERCENT:
        return [each for each in steps(max(largest, 0.04), whole=False) if each <= 1.0001]
    return steps(largest)


def register(app: Flask) -> None:
    """Hand the geometry to the macros of console/_charts.html."""
    shared: dict[str, Any] = app.jinja_env.globals
    shared.update(chart_layout=_in_language, chart_spark=spark, chart_timeline=_timeline)
    app.jinja_env.filters.update(figure=_told)


def _in_language(
    kind: str, labels: Sequence[str], series: Series, size: tuple[int, int], figure: str
) -> Layout:
    return layout(kind, labels, series, size, current_language(), figure)


def _told(value: Value, figure: str = Figure.NUMBER) -> str:
    return said(value, current_language(), figure)


def _timeline(marks: Sequence[tuple[date, str, str]], now: date | None) -> Timeline | None:
    return timeline(
        [(_day(at), text, kind) for at, text, kind in marks], _day(now) if now else None, current_language()
    )


def _day(when: date) -> date:
    return when.astimezone(current_zone()).date() if isinstance(when, datetime) else when
