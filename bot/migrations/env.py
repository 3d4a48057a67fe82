"""What Alembic runs: our metadata against the database that bot.migrations hands over."""

from typing import Any, Literal

from alembic import context

import bot.models
import scheduler.models
import segments.models
from segments.db import Base, BigId, Database, Json, UtcDateTime

MODELS = (bot.models, scheduler.models, segments.models)
"""Imported for their effect: every table is known to Base.metadata."""
OWN_TYPES = {id(BigId): "BigId", id(Json): "Json"}


def _is_ours(name: str | None, kind: str, _parents: Any) -> bool:
    # The job engine's tables live in the same database, on SQLite even without a prefix.
    return kind != "table" or name in Base.metadata.tables


def _render(kind: str, item: Any, autogen: Any) -> str | Literal[False]:
    if kind != "type":
        return False
    name = "UtcDateTime()" if isinstance(item, UtcDateTime) else OWN_TYPES.get(id(item))
    if name is None:
        return False
    autogen.imports.add(f"from segments.db import {name.removesuffix('()')}")
    return name


database = context.config.attributes["database"]
assert isinstance(database, Database)
with database.engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_name=_is_ours,
        render_item=_render,
        render_as_batch=database.is_sqlite,
        compare_type=False,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
