"""kill -9 of the worker in the middle of a broadcast; `make bench` does it longer and oftener."""

from pathlib import Path

from bot.simulator.config import SimulatorConfig
from bot.simulator.server import start
from segments.db import Database
from tests.databases import PostgresServer
from tests.fakes.simulator import SimulatorClient
from tests.journeys.crashing import CrashRun
from tests.processes import Installation


def test_everyone_gets_it_exactly_once_though_the_worker_is_killed_twice(
    database: Database, tmp_path: Path
) -> None:
    with start(SimulatorConfig()) as line:
        client = SimulatorClient(line.url)
        client.faults(error_500=0.02, answer_lost=0.01, seed=7)
        run = CrashRun(Installation(database, tmp_path, line.url), client, friends=1500, seed=7)
        count = run.run(kills=2)
    assert count.kills == 2
    assert (count.duplicates, count.missing, count.uncertain) == (0, 0, 0)


def test_everyone_gets_it_exactly_once_though_the_database_server_is_killed_under_a_running_worker(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    with start(SimulatorConfig()) as line, postgres.copy(durable=True) as database:
        client = SimulatorClient(line.url)
        client.faults(error_500=0.02, answer_lost=0.01, seed=8)
        installation = Installation(database, tmp_path, line.url)
        run = CrashRun(installation, client, friends=1500, seed=8, server=postgres)
        count = run.run(kills=1, server_kills=2)
    assert (count.duplicates, count.missing, count.uncertain) == (0, 0, 0)


def test_everyone_gets_it_exactly_once_though_of_two_workers_one_is_killed_again_and_again(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    with start(SimulatorConfig()) as line, postgres.copy() as database:
        client = SimulatorClient(line.url)
        client.faults(error_500=0.02, answer_lost=0.01, seed=9)
        run = CrashRun(Installation(database, tmp_path, line.url), client, friends=1500, seed=9, workers=2)
        count = run.run(kills=2)
    assert (count.kills, count.workers) == (2, 2)
    assert (count.duplicates, count.missing, count.uncertain) == (0, 0, 0)
