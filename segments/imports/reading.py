"""Reads one row's cells by field, so that what is wrong is told with its line and its column."""

from collections.abc import Callable
from typing import TypeVar

from segments.errors import Invalid
from segments.imports import cells
from segments.imports.columns import Columns, Row

T = TypeVar("T")


class CellError(Exception):
    """A cell that cannot be taken: the problem, its line and its column's header."""

    def __init__(self, problem: Invalid, line: int, column: str = "") -> None:
        super().__init__(str(problem))
        self.problem, self.line, self.column = problem, line, column


class Reader:
    """The cells of one row."""

    def __init__(self, row: Row, columns: Columns) -> None:
        self.row, self._columns = row, columns

    def text(self, field: str, limit: int) -> str:
        """Return the cell's text, "" when it is empty or the file has no such column."""
        cell = self.row.values.get(field)
        if not cell:
            return ""
        try:
            return cells.text(cell, limit)
        except Invalid as problem:
            raise self.error(problem, field) from problem

    def optional(self, field: str, read: Callable[[str], T]) -> T | None:
        """Return what `read` makes of the cell, None when it is empty."""
        cell = self.row.values.get(field, "").strip()
        if not cell:
            return None
        try:
            return read(cell)
        except Invalid as problem:
            raise self.error(problem, field) from problem

    def needed(self, field: str, read: Callable[[str], T]) -> T:
        """Return what `read` makes of the cell; an empty one is refused."""
        value = self.optional(field, read)
        if value is None:
            raise self.error(Invalid("value_missing"), field)
        return value

    def check_width(self) -> None:
        """Refuse a row with more cells than the header."""
        if self.row.surplus:
            raise CellError(Invalid("too_many_cells"), self.row.line)

    def error(self, problem: Invalid, field: str) -> CellError:
        """Return the problem with its place."""
        return CellError(problem, self.row.line, self._columns.name_of(field))
