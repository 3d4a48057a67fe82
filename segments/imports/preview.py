"""Shows how a file would be read before anything is: each column's field, and its first lines as understood."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from segments.errors import Invalid
from segments.imports import friend_lines, order_lines, products
from segments.imports.columns import Columns, Fields, Row
from segments.imports.options import ImportOptions
from segments.imports.reading import CellError, Reader
from segments.imports.records import open_records
from segments.imports.run import Job
from segments.orders import MAX_ORDER_ID

LINES = 20
FIELDS: Mapping[str, Fields] = {
    "friends": friend_lines.FIELDS,
    "products": products.FIELDS,
    "purchases": order_lines.FIELDS,
}
_ATTRIBUTES = {"price": "price_yen", "followed": "followed_at", "email_consent": "email_agreed"}
"""Fields that what was read has under another name."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the file."""

    name: str
    field: str
    """What it is taken for; "" for nothing known."""
    is_guessed: bool
    """Whether its header alone tells so."""
    sample: str
    """What stands in it first."""


@dataclass(frozen=True, slots=True)
class Line:
    """One of the first lines: its values by field, or what is wrong with it."""

    number: int
    values: Mapping[str, Any]
    problem: Invalid | None = None
    column: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """How a file would be read."""

    columns: Sequence[Column]
    lines: Sequence[Line]
    problem: Invalid | None = None
    """Why it cannot be read yet: a column is missing, or two are taken for one field."""
    fields: Sequence[str] = field(default_factory=tuple[str, ...])
    """Fields that have a column, in the file's order."""


def preview(path: Path, encoding: str, kind: str, options: ImportOptions, now: datetime) -> Preview:
    """Read the beginning of a file; raise Invalid when it has no header that can be read."""
    fields = FIELDS[kind]
    with open_records(path, encoding, lambda _: None) as records:
        first = next(records, None)
        if first is None:
            raise Invalid("csv_empty")
        if first.cells is None:
            raise Invalid("header_unreadable")
        rows = list(islice(records, LINES))
    samples = [row.cells for row in rows if row.cells is not None]
    shown = _columns(first.cells, fields, options.mapping, samples)
    try:
        columns = Columns(first.cells, fields, options.mapping)
    except Invalid as problem:
        return Preview(shown, [], problem)
    job = Job(options, columns, now, "")
    lines = [_line(kind, columns, each.line, each.cells, job) for each in rows]
    return Preview(shown, lines, None, [each for each in _in_order(shown) if columns.has(each)])


def _columns(
    header: Sequence[str], fields: Fields, mapping: Mapping[str, str], samples: Sequence[Sequence[str]]
) -> list[Column]:
    shown: list[Column] = []
    for place, name in enumerate(Columns.shown(header)):
        guess = Columns.guess(name, fields)
        sample = next((cells[place] for cells in samples if place < len(cells) and cells[place].strip()), "")
        shown.append(Column(name, mapping.get(name, guess), bool(guess), sample[:60]))
    return shown


def _in_order(columns: Sequence[Column]) -> list[str]:
    return list(dict.fromkeys(column.field for column in columns if column.field))


def _line(kind: str, columns: Columns, number: int, cells: Sequence[str] | None, job: Job) -> Line:
    if cells is None:
        return Line(number, {}, Invalid("quotes_broken"))
    row = columns.row(number, cells)
    try:
        return Line(number, _values(kind, row, job))
    except CellError as error:
        return Line(number, dict(row.values), error.problem, error.column)


def _values(kind: str, row: Row, job: Job) -> dict[str, Any]:
    """Return what was understood, by field."""
    reader = Reader(row, job.columns)
    if kind == "purchases":
        order_id = reader.text("order_id", MAX_ORDER_ID)
        return _order_values(order_lines.read_entry(reader, job.options)) | {"order_id": order_id}
    read = friend_lines.read_friend(reader, job) if kind == "friends" else products.read_product(reader)
    values = asdict(read)
    return {name: values.get(_ATTRIBUTES.get(name, name)) for name in FIELDS[kind].headers}


def _order_values(entry: order_lines.Entry) -> dict[str, Any]:
    values = asdict(entry) | {"date": entry.bought_at, "refunded": entry.refunded or None}
    if entry.item is not None:
        values |= {"product": entry.item.product_code, "quantity": entry.item.quantity}
    return values
