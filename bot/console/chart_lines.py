"""Small pictures without axes: a line of values, and moments on a line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot import formats
from bot.console.chart_axes import Value

WIDTH, EDGE = 300, 10


@dataclass(frozen=True)
class Moment:
    """A dot on the line of time."""

    x: float
    kind: str
    text: str


@dataclass(frozen=True)
class Timeline:
    """Moments with today among them."""

    marks: Sequence[Moment]
    now: float | None


def timeline(marks: Sequence[tuple[date, str, str]], now: date | None, language: str) -> Timeline | None:
    """Place dates, given with their text and kind, on a line as wide as the picture; None without dates."""
    days = [at for at, _text, _kind in marks] + ([now] if now else [])
    if not marks:
        return None
    first, last = min(days), max(days)
    spread = max((last - first).days, 1)

    def place(at: date) -> float:
        return round(EDGE + (WIDTH - 2 * EDGE) * (at - first).days / spread, 1)

    placed = [Moment(place(at), kind, f"{formats.day(at, language)} {text}") for at, text, kind in marks]
    return Timeline(placed, place(now) if now else None)


def spark(values: Sequence[Value], width: int = 120, height: int = 28) -> str:
    """Return the path of a small line without axes; "" for fewer than two values."""
    known = [each for each in values if each is not None]
    if len(known) < 2:
        return ""
    low, high = min(known), max(known)
    spread = (high - low) or 1
    across = (width - 4) / (len(values) - 1)
    points = [
        f"{2 + place * across:.1f} {height - 3 - (height - 6) * (value - low) / spread:.1f}"
        for place, value in enumerate(values)
        if value is not None
    ]
    return "M" + "L".join(points)
