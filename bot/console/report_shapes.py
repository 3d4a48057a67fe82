"""What reports are made of: charts and tables, each with what it counts, and each as the lines of a file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from bot.console.chart_axes import Figure, Value
from bot.console.report_period import Period
from bot.segment_export import safe

Series = Sequence[tuple[str, Sequence[Value]]]


@dataclass(frozen=True)
class Ask:
    """What a report is asked for."""

    session: Session
    period: Period
    now: datetime
    zone: ZoneInfo
    args: MultiDict[str, str]


@dataclass(frozen=True)
class Chart:
    """Figures over time."""

    key: str
    title: str
    definition: str
    """What is counted, of whom, in which days."""
    kind: str
    """`line`, `columns` or `stacked`."""
    labels: Sequence[str]
    series: Series
    figure: Figure = Figure.NUMBER
    unit: str = ""
    beside: Series = ()
    """Columns of the table and of the file alone, which are no part of the picture; whole numbers."""

    def lines(self, head: str) -> Iterator[list[str]]:
        """Return the lines of its file, the headings first."""
        columns = [*self.series, *self.beside]
        yield [head, *(safe(name) for name, _values in columns)]
        for place, label in enumerate(self.labels):
            yield [label, *(plain(values[place]) for _name, values in columns)]


@dataclass(frozen=True)
class Row:
    """One line of a table."""

    label: str
    values: Sequence[Value]
    url: str = ""


@dataclass(frozen=True)
class Table:
    """Figures side by side."""

    key: str
    title: str
    definition: str
    head: str
    columns: Sequence[tuple[str, Figure]]
    rows: Sequence[Row]
    total: Row | None = None
    shown: int = 50
    """Rows on the page; the file has all."""

    def lines(self, head: str) -> Iterator[list[str]]:
        """Return the lines of its file, the headings first."""
        del head
        yield [self.head, *(safe(name) for name, _figure in self.columns)]
        for row in (*self.rows, *([self.total] if self.total else [])):
            yield [safe(row.label), *(plain(value) for value in row.values)]


@dataclass(frozen=True)
class Sum:
    """One figure of the whole period, told in large."""

    name: str
    value: Value
    figure: Figure = Figure.NUMBER
    note: str = ""


@dataclass(frozen=True)
class Choice:
    """One of several ways to look at a report: a link."""

    label: str
    query: dict[str, str]
    is_chosen: bool


@dataclass(frozen=True)
class Report:
    """A report of a period."""

    sums: Sequence[Sum]
    parts: Sequence[Chart | Table]
    counted_at: datetime | None = None
    """Up to when figures counted in the background reach."""
    choices: Sequence[Choice] = field(default_factory=tuple[Choice, ...])
    choice_label: str = ""
    note: str = ""
    """What has to be known before the figures are read, in words."""
    missing: str = ""
    """Why there is nothing to show yet, in words."""
    extra: dict[str, str] = field(default_factory=dict[str, str])
    """What the address has to say besides the period."""

    def part(self, key: str) -> Chart | Table | None:
        """Return one of its parts."""
        return next((each for each in self.parts if each.key == key), None)


def plain(value: Value) -> str:
    """Return a figure as a spreadsheet reads it: no separators, no units; "" where there is none."""
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.6g}"
