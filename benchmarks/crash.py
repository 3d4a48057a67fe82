"""kill -9 of the worker, and of the database server, in the middle of broadcasts: who got one twice, who not at all?"""

import argparse
import json
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bot.simulator.config import SimulatorConfig
from bot.simulator.server import start
from tests.databases import PostgresServer, sqlite_copy, sqlite_template
from tests.fakes.simulator import SimulatorClient
from tests.journeys.crashing import CrashRun
from tests.processes import Installation


def main() -> None:
    """Run, print a table and, last, the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--server-kills", type=int, default=0, help="of all processes of PostgreSQL")
    parser.add_argument("--friends", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--errors", type=float, default=0.0, help="share of injected 500s")
    parser.add_argument("--lost", type=float, default=0.0, help="share of answers that are lost")
    asked = parser.parse_args()
    if asked.server_kills and asked.database == "sqlite":
        parser.error("--server-kills needs --database postgresql: SQLite has no server")
    server: PostgresServer | None = None
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if asked.database == "sqlite":
            database = stack.enter_context(sqlite_copy(sqlite_template(folder), folder))
        else:
            (folder / "pg").mkdir()
            server = PostgresServer(folder / "pg")
            stack.callback(server.stop)
            database = stack.enter_context(server.copy(durable=True))
        line = stack.enter_context(start(SimulatorConfig()))
        client = SimulatorClient(line.url)
        if asked.errors or asked.lost:
            client.faults(error_500=asked.errors, answer_lost=asked.lost, seed=asked.seed)
        run = CrashRun(
            Installation(database, folder, line.url),
            client,
            friends=asked.friends,
            seed=asked.seed,
            server=server,
        )
        figures = run.run(asked.kills, asked.server_kills).figures()
    for name, value in figures.items():
        print(f"{name:12} {value:>8,}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
