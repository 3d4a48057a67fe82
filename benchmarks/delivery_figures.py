"""The figures of the benchmark of sending, by the names that its last line prints, and the table above that line."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from benchmarks.delivery_rendering import Rendering
from benchmarks.delivery_runs import Halt, Run

ROWS = (
    ("personal pushes a second, planning included", "push_per_s"),
    ("the same at LINE's pace", "paced_push_per_s"),
    ("most pushes in any second at LINE's pace", "max_push_in_a_second"),
    ("most multicasts in any second at LINE's pace", "max_multicast_in_a_second"),
    ("share of what a bare aiohttp loop reaches", "push_vs_bare"),
    ("a bare aiohttp loop, pushes a second", "bare_per_s_after"),
    ("the loop written with line-bot-sdk, pushes a second", "sdk_loop_per_s"),
    ("the same in 32 threads", "sdk_threads_per_s"),
    ("planning of the personal message, seconds", "plan_s"),
    ("rendering of one message, µs of CPU", "render_us"),
    ("looking up what it says of a friend, µs of CPU", "facts_us"),
    ("CPU of the workers a push, µs", "worker_cpu_us"),
    ("CPU of the database's server a push, µs", "server_cpu_us"),
    ("pause in the middle, seconds", "pause_s"),
    ("kill switch in the middle, seconds", "stop_s"),
    ("got it twice", "duplicates"),
    ("got it not at all", "missing"),
    ("friends of the identical message", "broadcast_friends"),
    ("planning and sending of it, seconds", "broadcast_s"),
    ("planning of it, seconds", "broadcast_plan_s"),
    ("memory more than for few friends, MB", "memory_growth_mb"),
    ("got the identical message twice", "broadcast_duplicates"),
    ("got the identical message not at all", "broadcast_missing"),
)


class Personal(NamedTuple):
    """What was measured of the personal message."""

    fast: Run
    bare: float
    """Pushes a second of the bare loop, right after."""
    paused: Halt
    stopped: Halt
    rendering: Rendering


def of_peers(bare: float, sdk: float, sdk_threads: float) -> dict[str, Any]:
    """Name the rates of what sending is compared with."""
    return {
        "bare_per_s": round(bare),
        "sdk_loop_per_s": round(sdk, 1),
        "sdk_threads_per_s": round(sdk_threads, 1),
    }


def of_personal(friends: int, found: Personal) -> dict[str, Any]:
    """Name what was found of the personal message, sent three times."""
    fast, paused, stopped = found.fast, found.paused, found.stopped
    return {
        "push_per_s": round(fast.a_second),
        "push_vs_bare": round(fast.a_second / found.bare, 2),
        "bare_per_s_after": round(found.bare),
        "plan_s": round(fast.plan_seconds, 2),
        "render_us": round(found.rendering.render_us, 1),
        "facts_us": round(found.rendering.facts_us, 1),
        "worker_cpu_us": round(1e6 * fast.worker_cpu / friends),
        "server_cpu_us": round(1e6 * fast.server_cpu / friends),
        "duplicates": fast.told["duplicates"] + paused.duplicates + stopped.duplicates,
        "missing": friends - fast.told["recipients"] + paused.missing + stopped.missing,
        "pause_s": round(paused.seconds, 2),
        "stop_s": round(stopped.seconds, 2),
    }


def of_pace(workers: int, pushes: Run, multicasts: Run) -> dict[str, Any]:
    """Name what was found at LINE's pace."""
    return {
        "pace_workers": workers,
        "paced_push_per_s": round(pushes.a_second),
        "max_push_in_a_second": pushes.told["most_in_a_second"].get("push", 0),
        "max_multicast_in_a_second": multicasts.told["most_in_a_second"].get("multicast", 0),
    }


def of_broadcast(few: Run, everybody: Run) -> dict[str, Any]:
    """Name what was found of the identical message to few and to many."""
    friends = everybody.friends
    return {
        "broadcast_friends": friends,
        "broadcast_s": round(everybody.seconds, 1),
        "broadcast_plan_s": round(everybody.plan_seconds, 1),
        "broadcast_missing": friends - everybody.told["recipients"],
        "broadcast_duplicates": everybody.told["duplicates"],
        "broadcast_worker_cpu_us": round(1e6 * everybody.worker_cpu / friends, 1),
        "broadcast_server_cpu_us": round(1e6 * everybody.server_cpu / friends, 1),
        "memory_growth_from": few.friends,
        "memory_growth_mb": round(everybody.memory_mb - few.memory_mb, 1),
    }


def table(figures: Mapping[str, Any]) -> str:
    """Return the figures in words, one a line."""
    return "\n".join(f"{words:52} {figures[name]:>12,}" for words, name in ROWS if name in figures)
