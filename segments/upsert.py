"""Inserts that may race: a row that is there already is left as it is."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from segments.db import Base


def insert_ignore(session: Session, model: type[Base], rows: Sequence[dict[str, Any]]) -> int:
    """Insert `rows` into `model`'s table, skipping those that break a unique constraint; return how many went in."""
    return len(insert_new(session, model, rows, next(iter(model.__mapper__.primary_key))))


def insert_new(session: Session, model: type[Base], rows: Sequence[dict[str, Any]], told: Any) -> list[Any]:
    """Do the same; return the column `told` of those that went in.

    SQLite and PostgreSQL spell `ON CONFLICT DO NOTHING` alike but in two dialects.
    """
    if not rows:
        return []
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    insert = sqlite.insert if on_sqlite else postgresql.insert
    inserted = session.execute(insert(model).on_conflict_do_nothing().returning(told), list(rows))
    return list(inserted.scalars())
