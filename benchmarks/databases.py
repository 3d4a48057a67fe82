"""Fresh databases of either kind for a benchmark, in its own folder, gone when it ends."""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from scheduler import engine
from segments.db import Database
from tests.databases import PostgresServer, sqlite_copy, sqlite_template

KINDS = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Databases:
    """Makes databases in `folder`: on `server`, or SQLite files when there is none."""

    folder: Path
    server: PostgresServer | None

    @contextmanager
    def new(self, name: str, *, durable: bool = False) -> Generator[tuple[Database, Path]]:
        """Give an empty database with every table, and a data folder called `name` for its processes.

        `durable` outlives a crash of the server.
        """
        own = self.folder / name
        own.mkdir()
        with ExitStack() as stack:
            if self.server is None:
                database = stack.enter_context(sqlite_copy(sqlite_template(own), own))
            else:
                database = stack.enter_context(self.server.copy(durable=durable))
            engine.migrate(database)
            yield database, own


@contextmanager
def databases(kind: str, folder: Path) -> Generator[Databases]:
    """Make databases of a kind for as long as the block lasts; PostgreSQL is a server of its own."""
    if kind == "sqlite":
        yield Databases(folder, None)
        return
    (folder / "pg").mkdir()
    server = PostgresServer(folder / "pg")
    try:
        yield Databases(folder, server)
    finally:
        server.stop()
