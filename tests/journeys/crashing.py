"""Broadcasts whose workers or database server are killed at random moments, and what the simulator counted afterwards."""

import random
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime
from subprocess import Popen
from threading import Event

from scheduler import broadcast_progress, engine
from scheduler.models import DeliveryState
from segments.clock import SystemClock
from tests.databases import PostgresServer
from tests.fakes.simulator import SimulatorClient
from tests.journeys import mass_sends
from tests.processes import Installation, kill

ENOUGH_SECONDS = 600
PATIENCE_SECONDS = 60
"""How long a worker may take to send something, or to find its database again."""
START_SECONDS = 180
"""How long it may take to be heard of: workers stand back behind whatever else the machine does."""


@dataclass(frozen=True)
class CrashCount:
    """What came of a crash run: duplicates and missing are friends, as the simulator counted."""

    kills: int
    """Of workers."""
    server_kills: int
    workers: int
    """At work at once."""
    broadcasts: int
    """Sent one after another, because one was over before the last kill."""
    friends: int
    duplicates: int
    missing: int
    uncertain: int

    def figures(self) -> dict[str, int]:
        """Return the figures by name."""
        return asdict(self)


class CrashRun:
    """Broadcasts to `friends` people through `workers` that are killed, on a server that is killed too.

    Of several workers one is killed while the others go on, and another comes in its place; only PostgreSQL has several.
    """

    def __init__(
        self,
        installation: Installation,
        line: SimulatorClient,
        *,
        friends: int,
        seed: int,
        server: PostgresServer | None = None,
        workers: int = 1,
    ) -> None:
        assert workers == 1 or not installation.database.is_sqlite, "SQLite has one worker"
        self._installation, self._line, self._server = installation, line, server
        self._database = installation.database
        self._chance = random.Random(seed)
        self._friends, self._count_of_workers = friends, workers
        self._clock = SystemClock()
        self._pause = Event()
        self._broadcasts: list[int] = []
        self._workers: list[Popen[bytes]] = []
        self._last_start: datetime = self._clock.now()

    def run(self, kills: int, server_kills: int = 0) -> CrashCount:
        """Play it to its end; kills of the server, which need one, fall between those of workers by chance."""
        engine.migrate(self._database)
        ids = self._line.add_friends(self._friends)
        mass_sends.add_friends(self._database, ids, self._clock.now())
        self._begin()
        try:
            self._play(kills, server_kills)
        finally:
            for worker in self._workers:
                kill(worker)
        return self._count(ids, kills, server_kills)

    def _play(self, kills: int, server_kills: int) -> None:
        targets = [self._kill_worker] * kills + [self._kill_server] * server_kills
        self._chance.shuffle(targets)
        for target in targets:
            self._wait_until_all_work()
            if self._is_over():
                self._begin()
            self._wait_for_some_sends()
            self._pause.wait(self._chance.uniform(0, 0.4))
            target()
        self._wait_until_over()

    def _kill_worker(self) -> None:
        kill(self._workers.pop(self._chance.randrange(len(self._workers))))

    def _kill_server(self) -> None:
        """Kill the database under the workers' feet; nobody starts them again."""
        assert self._server is not None, "only a server can be killed"
        self._server.crash()
        self._alive()

    def _alive(self) -> None:
        """See to it that as many workers as are wanted have been started and none has ended by itself."""
        while len(self._workers) < self._count_of_workers:
            self._last_start = self._clock.now()
            self._workers.append(self._installation.start("worker"))
        assert all(worker.poll() is None for worker in self._workers), (
            "a worker ended by itself; its log says why"
        )

    def _wait_until_all_work(self) -> None:
        """Of several, wait until each is at work, so that those who live compete for what the dead one leaves."""
        for _ in range(START_SECONDS * 10):
            self._alive()
            heard = mass_sends.workers_heard(self._database, self._last_start)
            if self._count_of_workers == 1 or len(heard) == self._count_of_workers:
                return
            self._pause.wait(0.1)
        raise AssertionError("a worker does not begin to work; its log says why")

    def _wait_for_some_sends(self) -> None:
        """Wait until something more has been sent, so that the kill falls into the middle of a send."""
        before = self._sent()
        for _ in range(PATIENCE_SECONDS * 10):
            self._alive()
            if self._sent() > before or self._is_over():
                return
            self._pause.wait(0.1)

    def _sent(self) -> int:
        return int(self._line.counts(friends=False)["delivered"])

    def _is_over(self) -> bool:
        return mass_sends.is_over(self._database, self._broadcasts[-1])

    def _begin(self) -> None:
        self._broadcasts.append(mass_sends.begin(self._database, self._clock.now()))

    def _wait_until_over(self) -> None:
        for _ in range(ENOUGH_SECONDS * 5):
            self._alive()
            if self._is_over():
                return
            self._pause.wait(0.2)

    def _count(self, ids: list[str], kills: int, server_kills: int) -> CrashCount:
        got, due = Counter[str](self._line.counts()["friends"]), len(self._broadcasts)
        with self._database.begin() as session:
            states = [broadcast_progress.progress(session, id_).by_state for id_ in self._broadcasts]
        return CrashCount(
            kills=kills,
            server_kills=server_kills,
            workers=self._count_of_workers,
            broadcasts=due,
            friends=len(ids),
            duplicates=sum(got[id_] > due for id_ in ids),
            missing=sum(got[id_] < due for id_ in ids),
            uncertain=sum(each.get(DeliveryState.UNCERTAIN, 0) for each in states),
        )
