"""Listens to what is asked of a database meanwhile."""

from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy import event

from segments.db import Database


@contextmanager
def asked_of(database: Database) -> Generator[list[str]]:
    """Yield a list that fills with the statements that are executed."""
    statements: list[str] = []

    def note(*told: object) -> None:
        statements.append(str(told[2]))

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
