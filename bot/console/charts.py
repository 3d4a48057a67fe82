"""Where the marks of a chart stand and what its axes say: pure geometry, in the units of the picture's viewBox."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import Flask

from bot.console.chart_axes import Figure, Value, said, short, steps, text_width, thinned
from bot.console.chart_lines import Timeline, spark, timeline
from bot.console.page import current_zone
from bot.i18n import current_language

Series = Sequence[tuple[str, Sequence[Value]]]
TOP, BOTTOM, RIGHT = 22, 24, 10
DOTS = 40
"""A line of more values than this is drawn without its dots."""


@dataclass(frozen=True)
class Tick:
    """One label of an axis."""

    at: float
    text: str


@dataclass(frozen=True)
class Mark:
    """A column or a dot, and what it says when pointed at."""

    x: float
    y: float
    width: float
    height: float
    series: int
    text: str


@dataclass(frozen=True)
class Line:
    """The path of one series; it breaks where a value is missing."""

    series: int
    path: str


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


@dataclass(frozen=True)
class _Frame:
    """The field inside the axes."""

    left: float
    right: float
    top: float
    floor: float
    places: int
    largest: float

    @property
    def step(self) -> float:
        return (self.right - self.left) / max(self.places, 1)

    def middle(self, place: int) -> float:
        return self.left + (place + 0.5) * self.step

    def y(self, value: float) -> float:
        return self.floor - (self.floor - self.top) * value / self.largest


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
    frame = _Frame(left, width - RIGHT, TOP, height - BOTTOM, len(labels), up[-1])
    drawn = {"line": _dots, "stacked": _stacked}.get(kind, _columns)(frame, labels, series, language, figure)
    return Layout(
        width=width,
        height=height,
        left=round(left, 1),
        right=frame.right,
        floor=frame.floor,
        across=_across(frame, labels),
        up=[Tick(round(frame.y(each), 1), text) for each, text in zip(up, texts, strict=True)],
        marks=drawn if kind != "line" or len(labels) <= DOTS else [],
        lines=_lines(frame, series) if kind == "line" else (),
    )


def _across(frame: _Frame, labels: Sequence[str]) -> list[Tick]:
    """Return the labels below the axis; one near an edge is moved in, so that nothing of it is cut off."""
    ticks: list[Tick] = []
    for place in thinned(labels, frame.step):
        half = text_width(labels[place]) / 2
        at = min(max(frame.middle(place), half), frame.right + RIGHT - half)
        ticks.append(Tick(round(at, 1), labels[place]))
    return ticks


def _values_up(kind: str, series: Series, figure: str) -> list[float]:
    columns = list(zip(*(values for _name, values in series), strict=True))
    tops = [
        sum(each or 0 for each in column) if kind == "stacked" else max(each or 0 for each in column)
        for column in columns
    ]
    largest = max(tops, default=0)
    if figure == Figure.PERCENT:
        return [each for each in steps(max(largest, 0.04), whole=False) if each <= 1.0001]
    return steps(largest)


def _text(name: str, label: str, value: Value, language: str, figure: str) -> str:
    told = said(value, language, figure)
    return f"{label} {name}: {told}" if name else f"{label}: {told}"


def _dots(frame: _Frame, labels: Sequence[str], series: Series, language: str, figure: str) -> list[Mark]:
    return [
        Mark(
            round(frame.middle(place), 1),
            round(frame.y(value), 1),
            0,
            0,
            number,
            _text(name, labels[place], value, language, figure),
        )
        for number, (name, values) in enumerate(series)
        for place, value in enumerate(values)
        if value is not None
    ]


def _lines(frame: _Frame, series: Series) -> list[Line]:
    found: list[Line] = []
    for number, (_name, values) in enumerate(series):
        path, pen_down = "", False
        for place, value in enumerate(values):
            if value is not None:
                path += f"{'L' if pen_down else 'M'}{frame.middle(place):.1f} {frame.y(value):.1f}"
            pen_down = value is not None
        found.append(Line(number, path))
    return [each for each in found if each.path]


def _columns(frame: _Frame, labels: Sequence[str], series: Series, language: str, figure: str) -> list[Mark]:
    room = frame.step * 0.8
    width = min(room / max(len(series), 1), 36)
    begins = -width * len(series) / 2
    return [
        _bar(
            frame,
            frame.middle(place) + begins + number * width,
            width,
            (0, value),
            number,
            _text(name, labels[place], value, language, figure),
        )
        for number, (name, values) in enumerate(series)
        for place, value in enumerate(values)
        if value
    ]


def _stacked(frame: _Frame, labels: Sequence[str], series: Series, language: str, figure: str) -> list[Mark]:
    width, marks = min(frame.step * 0.8, 44), list[Mark]()
    for place, label in enumerate(labels):
        below = 0.0
        for number, (name, values) in enumerate(series):
            value = values[place]
            if not value:
                continue
            text = _text(name, label, value, language, figure)
            marks.append(_bar(frame, frame.middle(place) - width / 2, width, (below, value), number, text))
            below += value
    return marks


def _bar(frame: _Frame, x: float, width: float, stands: tuple[float, float], series: int, text: str) -> Mark:
    """Draw a value that stands on another; the least one is still seen as a line."""
    below, value = stands
    top, bottom = frame.y(below + value), frame.y(below)
    return Mark(
        round(x, 1), round(top, 1), round(width * 0.92, 1), round(max(bottom - top, 0.8), 1), series, text
    )


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
