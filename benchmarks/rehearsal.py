"""Rehearses the coming days of a made shop by `kokyaku rehearse`, in a process of its own: how long, how much memory?"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from subprocess import Popen
from threading import Event
from time import monotonic
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import rehearsal_world
from benchmarks.databases import KINDS, databases
from benchmarks.delivery_runs import cpu_of, most_memory_mb
from bot.rehearsal.run import LONGEST
from segments.clock import SystemClock
from tests.processes import Installation

NOBODY = "http://127.0.0.1:9"
"""Where LINE would be: a rehearsal brings its own."""
LOOK_SECONDS = 0.1


def main() -> None:
    """Run, print a table and, last, the figures as JSON."""
    asked = asked_for(sys.argv[1:])
    with (
        tempfile.TemporaryDirectory() as name,
        databases(asked.database, Path(name)) as made,
        made.new("shop") as (database, folder),
    ):
        rehearsal_world.fill(database, asked.friends, asked.days, asked.seed, SystemClock().now())
        figures = rehearsed(Installation(database, folder, NOBODY), asked)
    for name, value in figures.items():
        print(f"{name:10} {value:>10}")
    print(json.dumps(figures))


def asked_for(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--friends", type=int, default=2_000)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--seed", type=int, default=1, help="draws who the friends are")
    parser.add_argument("--database", choices=KINDS, default="sqlite")
    asked = parser.parse_args(arguments)
    if not 1 <= asked.days <= LONGEST:
        parser.error(f"--days: 1 to {LONGEST}")
    if asked.friends < 1:
        parser.error("--friends: at least one has to hear")
    return asked


def rehearsed(installation: Installation, asked: argparse.Namespace) -> dict[str, Any]:
    """Run the command on a shop; return the figures. The seconds are the whole command's, from its start to its end."""
    path = installation.folder / "report.json"
    began = monotonic()
    process = installation.start("rehearse", "--days", str(asked.days), "--json", str(path))
    peak, cpu = _watched(process)
    seconds = monotonic() - began
    if process.returncode:
        raise RuntimeError((installation.folder / "rehearse.log").read_text(encoding="utf-8"))
    report = json.loads(path.read_text(encoding="utf-8"))
    if report["problems"]:
        message = f"parts failed while rehearsing: {report['problems']}"
        raise RuntimeError(message)
    return {
        "database": asked.database,
        "friends": asked.friends,
        "days": asked.days,
        "seconds": round(seconds, 1),
        "sent": report["sent"],
        "skipped": sum(report["skipped"].values()),
        "peak_mb": round(peak),
        "cpu_s": round(cpu, 1),
    }


def _watched(process: "Popen[bytes]") -> tuple[float, float]:
    """Wait for the end of a process; return the most memory it held, in MB, and the seconds of CPU it took."""
    pause, peak, cpu = Event(), 0.0, 0.0
    while process.poll() is None:
        try:
            peak, cpu = max(peak, most_memory_mb(process.pid)), cpu_of(process.pid)
        except (OSError, StopIteration):
            continue  # It has just ended.
        pause.wait(LOOK_SECONDS)
    return peak, cpu


if __name__ == "__main__":
    main()
