"""Lets databases of tests share what their statements were compiled to: each has an engine of its own, and nothing of it lasts."""

from typing import Any

from sqlalchemy import Connection, event

from segments.db import Database


class _Statements(dict[Any, Any]):
    """Compiled statements by what they say: SQLAlchemy's key begins with the engine's own dialect, which says no more."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(key[1:], default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key[1:], value)


_STATEMENTS = {True: _Statements(), False: _Statements()}


def compiled_before(database: Database) -> Database:
    """Have a database take the statements that were compiled for others of its kind: tests make thousands of them."""

    def take(connection: Connection) -> None:
        connection.execution_options(compiled_cache=_STATEMENTS[database.is_sqlite])

    event.listen(database.engine, "engine_connect", take)
    return database
