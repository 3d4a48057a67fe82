"""Deals with a key that comes twice in one file: saying the same again is harmless, anything else is refused."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from segments.errors import Invalid
from segments.imports.columns import Row
from segments.imports.ledger import Tally
from segments.imports.reading import CellError
from segments.imports.run import Group

T = TypeVar("T")


def first_of_each(groups: Sequence[Group], read: Callable[[Row], T], tally: Tally) -> list[tuple[Row, T]]:
    """Return the first good row of each group with what `read` made of it; the others go to the tally."""
    firsts: list[tuple[Row, T]] = []
    for group in groups:
        first: tuple[Row, T] | None = None
        for row in group:
            try:
                value = read(row)
            except CellError as error:
                tally.refuse(row.line, error.problem, error.column)
                continue
            if first is None:
                first = (row, value)
                firsts.append(first)
            elif value == first[1]:
                tally.unchanged += 1
            else:
                tally.refuse(row.line, Invalid("key_repeated", other_line=first[0].line))
    return firsts
