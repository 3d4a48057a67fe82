"""Does without tables' indexes while very many of their rows change, and makes them again: cheaper than moving each row in each index."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Index, func, inspect, select, text
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateIndex, DropIndex

from segments import bulk_lock
from segments.db import Base, Database
from segments.models import Cycle, Facts, StageChange

TABLES: tuple[type[Base], ...] = (Cycle, Facts, StageChange)
"""Those that are ever without."""
SORTING = 2
"""Threads that help SQLite to sort an index; one connection keeps them until it is closed."""
_ONE_BY_ONE = select(func.pg_advisory_xact_lock(0x6B6F6B7C))
"""PostgreSQL: two who make the same index at once would not both find that it is there."""


@contextmanager
def without(database: Database, tables: Sequence[type[Base]]) -> Generator[None]:
    """Do without the indexes that are no constraints; what reads by them scans the tables until they are back.

    When this process is killed they stay away until the next of its kind ends, or somebody calls `mend`; of no
    tables none is dropped, but what was killed earlier is made good all the same.
    """
    if not tables:
        yield
        restore(database)
        return
    with bulk_lock.shared(database):
        for table in tables:
            _drop(database, table)
        try:
            yield
        finally:
            restore(database)


def restore(database: Database) -> list[str]:
    """Make the indexes that are missing, each in a transaction of its own; return their names."""
    return [name for table in TABLES for name in _restore(database, table)]


def mend(database: Database) -> list[str]:
    """Make the indexes that a killed process left away, unless one is at work that brings them back; return their names."""
    if not any(_missing(database, table) for table in TABLES):
        return []
    with bulk_lock.alone(database) as is_alone:
        return restore(database) if is_alone else []


def _drop(database: Database, model: type[Base]) -> None:
    with database.begin() as session:
        have = _present(session, model)
        for index in _own(model):
            if index.name in have:
                session.execute(DropIndex(index))


def _restore(database: Database, model: type[Base]) -> list[str]:
    missing = _missing(database, model)
    for index in missing:
        with database.begin() as session:
            if database.is_sqlite:
                session.connection().exec_driver_sql(f"PRAGMA threads={SORTING}")
            else:
                session.execute(_ONE_BY_ONE)
            session.execute(CreateIndex(index, if_not_exists=True))
    if missing:
        _look(database, model)
    return [str(index.name) for index in missing]


def _missing(database: Database, model: type[Base]) -> list[Index]:
    with database.reading() as session:
        have = _present(session, model)
    return [index for index in _own(model) if index.name not in have]


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
