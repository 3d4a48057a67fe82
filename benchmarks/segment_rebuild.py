"""The process that benchmarks/segment_process.py watches: rebuilds all that is derived in the database it is told."""

import sys
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.segment_world import NOW
from segments.bulk_rebuild import rebuild_all
from segments.db import Database


def main() -> None:
    """Rebuild; print the seconds it took."""
    database = Database(sys.argv[1])
    began = perf_counter()
    rebuild_all(database, NOW, lambda _done, _total: None)
    print(f"{perf_counter() - began:.2f}")
    database.dispose()


if __name__ == "__main__":
    main()
