"""Sends personal messages and one identical one through real workers to a lean sink: how fast, at what pace, at what cost?"""

import argparse
import json
import sys
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import delivery_figures, delivery_peers, delivery_runs, delivery_world
from benchmarks.databases import KINDS, Databases, databases
from benchmarks.delivery_figures import Personal
from benchmarks.delivery_rendering import rendering
from benchmarks.sink import SinkClient, running_sink
from tests.processes import Installation

BARE, SDK = 20_000, 200
FEW, SHARE = 10_000, 5
"""The identical message goes to so many first, but to no more than a fifth of all, to see what memory the others cost."""
PACE_WORKERS = 4


def main() -> None:
    """Run, print what was found and, last, the figures as JSON."""
    asked = asked_for(sys.argv[1:])
    figures: dict[str, Any] = {"friends": asked.friends, "database": asked.database}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sink = stack.enter_context(running_sink())
        made = stack.enter_context(databases(asked.database, folder))
        with _installed(made, "friends", sink) as installation:
            delivery_world.fill(installation.database, asked.friends)
            figures |= _peers(sink, min(BARE, asked.friends))
            figures |= _personal(installation, sink, asked)
        if asked.broadcast:
            figures |= _broadcast(asked.broadcast, made, sink)
    print(delivery_figures.table(figures))
    print(json.dumps(figures))


def asked_for(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--friends", type=int, default=5_000)
    parser.add_argument("--database", choices=KINDS, default="sqlite")
    parser.add_argument("--workers", type=int, default=0, help="workers of the fast run (1; 2 on PostgreSQL)")
    parser.add_argument(
        "--broadcast", type=int, help="friends of the identical message (as --friends); 0 leaves it out"
    )
    parser.add_argument("--no-pace", action="store_true", help="leave out the run at LINE's pace")
    parser.add_argument("--seed", type=int, default=1, help="nothing here is random; taken for `make bench`")
    asked = parser.parse_args(arguments)
    if asked.friends < 1:
        parser.error("--friends: at least one has to get it")
    asked.broadcast = asked.friends if asked.broadcast is None else asked.broadcast
    return asked


@contextmanager
def _installed(made: Databases, name: str, sink: SinkClient) -> Generator[Installation]:
    with made.new(name) as (database, folder):
        yield Installation(database, folder, sink.url)


def _peers(sink: SinkClient, count: int) -> dict[str, Any]:
    bubble = delivery_world.PERSONAL["ja"][0]["contents"]
    figures = delivery_figures.of_peers(
        _bare(sink, count),
        delivery_peers.sdk_loop(sink.url, bubble, SDK),
        delivery_peers.sdk_loop(sink.url, bubble, 5 * SDK, delivery_peers.THREADS),
    )
    print("peers:", figures, flush=True)
    return figures


def _bare(sink: SinkClient, count: int) -> float:
    messages = delivery_world.PERSONAL["ja"]
    return delivery_peers.bare_loop(
        sink.url, [delivery_peers.body_of(each, messages) for each in range(count)]
    )


def _personal(installation: Installation, sink: SinkClient, asked: argparse.Namespace) -> dict[str, Any]:
    database, friends, content = installation.database, asked.friends, delivery_world.PERSONAL
    count = asked.workers or (1 if database.is_sqlite else 2)
    with delivery_runs.workers(installation, count, brake=False) as some:
        found = Personal(
            fast=delivery_runs.send(database, sink, some, content, friends),
            # Within the same minutes as the run it is compared with: the machine may be busy with other things.
            bare=_bare(sink, min(BARE, friends)),
            paused=delivery_runs.pause(database, sink, content, friends),
            stopped=delivery_runs.stop(database, sink, content, friends),
            rendering=rendering(database, content),
        )
    print("fast:", found.fast, found.fast.cpu_words(), flush=True)
    print("paused:", found.paused, flush=True)
    print("stopped:", found.stopped, flush=True)
    figures = delivery_figures.of_personal(friends, found)
    return figures | ({} if asked.no_pace else _pace(installation, sink, friends))


def _pace(installation: Installation, sink: SinkClient, friends: int) -> dict[str, Any]:
    database = installation.database
    count = 1 if database.is_sqlite else PACE_WORKERS
    with delivery_runs.workers(installation, count) as some:
        pushes = delivery_runs.send(database, sink, some, delivery_world.PERSONAL, friends)
        multicasts = delivery_runs.send(database, sink, some, delivery_world.IDENTICAL, friends)
    print("at LINE's pace:", pushes, flush=True)
    return delivery_figures.of_pace(count, pushes, multicasts)


def _broadcast(friends: int, made: Databases, sink: SinkClient) -> dict[str, Any]:
    few = _identical("few", min(FEW, max(1, friends // SHARE)), made, sink)
    return delivery_figures.of_broadcast(few, _identical("all", friends, made, sink))


def _identical(name: str, friends: int, made: Databases, sink: SinkClient) -> delivery_runs.Run:
    with _installed(made, name, sink) as installation:
        delivery_world.fill(installation.database, friends)
        with delivery_runs.workers(installation, 1) as some:
            run = delivery_runs.send(installation.database, sink, some, delivery_world.IDENTICAL, friends)
    print(f"identical to {friends:,}:", run, run.cpu_words(), flush=True)
    return run


if __name__ == "__main__":
    main()
