"""Two workers on PostgreSQL: when the one that rings the bell is killed in the middle of a send, the other does it all."""

import zlib
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from threading import Event
from time import monotonic

from sqlalchemy import text

from bot.simulator.config import SimulatorConfig
from bot.simulator.server import start
from scheduler import engine
from scheduler.engine import DbosQueue
from scheduler.jobs import Job
from scheduler.leadership import LEADER
from segments.clock import SystemClock
from segments.db import Database
from tests.databases import PostgresServer
from tests.fakes.simulator import SimulatorClient
from tests.journeys import mass_sends
from tests.processes import Installation, kill, running

FRIENDS = 2500
SOON = 15.0
"""Seconds within which a survivor rings, and holds what a dead worker had begun."""
START_SECONDS = 180.0
"""Workers stand back behind whatever else the machine does."""
clock = SystemClock()


def wait_until(holds: Callable[[], object], seconds: float) -> None:
    """Return as soon as it holds; fail when it does not within `seconds`."""
    pause, began = Event(), monotonic()
    while not holds():
        assert monotonic() - began < seconds, "it does not come true in time"
        pause.wait(0.05)


def bell_holders(database: Database) -> list[int]:
    """Return the server's processes that hold the leader's lock: each serves one worker's connection."""
    held = text(
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid::bigint = :key"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    with database.reading() as session:
        return list(session.scalars(held, {"key": zlib.crc32(LEADER.encode())}))


def has_rung_since(database: Database, moment: datetime) -> bool:
    """Tell whether a tick was put on the queue after `moment`."""
    rung = text(
        "SELECT count(*) FROM dbos.workflow_status WHERE workflow_uuid LIKE :ticks AND created_at > :moment"
    )
    given = {"ticks": f"{Job.TICK.value}@%", "moment": int(1000 * moment.timestamp())}
    with database.reading() as session:
        return bool(session.scalar(rung, given))


def begin_until_it_sends(database: Database, queue: DbosQueue, worker: str) -> list[int]:
    """Begin broadcasts until `worker` is in the middle of one; return them, the last one being under way."""
    begun: list[int] = []
    while not begun or mass_sends.is_over(database, begun[-1]):
        begun.append(mass_sends.begin(database, clock.now()))
        wait_until(lambda: sends_of(queue, worker) or mass_sends.is_over(database, begun[-1]), START_SECONDS)
    return begun


def sends_of(queue: DbosQueue, worker: str) -> list[str]:
    """Return the chunks that a worker has taken up and not finished."""
    owned = queue.running_by_executor().get(worker, [])
    return [job_id for job_id in owned if job_id.startswith("chunk-")]


def test_a_survivor_rings_the_bell_and_finishes_what_the_killed_leader_had_begun(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    with start(SimulatorConfig()) as line, postgres.copy() as database:
        line_client, installation = SimulatorClient(line.url), Installation(database, tmp_path, line.url)
        engine.migrate(database)
        friends = line_client.add_friends(FRIENDS)
        began = clock.now()
        mass_sends.add_friends(database, friends, began)
        queue = DbosQueue(database)
        leader = installation.start("worker")
        try:
            # Alone, the first one leads.
            wait_until(lambda: mass_sends.workers_heard(database, began), START_SECONDS)
            wait_until(lambda: bell_holders(database), START_SECONDS)
            (name,) = mass_sends.workers_heard(database, began)
            with running(installation, "worker"):
                wait_until(lambda: len(mass_sends.workers_heard(database, began)) == 2, START_SECONDS)
                (leads,) = bell_holders(database)

                begun = begin_until_it_sends(database, queue, name)
                kill(leader)
                killed_at = clock.now()
                assert not mass_sends.is_over(database, begun[-1])

                wait_until(lambda: not sends_of(queue, name), SOON)
                wait_until(lambda: has_rung_since(database, killed_at), SOON)
                (now_leads,) = bell_holders(database)
                assert now_leads != leads
                wait_until(lambda: mass_sends.is_over(database, begun[-1]), START_SECONDS)
        finally:
            kill(leader)
            queue.close()
        got = Counter[str](line_client.counts()["friends"])
    assert {got[friend] for friend in friends} == {len(begun)}
