"""Broadcasts whose worker or database server is killed at random moments, and what the simulator counted afterwards."""

import random
from collections import Counter
from dataclasses import asdict, dataclass, replace
from datetime import time
from subprocess import Popen
from threading import Event

from sqlalchemy import insert, select

from scheduler import broadcast_progress, broadcasts, drafts, engine
from scheduler.drafts import Draft
from scheduler.engine import DbosQueue
from scheduler.models import BroadcastState, DeliveryState
from segments import shop
from segments.clock import SystemClock
from segments.db import Database
from segments.models import Facts, Friend
from tests.databases import PostgresServer
from tests.fakes.simulator import SimulatorClient
from tests.processes import Installation, kill

PERSONAL = {"ja": [{"type": "text", "text": "{{ name }}様、秋の新茶が入りました。"}]}
ENOUGH_SECONDS = 600
PATIENCE_SECONDS = 60
"""How long a worker may take to start, or to find its database again."""


@dataclass(frozen=True)
class CrashCount:
    """What came of a crash run: duplicates and missing are friends, as the simulator counted."""

    kills: int
    """Of workers."""
    server_kills: int
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
    """Broadcasts to `friends` people through workers that are killed, on a server that is killed too."""

    def __init__(
        self,
        installation: Installation,
        line: SimulatorClient,
        *,
        friends: int,
        seed: int,
        server: PostgresServer | None = None,
    ) -> None:
        self._installation, self._line, self._server = installation, line, server
        self._database = installation.database
        self._chance = random.Random(seed)
        self._friends = friends
        self._clock = SystemClock()
        self._pause = Event()
        self._broadcasts: list[int] = []
        self._worker: Popen[bytes] | None = None

    def run(self, kills: int, server_kills: int = 0) -> CrashCount:
        """Play it to its end; kills of the server, which need one, fall between those of workers by chance."""
        engine.migrate(self._database)
        ids = self._line.add_friends(self._friends)
        _add_friends(self._database, ids, self._clock)
        self._start()
        try:
            self._play(kills, server_kills)
        finally:
            if self._worker is not None:
                self._kill_worker()
        return self._count(ids, kills, server_kills)

    def _play(self, kills: int, server_kills: int) -> None:
        targets = [self._kill_worker] * kills + [self._kill_server] * server_kills
        self._chance.shuffle(targets)
        for target in targets:
            if self._is_over():
                self._start()
            self._wait_for_some_sends()
            self._pause.wait(self._chance.uniform(0, 0.4))
            target()
        self._wait_until_over()

    def _start(self) -> None:
        now, queue = self._clock.now(), DbosQueue(self._database)
        with self._database.begin() as session:
            shop.save(session, _without_quiet_hours(shop.load(session)), now)
            draft = Draft(name="crash", content=PERSONAL, condition={"is": "everyone"})
            broadcast = drafts.create(session, draft, now=now, by="test")
            broadcasts.schedule(session, queue, broadcast.id, None, now)
            self._broadcasts.append(broadcast.id)
        queue.close()

    def _kill_worker(self) -> None:
        assert self._worker is not None
        kill(self._worker)
        self._worker = None

    def _kill_server(self) -> None:
        """Kill the database under the worker's feet; nobody starts the worker again."""
        assert self._server is not None, "only a server can be killed"
        self._server.crash()
        self._alive()

    def _alive(self) -> "Popen[bytes]":
        """Return the worker, started if the last one was killed."""
        if self._worker is None:
            self._worker = self._installation.start("worker")
        assert self._worker.poll() is None, "the worker ended by itself; its log says why"
        return self._worker

    def _wait_for_some_sends(self) -> None:
        """Wait until this worker has sent something more, so that the kill falls into the middle of a send."""
        before = self._sent()
        for _ in range(PATIENCE_SECONDS * 10):
            self._alive()
            if self._sent() > before or self._is_over():
                return
            self._pause.wait(0.1)

    def _sent(self) -> int:
        return int(self._line.counts(friends=False)["delivered"])

    def _is_over(self) -> bool:
        with self._database.begin() as session:
            return broadcast_progress.progress(session, self._broadcasts[-1]).state is BroadcastState.DONE

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
            broadcasts=due,
            friends=len(ids),
            duplicates=sum(got[id_] > due for id_ in ids),
            missing=sum(got[id_] < due for id_ in ids),
            uncertain=sum(each.get(DeliveryState.UNCERTAIN, 0) for each in states),
        )


def _without_quiet_hours(settings: shop.Shop) -> shop.Shop:
    return replace(settings, quiet_from=time(0), quiet_until=time(0))


def _add_friends(database: Database, line_user_ids: list[str], clock: SystemClock) -> None:
    now = clock.now()
    with database.begin() as session:
        session.execute(
            insert(Friend),
            [
                {
                    "line_user_id": id_,
                    "display_name": f"友だち{number}",
                    "language": "ja",
                    "kana": "",
                    "fields": {},
                    "created_at": now,
                    "followed_at": now,
                    "follow_state_at": now,
                }
                for number, id_ in enumerate(line_user_ids)
            ],
        )
        ids = session.scalars(select(Friend.id)).all()
        session.execute(insert(Facts), [{"friend_id": id_, "stage_since": now} for id_ in ids])
