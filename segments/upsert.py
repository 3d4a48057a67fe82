"""Inserts that may race: a row that is there already is left as it is."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from segments.db import Base


def insert_ignore(session: Session, model: type[Base], rows: Sequence[dict[str, Any]]) -> int:
    """Insert `rows` into `model`'s table, skipping those that break a unique constraint; return how many went in.

    SQLite and PostgreSQL spell `ON CONFLICT DO NOTHING` alike but in two dialects.
    """
    if not rows:
        return 0
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    insert = sqlite.insert if on_sqlite else postgresql.insert
    key = next(iter(model.__mapper__.primary_key))
    inserted = session.execute(insert(model).on_conflict_do_nothing().returning(key), list(rows))
    return len(inserted.all())
