"""Keeps SQLite from using an index where reading everybody in order is quicker.

SQLite keeps no statistics of how many rows a range holds: it takes any index there is, and then looks up a million
friends one by one in the order of the index, which takes ten times as long as reading them all in the order of
their ids. PostgreSQL knows better by itself.
"""

from typing import Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

FEW_DAYS = 7
"""Days for which an index on moments still finds few enough friends."""


class Unindexed(FunctionElement[Any]):
    """A column that SQLite's planner does not recognise as one: `+column`."""

    inherit_cache = True
    name = "unindexed"

    def __init__(self, column: Any) -> None:
        super().__init__(column)
        self.type = column.type


def unindexed(column: Any) -> Any:
    """Return the column, to be compared without an index."""
    return Unindexed(column)


@compiles(Unindexed)
def _plain(element: Unindexed, compiler: Any, **options: Any) -> str:
    return compiler.process(element.clauses.clauses[0], **options)


@compiles(Unindexed, "sqlite")
def _plus(element: Unindexed, compiler: Any, **options: Any) -> str:
    return "+" + compiler.process(element.clauses.clauses[0], **options)
