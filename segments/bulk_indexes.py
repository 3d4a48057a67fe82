"""Does without a table's indexes while very many of its rows change, and makes them again: cheaper than moving each row in each index."""

from typing import Any

from sqlalchemy import Index, inspect, text
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateIndex, DropIndex

from segments.db import Base, Database

SORTING = 2
"""Threads that help SQLite to sort an index; one connection keeps them until it is closed."""


def drop(database: Database, model: type[Base]) -> None:
    """Drop the indexes that are no constraints; what reads by them scans the table until they are back."""
    with database.begin() as session:
        have = _present(session, model)
        for index in _own(model):
            if index.name in have:
                session.execute(DropIndex(index))


def restore(database: Database, model: type[Base]) -> bool:
    """Make those of the table's indexes that are missing, each in a transaction of its own; tell whether any were."""
    with database.reading() as session:
        have = _present(session, model)
    missing = [index for index in _own(model) if index.name not in have]
    for index in missing:
        with database.begin() as session:
            if database.is_sqlite:
                session.connection().exec_driver_sql(f"PRAGMA threads={SORTING}")
            session.execute(CreateIndex(index, if_not_exists=True))
    if missing:
        _look(database, model)
    return bool(missing)


def _own(model: type[Base]) -> list[Index]:
    table: Any = model.__table__
    return sorted(table.indexes, key=lambda index: str(index.name))


def _present(session: Session, model: type[Base]) -> set[str | None]:
    return {each["name"] for each in inspect(session.connection()).get_indexes(model.__tablename__)}


def _look(database: Database, model: type[Base]) -> None:
    """Let the database look at a sample of the table: dropping an index drops what is known of it."""
    with database.begin() as session:
        if database.is_sqlite:
            session.execute(text("PRAGMA analysis_limit=1000"))
        session.execute(text(f"ANALYZE {model.__tablename__}"))
