"""One of several processes that draw turns from the line of slots they share; prints when each of its turns began."""

import sys
from time import monotonic

from scheduler.pacing import SharedPacer
from segments.clock import SystemClock
from segments.db import Database

LIMIT = "push"


def main() -> None:
    """Take turns until `seconds` after the first one; each line printed is a moment and how many it was for."""
    url, rate, count, seconds = sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    database = Database(url)
    pacer = SharedPacer(database, SystemClock(), {LIMIT: rate})
    print("ready", flush=True)  # noqa: T201 — whoever started us reads it
    sys.stdin.readline()
    until = monotonic() + seconds
    while (at := _taken(pacer, count)) < until:
        print(at, count)  # noqa: T201
    database.dispose()


def _taken(pacer: SharedPacer, count: int) -> float:
    pacer.take(LIMIT, count)
    return monotonic()


if __name__ == "__main__":
    main()
