"""Every page of the console with many friends: milliseconds and queries of each, the slowest first.

The pages are those that the app's routes name, asked for through the app itself by the logged-in owner.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, process_time

sys.path.insert(0, str(Path(__file__).parents[1]))

from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr

from benchmarks import console_corners, console_world, segment_process
from benchmarks.segment_world import NOW, Size, fill
from bot import migrations
from bot.app import create_app
from bot.services import Services
from bot.settings import Settings
from scheduler import kept_forecast
from segments.db import Database
from tests.asking import asked_of
from tests.bot import every_page
from tests.bot.browsing import Visitor
from tests.databases import PostgresServer
from tests.fakes.clock import FakeClock
from tests.fakes.gateway import FakeGateway
from tests.fakes.queue import FakeQueue

TIMES = 15


@dataclass(frozen=True)
class Measured:
    """One page: how long it took, and how often it asked the database."""

    path: str
    median_ms: float
    p95_ms: float
    cpu_ms: float
    """What of the median the processor was busy with; the rest is other programs' on a machine that is shared."""
    queries: int


def main() -> None:
    """Run, print a table and, last, the figures as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--friends", type=int, default=100_000)
    parser.add_argument("--purchases", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="keep the SQLite file, and use it again")
    parser.add_argument(
        "--only", default="", metavar="PART", help="only the pages whose address has this in it"
    )
    asked = parser.parse_args()
    size = Size(asked.friends, asked.purchases, asked.seed)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if asked.database == "sqlite":
            database = _on_sqlite(size, folder, asked.keep)
        else:
            (folder / "pg").mkdir()
            server = PostgresServer(folder / "pg")
            stack.callback(server.stop)
            database = stack.enter_context(_on_postgres(size, server))
        stack.callback(database.dispose)
        measured = _measure(database, folder, asked.only)
    print("   median by the clock, 95 of 100,  processor's, queries")
    for one in sorted(measured, key=lambda one: -one.median_ms):
        figures_of_one = f"{one.median_ms:9.1f} ms {one.p95_ms:9.1f} ms {one.cpu_ms:9.1f} ms"
        print(f"{figures_of_one} {one.queries:5}  {one.path}")
    slowest = max(measured, key=lambda one: one.median_ms)
    most = max(measured, key=lambda one: one.queries)
    figures = {"slowest_page": slowest.path, "slowest_ms": round(slowest.median_ms, 1)}
    print(json.dumps(figures | {"most_queries_page": most.path, "most_queries": most.queries}))


def _on_sqlite(size: Size, folder: Path, keep: Path | None) -> Database:
    """Make a shop's file, or copy one that was kept."""
    kept = keep or folder / "made.sqlite"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        half = kept.with_suffix(".half")
        for left_over in kept.parent.glob(f"{half.name}*"):
            left_over.unlink()
        _fill(Database(f"sqlite:///{half}"), size)
        half.rename(kept)
    copy = folder / "shop.sqlite"
    shutil.copy(kept, copy)
    return Database(f"sqlite:///{copy}")


@contextmanager
def _on_postgres(size: Size, server: PostgresServer) -> Generator[Database]:
    with server.copy() as database:
        _fill(database, size)
        yield database


def _fill(database: Database, size: Size) -> None:
    began = perf_counter()
    if database.is_sqlite:
        migrations.upgrade(database)
    fill(database, size)
    segment_process.rebuild(database)
    console_world.furnish(database, size.friends, size.seed)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    database.dispose()
    print(f"{size.friends:,} friends, {size.purchases:,} purchases made in {perf_counter() - began:.0f} s")


def _measure(database: Database, folder: Path, only: str) -> list[Measured]:
    given = {"KOKYAKU_SECRET_KEY": SecretStr("for measuring only"), "KOKYAKU_DATA": folder}
    settings = Settings(_env_file=None, **given)  # pyright: ignore[reportCallIssue] — names of the environment
    services = Services(settings, database, FakeClock(NOW), FakeGateway(), FakeQueue())
    console_corners.furnish(services)
    with database.begin() as session:
        # As a worker does every five minutes; a world that was kept may be older than what is counted now.
        kept_forecast.keep(session, NOW)
    app = create_app(services)
    visitor = Visitor(app)
    assert visitor.try_to_log_in(console_world.LOGIN, console_world.PASSWORD).status_code == 302
    found = every_page.find(app, visitor.client, database)
    for closed in found.closed:
        print(f"not opened: {closed}")
    return [_page(app, visitor.client, database, path) for path in found.pages if only in path]


def _page(app: Flask, client: FlaskClient, database: Database, path: str) -> Measured:
    times: list[float] = []
    busy: list[float] = []
    with asked_of(database) as statements:
        client.get(path)
    for _ in range(TIMES):
        began, worked = perf_counter(), process_time()
        answer = client.get(path)
        times.append(1000 * (perf_counter() - began))
        busy.append(1000 * (process_time() - worked))
        assert answer.status_code == 200, (path, answer.status_code)
    return Measured(path, median(times), quantiles(times, n=20)[-1], median(busy), len(statements))


if __name__ == "__main__":
    main()
