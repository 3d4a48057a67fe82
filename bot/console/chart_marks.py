"""The marks of a chart: dots, lines, columns and stacks, in the units of the picture's viewBox."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.console.chart_axes import Value, said

Series = Sequence[tuple[str, Sequence[Value]]]


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
class Frame:
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


def _text(name: str, label: str, value: Value, language: str, figure: str) -> str:
    told = said(value, language, figure)
    return f"{label} {name}: {told}" if name else f"{label}: {told}"


def dots(frame: Frame, labels: Sequence[str], series: Series, language: str, figure: str) -> list[Mark]:
    """Return a dot for each value of each series."""
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


def lines(frame: Frame, series: Series) -> list[Line]:
    """Return the path of each series; it breaks where a value is missing."""
    found: list[Line] = []
    for number, (_name, values) in enumerate(series):
        path, pen_down = "", False
        for place, value in enumerate(values):
            if value is not None:
                path += f"{'L' if pen_down else 'M'}{frame.middle(place):.1f} {frame.y(value):.1f}"
            pen_down = value is not None
        found.append(Line(number, path))
    return [each for each in found if each.path]


def columns(frame: Frame, labels: Sequence[str], series: Series, language: str, figure: str) -> list[Mark]:
    """Return columns that stand side by side."""
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


def stacked(frame: Frame, labels: Sequence[str], series: Series, language: str, figure: str) -> list[Mark]:
    """Return columns that stand on each other."""
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


def _bar(frame: Frame, x: float, width: float, stands: tuple[float, float], series: int, text: str) -> Mark:
    """Draw a value that stands on another; the least one is still seen as a line."""
    below, value = stands
    top, bottom = frame.y(below + value), frame.y(below)
    return Mark(
        round(x, 1), round(top, 1), round(width * 0.92, 1), round(max(bottom - top, 0.8), 1), series, text
    )
