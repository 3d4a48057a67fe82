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

from benchmarks import delivery_peers, delivery_runs, delivery_world
from benchmarks.sink import SinkClient, running_sink
from scheduler import engine
from tests.databases import PostgresServer, sqlite_copy, sqlite_template
from tests.processes import Installation

BARE, SDK = 20_000, 200
FEW, MILLION = 10_000, 1_000_000
PACE_WORKERS = 4


def main() -> None:
    """Run, print what was found and, last, the figures as JSON."""
    asked = _asked()
    figures: dict[str, Any] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sink = stack.enter_context(running_sink())
        with _installed(asked.database, folder / "friends", sink) as installation:
            delivery_world.fill(installation.database, asked.friends)
            figures |= _peers(sink, min(BARE, asked.friends))
            figures |= _personal(installation, sink, asked)
        if asked.broadcast:
            figures |= _broadcast(asked, folder, sink)
    print(json.dumps(figures))


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--friends", type=int, default=5_000)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--workers", type=int, default=0, help="workers of the fast run (1; 2 on PostgreSQL)")
    parser.add_argument("--broadcast", type=int, default=0, help="friends of the identical message: 1000000")
    parser.add_argument("--no-pace", action="store_true", help="leave out the run at LINE's pace")
    parser.add_argument("--seed", type=int, default=1, help="nothing here is random; taken for `make bench`")
    return parser.parse_args()


@contextmanager
def _installed(kind: str, folder: Path, sink: SinkClient) -> Generator[Installation]:
    folder.mkdir()
    with ExitStack() as stack:
        if kind == "sqlite":
            database = stack.enter_context(sqlite_copy(sqlite_template(folder), folder))
        else:
            (folder / "pg").mkdir()
            server = PostgresServer(folder / "pg")
            stack.callback(server.stop)
            database = stack.enter_context(server.copy())
        engine.migrate(database)
        yield Installation(database, folder, sink.url)


def _peers(sink: SinkClient, count: int) -> dict[str, Any]:
    messages = delivery_world.PERSONAL["ja"]
    bare = delivery_peers.bare_loop(
        sink.url, [delivery_peers.body_of(each, messages) for each in range(count)]
    )
    bubble = messages[0]["contents"]
    figures = {
        "bare_per_s": round(bare),
        "sdk_loop_per_s": round(delivery_peers.sdk_loop(sink.url, bubble, SDK), 1),
        "sdk_threads_per_s": round(
            delivery_peers.sdk_loop(sink.url, bubble, 5 * SDK, delivery_peers.THREADS), 1
        ),
    }
    print("peers:", figures, flush=True)
    return figures


def _personal(installation: Installation, sink: SinkClient, asked: argparse.Namespace) -> dict[str, Any]:
    database, friends, content = installation.database, asked.friends, delivery_world.PERSONAL
    count = asked.workers or (1 if database.is_sqlite else 2)
    with delivery_runs.workers(installation, count, brake=False) as some:
        fast = delivery_runs.send(database, sink, some, content, friends)
        # Within the same minutes as the run it is compared with: the machine may be busy with other things.
        bare = _bare_again(sink, min(BARE, friends))
        paused = delivery_runs.pause(database, sink, content, friends)
    print("fast:", fast, fast.cpu_words(), flush=True)
    print("paused:", paused, flush=True)
    figures = {
        "push_per_s": round(fast.a_second),
        "push_vs_bare": round(fast.a_second / bare, 2),
        "bare_per_s_after": round(bare),
        "plan_s": round(fast.plan_seconds, 2),
        "worker_cpu_us": round(1e6 * fast.worker_cpu / friends),
        "server_cpu_us": round(1e6 * fast.server_cpu / friends),
        "duplicates": fast.told["duplicates"] + paused["duplicates"],
        "missing": friends - fast.told["recipients"] + paused["missing"],
        "pause_s": round(paused["pause_s"], 2),
    }
    return figures | ({} if asked.no_pace else _pace(installation, sink, friends))


def _bare_again(sink: SinkClient, count: int) -> float:
    messages = delivery_world.PERSONAL["ja"]
    return delivery_peers.bare_loop(
        sink.url, [delivery_peers.body_of(each, messages) for each in range(count)]
    )


def _pace(installation: Installation, sink: SinkClient, friends: int) -> dict[str, Any]:
    database = installation.database
    count = 1 if database.is_sqlite else PACE_WORKERS
    with delivery_runs.workers(installation, count) as some:
        pushes = delivery_runs.send(database, sink, some, delivery_world.PERSONAL, friends)
        multicasts = delivery_runs.send(database, sink, some, delivery_world.IDENTICAL, friends)
    print("at LINE's pace:", pushes, flush=True)
    return {
        "pace_workers": count,
        "paced_push_per_s": round(pushes.a_second),
        "max_push_in_a_second": pushes.told["most_in_a_second"].get("push", 0),
        "max_multicast_in_a_second": multicasts.told["most_in_a_second"].get("multicast", 0),
    }


def _broadcast(asked: argparse.Namespace, folder: Path, sink: SinkClient) -> dict[str, Any]:
    memory: dict[int, float] = {}
    everybody: delivery_runs.Run | None = None
    for friends in (FEW, asked.broadcast):
        with _installed(asked.database, folder / f"all-{friends}", sink) as installation:
            delivery_world.fill(installation.database, friends)
            with delivery_runs.workers(installation, 1) as some:
                everybody = delivery_runs.send(
                    installation.database, sink, some, delivery_world.IDENTICAL, friends
                )
            memory[friends] = everybody.memory_mb
            print(f"identical to {friends:,}:", everybody, everybody.cpu_words(), flush=True)
    assert everybody is not None, "two runs were made"
    return {
        "broadcast_friends": asked.broadcast,
        "broadcast_s": round(everybody.seconds, 1),
        "broadcast_plan_s": round(everybody.plan_seconds, 1),
        "broadcast_missing": asked.broadcast - everybody.told["recipients"],
        "broadcast_duplicates": everybody.told["duplicates"],
        "broadcast_worker_cpu_us": round(1e6 * everybody.worker_cpu / asked.broadcast, 1),
        "broadcast_server_cpu_us": round(1e6 * everybody.server_cpu / asked.broadcast, 1),
        "memory_growth_mb": round(memory[asked.broadcast] - memory[FEW], 1),
    }


if __name__ == "__main__":
    main()
