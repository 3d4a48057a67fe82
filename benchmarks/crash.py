"""kill -9 of workers, and of the database server, in the middle of broadcasts: who got one twice, who not at all?"""

import argparse
import json
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.databases import KINDS, databases
from bot.simulator.config import SimulatorConfig
from bot.simulator.server import start
from tests.fakes.simulator import SimulatorClient
from tests.journeys.crashing import CrashCount, CrashRun
from tests.processes import Installation


def main() -> None:
    """Run, print a table and, last, the figures as JSON."""
    figures = _run(asked_for(sys.argv[1:])).figures()
    for name, value in figures.items():
        print(f"{name:12} {value:>8,}")
    print(json.dumps(figures))


def asked_for(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--server-kills", type=int, default=0, help="of all processes of PostgreSQL")
    parser.add_argument("--workers", type=int, default=1, help="at work at once; PostgreSQL only")
    parser.add_argument("--friends", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=KINDS, default="sqlite")
    parser.add_argument("--errors", type=float, default=0.02, help="share of injected 500s; 0 for none")
    parser.add_argument("--lost", type=float, default=0.01, help="share of answers that are lost; 0 for none")
    asked = parser.parse_args(arguments)
    if asked.server_kills and asked.database == "sqlite":
        parser.error("--server-kills needs --database postgresql: SQLite has no server")
    if asked.workers < 1:
        parser.error("--workers: at least one has to send")
    if asked.workers > 1 and asked.database == "sqlite":
        parser.error("--workers needs --database postgresql: SQLite has one worker")
    return asked


def _run(asked: argparse.Namespace) -> CrashCount:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        made = stack.enter_context(databases(asked.database, folder))
        database, own = stack.enter_context(made.new("crash", durable=True))
        line = stack.enter_context(start(SimulatorConfig()))
        client = SimulatorClient(line.url)
        if asked.errors or asked.lost:
            client.faults(error_500=asked.errors, answer_lost=asked.lost, seed=asked.seed)
        run = CrashRun(
            Installation(database, own, line.url),
            client,
            friends=asked.friends,
            seed=asked.seed,
            server=made.server,
            workers=asked.workers,
        )
        return run.run(asked.kills, asked.server_kills)


if __name__ == "__main__":
    main()
