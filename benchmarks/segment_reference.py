"""What the rebuild is held against: DuckDB grouping the same purchases by customer and writing a row for each.

A program of its own: DuckDB brings an SQLite of its own, and two in one process, with the same file open, undo each
other's locks.
"""

import subprocess
import sys
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parents[1]))

import duckdb
import duckdb_ext  # pyright: ignore[reportMissingTypeStubs] -- a folder of files

from segments.db import Database

GROUPED = """SELECT friend_id, count(*) AS purchase_count, sum(amount_yen - refunded_yen) AS spend_yen,
    min(bought_at) AS first_purchase_at, max(bought_at) AS last_purchase_at
    FROM {} WHERE friend_id IS NOT NULL AND (refunded_at IS NULL OR refunded_yen < amount_yen) GROUP BY friend_id"""


def duckdb_times(database: Database, folder: Path) -> tuple[float, float]:
    """Return the seconds it takes in the shop's database, and in DuckDB's own file from a copy of the purchases."""
    url = database.url.render_as_string(hide_password=False)
    done = subprocess.run(
        [sys.executable, __file__, url, str(folder)], stdout=subprocess.PIPE, text=True, check=True
    )
    in_place, native = done.stdout.split()[-2:]
    return float(in_place), float(native)


def _measure(database: Database, folder: Path) -> tuple[float, float]:
    kind = "sqlite" if database.is_sqlite else "postgres"
    with duckdb.connect(str(folder / "native.duckdb")) as reference:
        reference.execute("SET threads = 2")
        reference.execute(f"LOAD '{_extension(kind)}'")
        reference.execute(f"ATTACH '{_address(database)}' AS shop (TYPE {kind})")
        schema = "shop" if database.is_sqlite else "shop.public"
        in_place = _timed(
            reference, f"CREATE TABLE {schema}.reference AS {GROUPED.format(f'{schema}.purchases')}"
        )
        reference.execute(f"DROP TABLE {schema}.reference")
        reference.execute(
            "CREATE TABLE purchases AS SELECT friend_id, bought_at, amount_yen, refunded_yen, refunded_at"  # noqa: S608
            f" FROM {schema}.purchases"
        )
        native = _timed(reference, f"CREATE TABLE reference AS {GROUPED.format('purchases')}")
    (folder / "native.duckdb").unlink()
    return in_place, native


def _timed(reference: duckdb.DuckDBPyConnection, statement: str) -> float:
    began = perf_counter()
    reference.execute(statement)
    return perf_counter() - began


def _extension(kind: str) -> Path:
    """Return the extension's file out of its wheel: nothing is fetched."""
    (folder,) = duckdb_ext.__path__
    return next(Path(folder).rglob(f"v{duckdb.__version__}/*/{kind}_scanner.duckdb_extension"))


def _address(database: Database) -> str:
    url = database.url
    if database.is_sqlite:
        return str(url.database)
    host = url.host or url.query.get("host")
    return f"dbname={url.database} host={host} user={url.username}" + (
        f" port={url.port}" if url.port else ""
    )


if __name__ == "__main__":
    print(*_measure(Database(sys.argv[1]), Path(sys.argv[2])))
