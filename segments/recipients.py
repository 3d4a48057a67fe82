"""A CSV of friends to send to: read, looked up, and what of it nobody knows."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from segments.errors import Invalid
from segments.models import Friend

Column = InstrumentedAttribute[str | None]
COLUMNS: dict[str, Column] = {
    "line_user_id": Friend.line_user_id,
    "member_number": Friend.member_number,
    "会員番号": Friend.member_number,
    "lineユーザーid": Friend.line_user_id,
}
MAX_LINES = 200_000
SHOWN = 20
BATCH = 500


@dataclass(frozen=True)
class Line:
    """One line that names somebody; the header is line 1."""

    number: int
    value: str

    def __str__(self) -> str:
        return f"{self.number}: {self.value}"


@dataclass(frozen=True)
class Recipients:
    """The friends found, and the lines that name nobody we know."""

    friend_ids: Sequence[int]
    unknown: Sequence[Line]
    repeated: int = 0
    """Lines that name a friend whom a line before them names."""
    unlinked: int = 0
    """Friends found who are not on LINE yet."""

    @property
    def shown(self) -> Sequence[Line]:
        """The first of the unknown lines, as many as one reads."""
        return self.unknown[:SHOWN]


def read(session: Session, data: bytes) -> Recipients:
    """Look up everyone a CSV names.

    Raises Invalid (not_a_table, column_missing, file_blank, file_empty, file_too_long, nobody_found).
    """
    column, lines = _lines(data)
    known = _known(session, column, sorted({line.value for line in lines}))
    named = [known[line.value] for line in lines if line.value in known]
    found = list(dict.fromkeys(named))
    if not found:
        raise Invalid("nobody_found")
    return Recipients(
        friend_ids=found,
        unknown=[line for line in lines if line.value not in known],
        repeated=len(named) - len(found),
        unlinked=_unlinked(session, found),
    )


def _unlinked(session: Session, friend_ids: Sequence[int]) -> int:
    count = 0
    for start in range(0, len(friend_ids), BATCH):
        some = Friend.id.in_(friend_ids[start : start + BATCH]) & Friend.line_user_id.is_(None)
        count += session.scalar(select(func.count()).where(some)) or 0
    return count


def _known(session: Session, column: Column, values: Sequence[str]) -> dict[str, int]:
    known: dict[str, int] = {}
    for start in range(0, len(values), BATCH):
        some = select(column, Friend.id).where(column.in_(values[start : start + BATCH]))
        known |= {value: friend_id for value, friend_id in session.execute(some) if value}
    return known


def _lines(data: bytes) -> tuple[Column, list[Line]]:
    rows = _rows(_decoded(data))
    try:
        header = [cell.strip().casefold() for cell in next(rows, list[str]())]
        position, column = _column(header)
        lines = [
            Line(number, row[position].strip())
            for number, row in enumerate(rows, start=2)
            if len(row) > position and row[position].strip()
        ]
    except csv.Error as error:
        raise Invalid("not_a_table") from error
    if not lines:
        raise Invalid("file_empty")
    if len(lines) > MAX_LINES:
        raise Invalid("file_too_long", limit=MAX_LINES)
    return column, lines


def _decoded(data: bytes) -> str:
    if not data.strip():
        raise Invalid("file_blank")
    # Excel in Japan saves Shift_JIS unless told otherwise.
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid("not_a_table")


def _rows(text: str) -> Iterator[list[str]]:
    if "\0" in text:
        raise Invalid("not_a_table")
    return csv.reader(StringIO(text, newline=""))


def _column(header: list[str]) -> tuple[int, Column]:
    for name, column in COLUMNS.items():
        if name in header:
            return header.index(name), column
    raise Invalid("column_missing")
