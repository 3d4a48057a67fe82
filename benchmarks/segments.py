"""The segment engine at any size: rebuild, tick, purchase, counts and new dates, each beside what it is held against.

The same is measured at 10,000 friends by turns, for the ratios; DuckDB groups the same purchases in the same run.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import segment_measures, segment_process
from benchmarks.segment_reference import duckdb_times
from benchmarks.segment_world import Size, fill
from bot import migrations
from segments.db import Database
from tests.databases import PostgresServer

SMALL = 10_000
"""Friends of the small shop that the ratios are taken to."""

Figures = dict[str, float]


def main() -> None:
    """Run, print a table and, last, the figures as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--friends", type=int, default=100_000)
    parser.add_argument("--purchases", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="keep the SQLite file made there, and use it again"
    )
    asked = parser.parse_args()
    size = Size(asked.friends, asked.purchases, asked.seed)
    small = Size(SMALL, max(asked.purchases * SMALL // asked.friends, 1), asked.seed)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if asked.database == "sqlite":
            shops = [_on_sqlite(one, folder, asked.keep) for one in (size, small)]
        else:
            (folder / "pg").mkdir()
            server = PostgresServer(folder / "pg")
            stack.callback(server.stop)
            shops = [stack.enter_context(_on_postgres(one, server)) for one in (size, small)]
        for shop in shops:
            stack.callback(shop.dispose)
        figures = _measure(shops, (size.friends, small.friends), asked.seed, folder)
    for name, value in figures.items():
        print(f"{name:24} {value:>12,.3f}")
    print(json.dumps({name: round(value, 4) for name, value in figures.items()}))


def _on_sqlite(size: Size, folder: Path, keep: Path | None) -> Database:
    """Make a shop's file, or copy one that was kept: what is measured changes it."""
    name = f"shop-{size.friends}-{size.purchases}-{size.seed}.sqlite"
    kept = (keep or folder) / name
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        half = kept.with_suffix(".half")
        for left_over in kept.parent.glob(f"{half.name}*"):  # a log of an earlier file would spoil this one
            left_over.unlink()
        _fill(Database(f"sqlite:///{half}"), size)
        half.rename(kept)
    if keep:
        shutil.copy(kept, folder / name)
    return Database(f"sqlite:///{folder / name}")


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
    database.dispose()
    print(f"{size.friends:,} friends, {size.purchases:,} purchases made in {perf_counter() - began:.0f} s")


def _measure(shops: list[Database], friends: tuple[int, int], seed: int, folder: Path) -> Figures:
    big, small = shops
    figures = _rebuild(big, folder)
    segment_process.rebuild(small)
    for shop in shops:
        segment_measures.prepare(shop)
    pairs = list(zip(shops, friends, strict=True))
    (figures["purchase_ms_p50"], figures["purchase_cpu_ms"]), small_purchase = segment_measures.purchase_ms(
        pairs, seed
    )
    figures["purchase_ratio"] = figures["purchase_ms_p50"] / small_purchase[0]
    (figures["tick_ms"], figures["tick_cpu_ms"]), small_tick = segment_measures.tick_ms(pairs, seed)
    figures["tick_ratio"] = figures["tick_ms"] / small_tick[0]
    return figures | _counts(big) | _refresh(big)


def _rebuild(shop: Database, folder: Path) -> Figures:
    in_place, native = duckdb_times(shop, folder)
    seconds, megabytes = segment_process.rebuild(shop)
    return {
        "rebuild_s": seconds,
        "rebuild_vs_duckdb": seconds / in_place,
        "rebuild_vs_duckdb_native": seconds / native,
        "duckdb_s": in_place,
        "duckdb_native_s": native,
        "rebuild_peak_mb": megabytes,
    }


def _counts(shop: Database) -> Figures:
    """The slowest of ten questions counts, and the worst ratio; the middle ones stand beside them."""
    times = segment_measures.count_seconds(shop)
    for number, (ours, by_hand) in enumerate(times, start=1):
        print(f"question {number:2}: {ours:.3f} s, by hand {by_hand:.3f} s")
    ratios = [ours / by_hand for ours, by_hand in times]
    return {
        "count_s_p50": max(ours for ours, _ in times),
        "count_s_middle": median(ours for ours, _ in times),
        "count_vs_sql": max(ratios),
        "count_vs_sql_middle": median(ratios),
    }


def _refresh(shop: Database) -> Figures:
    numeric, written, rows = segment_measures.refresh_seconds(shop)
    return {"refresh_numeric_s": numeric, "refresh_written_s": written, "refresh_rows": rows}


if __name__ == "__main__":
    main()
